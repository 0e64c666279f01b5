// SPDX-License-Identifier: Apache-2.0
// What the page of cues knows of a channel, and how it asks for changes.

import { type Cue, type CueKind, kindOf, parseCue } from '../../cues/cue';
import { isObject, type Json, objects, text } from '../../json';
import { channelPath } from '../../url';
import { type AdminApi, ApiError, errorOf } from '../api';

// A cue that is ready to be fired.
export interface Prepared {
    id: string;
    kind: CueKind;
    data: Json;
}

export interface RunningCue extends Cue {
    // Whose it is.
    channel: string;
}

// What a branch makes of headquarters' cues for a product.
export interface Rule {
    sku: string;
    hidden: boolean;
    price: string;
    // The rest of the rule, which this page does not show.
    other: Json;
}

export interface ChannelChoice {
    channel: string;
    live: boolean;
}

const word = (value: unknown): string => (typeof value === 'number' ? String(value) : text(value));

export function parsePrepared(value: Json): Prepared {
    return { id: text(value.id), kind: kindOf(value.kind), data: isObject(value.data) ? value.data : {} };
}

export function parseRunning(value: Json): RunningCue | null {
    const cue = parseCue(value);
    return cue === null ? null : { ...cue, channel: text(value.channel) };
}

export function parseRule(value: Json): Rule {
    const { sku, hidden, data, ...other } = value;
    const { price, ...rest } = isObject(data) ? data : {} as Json;
    return { sku: text(sku), hidden: hidden === true, price: word(price),
        other: Object.keys(rest).length > 0 ? { ...other, data: rest } : other };
}

// null: such a rule does nothing.
export function ruleBody({ sku, hidden, price, other }: Rule): Json | null {
    const kept = isObject(other.data) ? other.data : {};
    const data = price === '' ? kept : { ...kept, price };
    if (sku === '' || (!hidden && Object.keys(data).length === 0)) {
        return null;
    }
    return { ...other, sku, ...(hidden ? { hidden } : {}),
        ...(Object.keys(data).length > 0 ? { data } : { data: undefined }) };
}

export function titleOf({ id, data }: { id: string; data: Json }): string {
    return word(data.title) || word(data.text) || word(data.prize) || word(data.sku) || id;
}

export function priceOf({ data }: { data: Json }): string {
    return word(data.price) || word(data.amount) || word(data.prize);
}

export interface TimeOf {
    state: 'soon' | 'running' | 'open';
    left_s: number;
}

// Until it begins, or until it is over.
export function timeOf({ wall_ms, duration_ms }: Cue, now_ms: number): TimeOf {
    const begin_ms = wall_ms ?? now_ms;
    if (begin_ms > now_ms + 500) {
        return { state: 'soon', left_s: Math.ceil((begin_ms - now_ms) / 1000) };
    }
    return duration_ms === null ? { state: 'open', left_s: 0 }
        : { state: 'running', left_s: Math.max(0, Math.ceil((begin_ms + duration_ms - now_ms) / 1000)) };
}

// A new one that no other has.
export function newId(list: readonly Prepared[], kind: CueKind): string {
    let n = list.length + 1;
    while (list.some(({ id }) => id === `${kind}-${n}`)) {
        n++;
    }
    return `${kind}-${n}`;
}

export class CuesApi {
    constructor(private readonly api: AdminApi) {}

    private at(channel: string, what: string): string {
        return `channels/${channelPath(channel)}/${what}`;
    }

    async channels(): Promise<ChannelChoice[]> {
        const json = await this.api.ask('GET', 'channels?limit=1000&all=true');
        return objects(isObject(json) ? json.channels : null)
            .map((row) => ({ channel: text(row.channel), live: text(row.state) === 'live' }))
            .filter(({ channel }) => channel !== '')
            .sort((a, b) => Number(b.live) - Number(a.live) || (a.channel < b.channel ? -1 : 1));
    }

    async running(channel: string): Promise<RunningCue[]> {
        const json = await this.api.ask('GET', this.at(channel, 'cues'));
        return objects(isObject(json) ? json.cues : null).map(parseRunning)
            .filter((cue): cue is RunningCue => cue !== null && !cue.ended);
    }

    async prepared(channel: string): Promise<Prepared[]> {
        const json = await this.api.ask('GET', this.at(channel, 'products'));
        return objects(isObject(json) ? json.products : null).map(parsePrepared);
    }

    setPrepared(channel: string, products: readonly Prepared[]): Promise<unknown> {
        return this.api.ask('PUT', this.at(channel, 'products'), { products });
    }

    async rules(channel: string): Promise<Rule[]> {
        const json = await this.api.ask('GET', this.at(channel, 'cue-rules'));
        return objects(isObject(json) ? json.rules : null).map(parseRule);
    }

    setRules(channel: string, rules: readonly Rule[]): Promise<unknown> {
        return this.api.ask('PUT', this.at(channel, 'cue-rules'),
            { rules: rules.map(ruleBody).filter((rule) => rule !== null) });
    }

    fire(channel: string, what: { product: string } | { kind: CueKind; data: Json },
        duration_ms: number): Promise<unknown> {
        return this.api.ask('POST', this.at(channel, 'cues'),
            { ...what, ...(duration_ms > 0 ? { duration_ms } : {}) });
    }

    change(channel: string, id: string, change: Json): Promise<unknown> {
        return this.api.ask('PATCH', this.at(channel, `cues/${id}`), change);
    }

    end(channel: string, id: string): Promise<unknown> {
        return this.api.ask('DELETE', this.at(channel, `cues/${id}`));
    }

    // The id of a picture that the server now has.
    async upload(file: Blob): Promise<string> {
        let response: Response;
        try {
            response = await fetch('/api/v1/pictures', { method: 'POST', body: file,
                headers: { ...this.api.headers, 'content-type': file.type || 'application/octet-stream' } });
        } catch (error) {
            throw new ApiError(0, 'unreachable', String(error));
        }
        if (!response.ok) {
            throw await errorOf(response);
        }
        const json: unknown = await response.json();
        return isObject(json) ? text(json.id) : '';
    }
}
