// SPDX-License-Identifier: Apache-2.0
// A replay or a clip, as everybody may know it.

import { parseCue, type PlacedCue } from '../cues/cue';
import { count, get, instant, isObject, type Json, objects, text } from '../json';

export type RecordingKind = 'replay' | 'clip';
export type RecordingState = 'running' | 'ready' | 'failed';

// A stretch in which nothing came. Recording time stands still in it, the clock on the wall
// does not.
export interface Gap {
    at_ms: number;
    duration_ms: number;
}

export interface Recording {
    id: string;
    kind: RecordingKind;
    channel: string;
    title: string;
    state: RecordingState;
    started_ms: number | null;
    ended_ms: number | null;
    duration_ms: number;
    // In lists only their number is told.
    gap_count: number;
    gaps: Gap[];
    hls_url: string;
    // '': the server offers no file.
    mp4_url: string;
    poster_url: string;
    thumbnails_url: string;
    watch_url: string;
}

// Only what is on this server may become a link or a source.
export function localPath(value: unknown): string {
    const path = text(value);
    return /^\/(?!\/)/.test(path) ? path : '';
}

export function parseRecording(value: unknown, kind: RecordingKind): Recording {
    const json: Json = isObject(value) ? value : {};
    const { state } = json;
    const gaps = objects(json.gaps).map((gap) => ({
        at_ms: count(gap.at_ms),
        duration_ms: Math.max(0, count(gap.duration_ms)),
    })).sort((a, b) => a.at_ms - b.at_ms);
    return {
        id: text(json.id),
        kind,
        channel: text(json.channel),
        title: text(json.title),
        state: state === 'running' || state === 'failed' ? state : 'ready',
        started_ms: instant(json.started_at),
        ended_ms: instant(json.ended_at),
        duration_ms: Math.max(0, count(json.duration_ms)),
        gap_count: Math.max(gaps.length, count(json.gap_count)),
        gaps,
        hls_url: localPath(json.hls_url),
        mp4_url: localPath(json.mp4_url),
        poster_url: localPath(json.poster_url),
        thumbnails_url: localPath(json.thumbnails_url),
        watch_url: localPath(json.watch_url),
    };
}

// null: there is none (any more). Throws when there is no answer.
// Its cues on the clock of the recording, for players that read no playlist.
export async function fetchRecordedCues(kind: RecordingKind, id: string, search = ''): Promise<PlacedCue[]> {
    const response = await get(`/${kind}/${encodeURIComponent(id)}/cues.json${search}`);
    const json: unknown = response.ok ? await response.json() : null;
    return objects(isObject(json) ? json.cues : null).flatMap((one) => {
        const cue = parseCue(one);
        return cue === null ? [] : [{ cue, key: `${cue.id}.${cue.revision}.${count(one.from_ms)}`,
            from_ms: count(one.from_ms), until_ms: typeof one.to_ms === 'number' ? one.to_ms : null }];
    });
}

export async function fetchRecording(kind: RecordingKind, id: string, search = ''):
    Promise<Recording | null> {
    const path = `/api/v1/public/${kind}s/${encodeURIComponent(id)}${search}`;
    const response = await get(path);
    if (response.status === 404) {
        return null;
    }
    if (!response.ok) {
        throw new Error(`${path}: ${response.status}`);
    }
    return parseRecording(await response.json(), kind);
}
