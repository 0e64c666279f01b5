// SPDX-License-Identifier: Apache-2.0
// What the API says about channels, and what is asked of it.

import { count, instant, isObject, type Json, objects, text } from '../../json';
import { channelPath } from '../../url';
import type { AdminApi } from '../api';

export type SourceState = 'down' | 'standby' | 'on_air';

export interface Source {
    index: number;
    kind: string;
    name: string;
    state: SourceState;
    peer: string;
    error: string;
}

export interface Schedule {
    starts_ms: number | null;
    ends_ms: number | null;
    keys_ms: number | null;
    record: boolean | null;
    title: string;
    phase: string;
    configured: boolean;
}

export interface ChannelRow {
    channel: string;
    state: string;
    viewers: number;
    open: boolean;
    // Viewers are so far behind; 0: not held back.
    delay_s: number;
    manual: boolean;
    on_air: number;
    // Whose picture is shown; '': nothing.
    program: string;
    sources: Source[];
    schedule: Schedule | null;
}

export interface Push {
    id: string;
    channel: string;
    name: string;
    state: string;
    error: string;
    enabled: boolean;
}

export function parseSchedule(value: unknown): Schedule | null {
    if (!isObject(value)) {
        return null;
    }
    return {
        starts_ms: instant(value.starts_at),
        ends_ms: instant(value.ends_at),
        keys_ms: instant(value.keys_from),
        record: typeof value.record === 'boolean' ? value.record : null,
        title: text(value.title),
        phase: text(value.phase),
        configured: value.configured === true,
    };
}

function parseSource(value: Json): Source {
    const state = text(value.state);
    return {
        index: count(value.index),
        kind: text(value.kind),
        name: text(value.name),
        state: state === 'on_air' || state === 'standby' ? state : 'down',
        peer: text(value.peer),
        error: text(value.error),
    };
}

export function parseRow(value: Json): ChannelRow {
    const source: Json = isObject(value.source) ? value.source : {};
    return {
        channel: text(value.channel),
        state: text(value.state) || 'offline',
        viewers: count(value.viewers),
        open: value.open !== false,
        delay_s: count(value.delay_s),
        manual: source.mode === 'manual',
        on_air: typeof source.on_air === 'number' ? source.on_air : -1,
        program: text(source.program),
        sources: objects(source.list).map(parseSource),
        schedule: parseSchedule(value.schedule),
    };
}

export function parsePush(value: Json): Push {
    return {
        id: String(value.id ?? ''),
        channel: text(value.channel),
        name: text(value.name) || text(value.url),
        state: text(value.state),
        error: text(value.error),
        enabled: value.enabled !== false,
    };
}

// How a schedule travels: null where nothing is said.
export function scheduleBody(schedule: Omit<Schedule, 'phase' | 'configured'>): Json {
    const time = (at_ms: number | null): string | null =>
        (at_ms === null ? null : new Date(at_ms).toISOString());
    return {
        starts_at: time(schedule.starts_ms),
        ends_at: time(schedule.ends_ms),
        keys_from: time(schedule.keys_ms),
        record: schedule.record,
        title: schedule.title === '' ? null : schedule.title,
    };
}

// '2026-03-01T20:00' in the operator's own time, as inputs have it.
export function localInput(at_ms: number | null): string {
    if (at_ms === null) {
        return '';
    }
    const local = new Date(at_ms - new Date(at_ms).getTimezoneOffset() * 60_000);
    return local.toISOString().slice(0, 16);
}

export function fromLocalInput(value: string): number | null {
    const at_ms = value === '' ? NaN : new Date(value).getTime();
    return Number.isFinite(at_ms) ? at_ms : null;
}

export class ChannelsApi {
    constructor(private readonly api: AdminApi) {}

    async rows(): Promise<ChannelRow[]> {
        const rows: ChannelRow[] = [];
        let cursor = '';
        do {
            const query = new URLSearchParams({ limit: '1000', all: 'true',
                ...(cursor === '' ? {} : { cursor }) });
            const json = await this.api.ask('GET', `channels?${query.toString()}`);
            rows.push(...objects(isObject(json) ? json.channels : null).map(parseRow));
            cursor = isObject(json) ? text(json.cursor) : '';
        } while (cursor !== '');
        return rows;
    }

    async pushes(): Promise<Push[]> {
        const json = await this.api.ask('GET', 'relays');
        return objects(isObject(json) ? json.relays : null)
            .filter((relay) => (text(relay.direction) || text(relay.kind)) === 'push').map(parsePush);
    }

    private at(channel: string, what = ''): string {
        return `channels/${channelPath(channel)}${what}`;
    }

    choose(channel: string, index: number): Promise<unknown> {
        return this.api.ask('POST', this.at(channel, '/source'),
            index < 0 ? { mode: 'auto' } : { index });
    }

    setOpen(channel: string, open: boolean): Promise<unknown> {
        return this.api.ask('PATCH', this.at(channel), { open });
    }

    // Throws away what is held back.
    cut(channel: string): Promise<unknown> {
        return this.api.ask('POST', this.at(channel, '/cut'));
    }

    setSchedule(channel: string, body: Json): Promise<unknown> {
        return this.api.ask('PUT', this.at(channel, '/schedule'), body);
    }

    deleteSchedule(channel: string): Promise<unknown> {
        return this.api.ask('DELETE', this.at(channel, '/schedule'));
    }

    setPush(id: string, on: boolean): Promise<unknown> {
        return this.api.ask('POST', `relays/${encodeURIComponent(id)}/${on ? 'start' : 'stop'}`);
    }
}
