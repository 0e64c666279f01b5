// SPDX-License-Identifier: Apache-2.0
// The administrator's part of the server's API. The token goes in a header, never in an address.

import { get, instant, isObject, count, type Json, objects, text } from '../json';
import { channelPath } from '../url';
import { parseRecording, type Recording } from '../vod/recording';

export type Precision = 'frame' | 'keyframe';
export type ExportState = 'none' | 'waiting' | 'running' | 'done' | 'failed';

export interface Export {
    state: ExportState;
    progress: number;
    url: string;
    error: string;
}

export interface Replay extends Recording {
    bytes: number;
    export: Export;
}

export interface Clip extends Recording {
    progress: number;
    error: string;
    precision: Precision;
    source: string;
    from_ms: number;
    to_ms: number;
    bytes: number;
    created_ms: number | null;
}

export interface LiveChannel {
    channel: string;
    viewers: number;
    fps: number;
    since_ms: number | null;
    recording: { state: string; id: string | null; trouble: string };
}

export interface Page<T> {
    items: T[];
    cursor: string | null;
}

export interface Frame {
    at_ms: number;
    keyframe: boolean;
}

export interface ClipWish {
    from: number;
    to: number;
    title: string;
    precision: Precision;
}

// What the server answered instead. status 0: nothing at all.
export class ApiError extends Error {
    constructor(readonly status: number, readonly code: string, message: string,
        readonly retry_s: number | null = null) {
        super(message);
    }
}

const percent = (value: unknown): number => Math.min(100, Math.max(0, count(value)));

const EXPORT_STATES: readonly ExportState[] = ['none', 'waiting', 'running', 'done', 'failed'];

export function parseReplay(value: unknown): Replay {
    const json: Json = isObject(value) ? value : {};
    const job: Json = isObject(json.export) ? json.export : {};
    return {
        ...parseRecording(json, 'replay'),
        bytes: count(json.bytes),
        export: {
            state: EXPORT_STATES.find((state) => state === job.state) ?? 'none',
            progress: percent(job.progress),
            url: text(job.url),
            error: text(job.error),
        },
    };
}

export function parseClip(value: unknown): Clip {
    const json: Json = isObject(value) ? value : {};
    return {
        ...parseRecording(json, 'clip'),
        progress: percent(json.progress),
        error: text(json.error),
        precision: json.precision === 'keyframe' ? 'keyframe' : 'frame',
        source: text(json.source),
        from_ms: count(json.from_ms),
        to_ms: count(json.to_ms),
        bytes: count(json.bytes),
        created_ms: instant(json.created_at),
    };
}

export function parseLive(value: Json): LiveChannel {
    const recording = isObject(value.recording) ? value.recording : {};
    return {
        channel: text(value.channel),
        viewers: count(value.viewers),
        fps: isObject(value.video) ? count(value.video.fps) : 0,
        since_ms: instant(value.since),
        recording: {
            state: text(recording.state) || 'off',
            id: text(recording.id) || null,
            trouble: text(recording.trouble),
        },
    };
}

export async function errorOf(response: Response): Promise<ApiError> {
    const retry_s = Number(response.headers.get('retry-after') ?? NaN);
    let code = '';
    let message = '';
    try {
        const json: unknown = await response.json();
        const error = isObject(json) && isObject(json.error) ? json.error : {};
        code = text(error.code);
        message = text(error.message);
    } catch {
        // Something between here and the server answered.
    }
    return new ApiError(response.status, code, message, Number.isFinite(retry_s) ? retry_s : null);
}

export class AdminApi {
    constructor(readonly token: string) {}

    get headers(): Record<string, string> {
        return this.token === '' ? {} : { authorization: `Bearer ${this.token}` };
    }

    async ask(method: string, path: string, body?: unknown): Promise<unknown> {
        let response: Response;
        try {
            response = await get(`/api/v1/${path}`, {
                method,
                headers: body === undefined ? this.headers
                    : { ...this.headers, 'content-type': 'application/json' },
                body: body === undefined ? undefined : JSON.stringify(body),
            });
        } catch (error) {
            throw new ApiError(0, 'unreachable', String(error));
        }
        if (!response.ok) {
            throw await errorOf(response);
        }
        return response.status === 204 ? null : response.json().catch(() => null);
    }

    private async list<T>(name: string, query: Record<string, string>, read: (item: Json) => T):
        Promise<Page<T>> {
        const json = await this.ask('GET', `${name}?${new URLSearchParams(query).toString()}`);
        const page: Json = isObject(json) ? json : {};
        return { items: objects(page[name]).map(read), cursor: text(page.cursor) || null };
    }

    replays(limit: number, cursor: string | null, channel = ''): Promise<Page<Replay>> {
        return this.list('replays', { limit: String(limit), ...(cursor ? { cursor } : {}),
            ...(channel ? { channel } : {}) }, parseReplay);
    }

    clips(limit: number, cursor: string | null): Promise<Page<Clip>> {
        return this.list('clips', { limit: String(limit), ...(cursor ? { cursor } : {}) }, parseClip);
    }

    channels(): Promise<Page<LiveChannel>> {
        return this.list('channels', { limit: '1000' }, (json) => json)
            .then(({ items, cursor }) => ({
                items: items.filter((json) => json.state === 'live').map(parseLive), cursor }));
    }

    async replay(id: string): Promise<Replay> {
        return parseReplay(await this.ask('GET', `replays/${encodeURIComponent(id)}`));
    }

    async frames(id: string, at_ms: number): Promise<Frame[]> {
        const json = await this.ask('GET',
            `replays/${encodeURIComponent(id)}/frames?at_ms=${Math.max(0, Math.round(at_ms))}`);
        return objects(isObject(json) ? json.frames : null)
            .map((frame) => ({ at_ms: count(frame.at_ms), keyframe: frame.keyframe === true }));
    }

    async cut(id: string, wish: ClipWish): Promise<Clip> {
        return parseClip(await this.ask('POST', `replays/${encodeURIComponent(id)}/clips`, wish));
    }

    async export(id: string): Promise<void> {
        await this.ask('POST', `replays/${encodeURIComponent(id)}/export`);
    }

    async record(channel: string, record: boolean): Promise<void> {
        await this.ask('POST', `channels/${channelPath(channel)}/record`, { record });
    }

    async remove(kind: 'replay' | 'clip', id: string): Promise<void> {
        await this.ask('DELETE', `${kind}s/${encodeURIComponent(id)}`);
    }
}
