// SPDX-License-Identifier: Apache-2.0
// Recording time and the clock on the wall. Recording time leaves out the gaps.

import type { Gap } from './recording';

interface Timed {
    started_ms: number | null;
    gaps: readonly Gap[];
}

// null: the server has not told when it began.
export function wallOf({ started_ms, gaps }: Timed, at_ms: number): number | null {
    if (started_ms === null) {
        return null;
    }
    const missed_ms = gaps.filter((gap) => gap.at_ms <= at_ms)
        .reduce((sum, gap) => sum + gap.duration_ms, 0);
    return started_ms + at_ms + missed_ms;
}

// A moment in a gap is the gap's place.
export function timeOf({ started_ms, gaps }: Timed, wall_ms: number): number | null {
    if (started_ms === null) {
        return null;
    }
    let at_ms = wall_ms - started_ms;
    for (const gap of gaps) {
        if (at_ms <= gap.at_ms) {
            break;
        }
        at_ms = Math.max(gap.at_ms, at_ms - gap.duration_ms);
    }
    return at_ms;
}

const two = (value: number): string => String(value).padStart(2, '0');

// '14:03:07', in the viewer's time zone
export function clockText(wall_ms: number): string {
    const date = new Date(wall_ms);
    return [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':');
}

// '2026-11-22 14:03', which both languages read the same way
export function dateText(wall_ms: number): string {
    const date = new Date(wall_ms);
    return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} `
        + `${two(date.getHours())}:${two(date.getMinutes())}`;
}

// '0:04.120', '1:02:03.004': to the frame
export function exactText(at_ms: number): string {
    const whole = Math.max(0, Math.round(at_ms));
    const hours = Math.floor(whole / 3_600_000);
    const minutes = Math.floor(whole / 60_000) % 60;
    const tail = `${two(Math.floor(whole / 1000) % 60)}.${String(whole % 1000).padStart(3, '0')}`;
    return hours > 0 ? `${hours}:${two(minutes)}:${tail}` : `${minutes}:${tail}`;
}
