// SPDX-License-Identifier: Apache-2.0
// The public part of the server's API. Answers are read with care: a page that is
// older than its server must keep working.

import { count, get, getJson, isObject, text } from './json';
import { channelPath } from './url';

export type ChannelState = 'live' | 'waiting' | 'offline';

export interface Video {
    codec: string;
    width: number;
    height: number;
    fps: number;
}

export interface Audio {
    codec: string;
    sample_rate: number;
    channels: number;
}

// One of the sizes that the host sends.
export interface Quality {
    rendition: number;
    height: number;
}

export interface Advice {
    code: string;
    params: Record<string, string | number>;
    message: string;
}

export interface Channel {
    channel: string;
    state: ChannelState;
    viewers: number;
    since: string | null;
    video: Video | null;
    audio: Audio | null;
    qualities: Quality[];
    advice: Advice[];
    // How far back viewers may go; 0: not at all.
    dvr_ms: number;
    // The recording of the broadcast that runs, or ran last.
    replay: string | null;
}

export interface Info {
    name: string;
    version: string;
    rtmp_port: number;
    http_port: number;
    https_port: number;
}

function parseVideo(value: unknown): Video | null {
    if (!isObject(value)) {
        return null;
    }
    return {
        codec: text(value.codec),
        width: count(value.width),
        height: count(value.height),
        fps: count(value.fps),
    };
}

function parseAudio(value: unknown): Audio | null {
    if (!isObject(value)) {
        return null;
    }
    return {
        codec: text(value.codec),
        sample_rate: count(value.sample_rate),
        channels: count(value.channels),
    };
}

function parseQualities(value: unknown): Quality[] {
    return Array.isArray(value) ? value.filter(isObject).map((item) => ({
        rendition: count(item.rendition),
        height: count(item.height),
    })) : [];
}

function parseAdvice(value: unknown): Advice[] {
    if (!Array.isArray(value)) {
        return [];
    }
    return value.filter(isObject).map((item) => ({
        code: text(item.code),
        params: isObject(item.params) ? item.params as Advice['params'] : {},
        message: text(item.message),
    }));
}

export function parseChannel(value: unknown): Channel {
    const json = isObject(value) ? value : {};
    const state = json.state;
    const dvr = isObject(json.dvr) ? json.dvr : {};
    return {
        channel: text(json.channel),
        // A slate or another channel plays like a host.
        state: json.playable === true ? 'live' : state === 'live' || state === 'waiting' ? state : 'offline',
        viewers: count(json.viewers),
        since: text(json.since) || null,
        video: parseVideo(json.video),
        audio: parseAudio(json.audio),
        qualities: parseQualities(json.qualities),
        advice: parseAdvice(json.advice),
        dvr_ms: count(dvr.window_ms),
        replay: text(json.replay) || text(dvr.replay) || null,
    };
}

export async function fetchChannels(): Promise<Channel[]> {
    const json = await getJson('/api/v1/public/channels');
    const list = isObject(json) && Array.isArray(json.channels) ? json.channels : [];
    return list.map(parseChannel).filter((channel) => channel.channel.includes('/'));
}

// null: the server does not know the channel (yet). Throws when there is no answer.
export async function fetchChannel(channel: string): Promise<Channel | null> {
    const path = `/api/v1/public/channels/${channelPath(channel)}`;
    const response = await get(path);
    if (response.status === 404) {
        return null;
    }
    if (!response.ok) {
        throw new Error(`${path}: ${response.status}`);
    }
    return parseChannel(await response.json());
}

export async function fetchInfo(): Promise<Info> {
    const json = await getJson('/api/v1/public/info');
    const info = isObject(json) ? json : {};
    return {
        name: text(info.name) || 'Branchcast',
        version: text(info.version),
        rtmp_port: count(info.rtmp_port) || 1935,
        http_port: count(info.http_port),
        https_port: count(info.https_port),
    };
}
