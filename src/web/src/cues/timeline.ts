// SPDX-License-Identifier: Apache-2.0
// The cues of one player on its clock: which are to be seen with a picture.

import type { Cue, PlacedCue } from './cue';

const MAX_KEPT = 512;

interface Entry extends PlacedCue {
    order: number;
}

export interface Shown {
    cue: Cue;
    // When its first revision began.
    begun_ms: number;
}

const isOver = (entry: Entry, now_ms: number): boolean =>
    entry.cue.ended || (entry.until_ms !== null && entry.until_ms <= now_ms);

export class CueTimeline {
    private entries: Entry[] = [];
    private next_order = 0;

    // True: this is news.
    put(placed: PlacedCue): boolean {
        const known = this.entries.find(({ key }) => key === placed.key);
        if (known !== undefined && this.endedAfter(known)) {
            // It comes back: the channel shows the program again that it belongs to.
            this.entries.splice(this.entries.indexOf(known), 1);
        } else if (known !== undefined) {
            const same = known.from_ms === placed.from_ms && known.until_ms === placed.until_ms;
            Object.assign(known, placed);
            return !same;
        }
        this.entries.push({ ...placed, order: this.next_order++ });
        if (this.entries.length > MAX_KEPT) {
            this.entries.shift();
        }
        return true;
    }

    private endedAfter({ cue, order }: Entry): boolean {
        return !cue.ended && this.entries.some((entry) => entry.cue.id === cue.id
            && entry.cue.ended && entry.order > order);
    }

    clear(): void {
        this.entries = [];
    }

    // Of each cue the last revision that has begun, unless it is over, by their beginnings.
    at(now_ms: number): Shown[] {
        const latest = new Map<string, Entry>();
        const begun = new Map<string, number>();
        for (const entry of this.entries) {
            const { id } = entry.cue;
            begun.set(id, Math.min(begun.get(id) ?? Infinity, entry.from_ms));
            const other = latest.get(id);
            if (entry.from_ms <= now_ms && (other === undefined || other.order < entry.order)) {
                latest.set(id, entry);
            }
        }
        return [...latest.values()].filter((entry) => !isOver(entry, now_ms))
            .map(({ cue }) => ({ cue, begun_ms: begun.get(cue.id) ?? now_ms }))
            .sort((a, b) => a.begun_ms - b.begun_ms || (a.cue.id < b.cue.id ? -1 : 1));
    }
}
