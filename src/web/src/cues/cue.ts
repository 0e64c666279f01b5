// SPDX-License-Identifier: Apache-2.0
// A cue as the server tells it, by whatever way it came.

import { count, instant, isObject, type Json, text } from '../json';
import { channelPath, passedQuery } from '../url';

export type CueKind = 'product' | 'coupon' | 'draw' | 'text' | 'custom';

export interface Cue {
    id: string;
    kind: CueKind;
    revision: number;
    // Nothing of it is to be seen any more.
    ended: boolean;
    // When its first picture was taken, and the same on the server's media clock; null: not told.
    wall_ms: number | null;
    at_ms: number | null;
    // null: until it is ended.
    duration_ms: number | null;
    data: Json;
}

// A revision of a cue on the clock of the player that plays it.
export interface PlacedCue {
    cue: Cue;
    // One that comes again with the same key takes the place of what was told before.
    key: string;
    from_ms: number;
    until_ms: number | null;
}

const KINDS: readonly CueKind[] = ['product', 'coupon', 'draw', 'text', 'custom'];
const CARDS: readonly CueKind[] = ['product', 'coupon', 'draw'];
const MAX_ID = 40;

export const kindOf = (value: unknown): CueKind => KINDS.find((kind) => kind === value) ?? 'custom';

const positive = (value: unknown): number | null => (count(value) > 0 ? count(value) : null);

function dataOf(value: unknown): Json {
    if (typeof value !== 'string') {
        return isObject(value) && !Array.isArray(value) ? value : {};
    }
    try {
        const json: unknown = JSON.parse(value);
        return typeof json === 'string' ? {} : dataOf(json);
    } catch {
        return {};
    }
}

// null: it is none.
export function parseCue(value: unknown): Cue | null {
    const json: Json = isObject(value) ? value : {};
    const id = text(json.id);
    if (!new RegExp(`^[A-Za-z0-9_-]{1,${MAX_ID}}$`).test(id)) {
        return null;
    }
    return {
        id,
        kind: kindOf(json.kind),
        revision: Math.max(1, count(json.revision)),
        ended: json.ended === true,
        wall_ms: instant(json.at),
        at_ms: typeof json.at_ms === 'number' ? count(json.at_ms) : null,
        duration_ms: positive(json.duration_ms),
        data: dataOf(json.data),
    };
}

export const keyOf = ({ id, revision, ended }: Cue): string => `${id}.${revision}${ended ? '.end' : ''}`;

// Where the server draws it from the same template that the composer burns in; null: nowhere.
export function cardUrl(channel: string, { id, kind, revision }: Cue, search: string): string | null {
    if (!CARDS.includes(kind)) {
        return null;
    }
    const query = passedQuery(search).replace('?', '&');
    return `/${channelPath(channel)}/cues/${id}.svg?rev=${revision}${query}`;
}

// Only what opens a page; what a cue says comes from outside.
export function linkOf({ data }: Cue): string | null {
    const url = text(data.url);
    if (!/^https?:\/\//i.test(url)) {
        return null;
    }
    try {
        return new URL(url).href;
    } catch {
        return null;
    }
}

// A picture of its own, for where the server's card cannot be had.
export function pictureOf({ data }: Cue): string | null {
    const picture = text(data.picture);
    if (/^data:image\/(png|jpeg|webp);base64,/.test(picture)) {
        return picture;
    }
    return /^[A-Za-z0-9_-]{1,128}$/.test(picture) ? `/pictures/${picture}` : null;
}
