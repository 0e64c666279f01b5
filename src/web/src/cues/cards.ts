// SPDX-License-Identifier: Apache-2.0
// Decides which cards are over the picture, and what time they have left.

import { count, instant } from '../json';
import { duration } from '../ui/format';
import type { Cue } from './cue';
import type { Shown } from './timeline';

// More would hide the picture; the newest are the ones that are talked about.
const MAX_CARDS = 3;
const MAX_TEXTS = 2;

export type Cards = ReadonlyMap<string, Shown>;

export interface Changes {
    now: Cards;
    entered: Shown[];
    changed: Shown[];
    left: string[];
}

// What is for scripts only has no card, nor what a composite has in its picture.
export function visibleOf(shown: readonly Shown[]): Shown[] {
    const texts = shown.filter(({ cue }) => cue.kind === 'text').slice(-MAX_TEXTS);
    const cards = shown.filter(({ cue }) => cue.kind !== 'text' && cue.kind !== 'custom'
        && cue.data.burnt !== true).slice(-MAX_CARDS);
    return [...texts, ...cards];
}

export function changesOf(before: Cards, shown: readonly Shown[]): Changes {
    const now = new Map(visibleOf(shown).map((one) => [one.cue.id, one]));
    const entered: Shown[] = [];
    const changed: Shown[] = [];
    const left = [...before.keys()].filter((id) => !now.has(id));
    for (const one of now.values()) {
        const old = before.get(one.cue.id);
        if (old === undefined) {
            entered.push(one);
        } else if (old.cue.kind !== one.cue.kind) {
            left.push(one.cue.id);
            entered.push(one);
        } else if (old.cue.revision !== one.cue.revision
            || JSON.stringify(old.cue.data) !== JSON.stringify(one.cue.data)) {
            changed.push(one);
        }
    }
    return { now, entered, changed, left };
}

// The card itself says how long it is valid; that it runs out is news only near the end.
const NEAR_END_MS = 3_600_000;

// '0:29' until a draw, or a coupon's last moment; null: nothing runs out.
export function countdownOf({ kind, data }: Cue, begun_ms: number, now_ms: number,
    wall_ms: number): string | null {
    const until_ms = instant(data.until);
    const left_ms = kind === 'draw' && count(data.ends_in_ms) > 0
        ? begun_ms + count(data.ends_in_ms) - now_ms
        : kind === 'coupon' && until_ms !== null && until_ms - wall_ms < NEAR_END_MS
            ? until_ms - wall_ms : null;
    return left_ms === null ? null : duration(Math.ceil(Math.max(0, left_ms) / 1000));
}
