// SPDX-License-Identifier: Apache-2.0
// Cues of HLS: EXT-X-DATERANGE lines, on the clock of EXT-X-PROGRAM-DATE-TIME (docs/cues.md).

import { type Stretch, wallAt } from '../vod/stretches';
import { parseCue, type PlacedCue } from './cue';

// As hls.js has them; only what is used.
export interface DateRangeLike {
    id: string;
    startDate: Date;
    endDate: Date | null;
    attr: Record<string, unknown>;
}

interface FragmentLike {
    start: number;
    duration: number;
    programDateTime: number | null;
}

export interface DetailsLike {
    fragments: readonly FragmentLike[];
    fragmentHint?: FragmentLike;
    dateRanges: Record<string, DateRangeLike | undefined>;
}

const PLANNED = 'PLANNED-DURATION';

// Quotes and percent signs travel as %XX; a text that somebody else wrote stays as it is.
function unescaped(value: unknown): string {
    const text = typeof value === 'string' ? value : '';
    try {
        return decodeURIComponent(text);
    } catch {
        return text;
    }
}

// A revision of a cue is a range of its own. null: the range is something else.
export function placeRange({ id, startDate, endDate, attr }: DateRangeLike): PlacedCue | null {
    const from_ms = startDate.getTime();
    if (typeof attr['X-CUE'] !== 'string' || !Number.isFinite(from_ms)) {
        return null;
    }
    const planned_s = Number(attr[PLANNED]);
    const duration_ms = planned_s > 0 ? planned_s * 1000 : null;
    const cue = parseCue({
        id: unescaped(attr['X-CUE']),
        kind: unescaped(attr['X-KIND']),
        revision: Number(attr['X-REVISION']),
        at: startDate.toISOString(),
        duration_ms,
        data: unescaped(attr['X-DATA']),
    });
    if (cue === null) {
        return null;
    }
    const planned_end_ms = duration_ms === null ? null : from_ms + duration_ms;
    return { cue, key: id, from_ms, until_ms: endDate?.getTime() ?? planned_end_ms };
}

// Tells of each range once, and again when its end is known. Playlists come several a second.
export class RangeReader {
    private readonly told = new Map<string, number | null>();

    constructor(private readonly onCue: (placed: PlacedCue) => void) {}

    read({ dateRanges }: DetailsLike): void {
        for (const range of Object.values(dateRanges)) {
            const end_ms = range?.endDate?.getTime() ?? null;
            if (range === undefined || this.told.get(range.id) === end_ms) {
                continue;
            }
            this.told.set(range.id, end_ms);
            const placed = placeRange(range);
            if (placed !== null) {
                this.onCue(placed);
            }
        }
    }
}

// When the picture at a place of the element was taken; null: the playlist does not tell.
export function wallOfPlace(details: DetailsLike, media_s: number): number | null {
    const stretches: Stretch[] = [...details.fragments,
        ...(details.fragmentHint ? [details.fragmentHint] : [])]
        .flatMap((f) => (f.programDateTime === null ? [] : [{ start_s: f.start,
            duration_s: f.duration, wall_ms: f.programDateTime }]));
    return wallAt(stretches, media_s);
}
