// SPDX-License-Identifier: Apache-2.0
// From places in a playlist to the clock on the wall and back (EXT-X-PROGRAM-DATE-TIME).

export interface Stretch {
    start_s: number;
    duration_s: number;
    wall_ms: number;
}

// null: the playlist does not tell.
export function wallAt(stretches: readonly Stretch[], position_s: number): number | null {
    const later = stretches.findIndex((stretch) => stretch.start_s > position_s);
    const found = stretches[later < 0 ? stretches.length - 1 : Math.max(0, later - 1)];
    return found === undefined ? null : found.wall_ms + (position_s - found.start_s) * 1000;
}

// A moment between two segments is the second one's start; one outside is the nearest end.
export function positionOfWall(stretches: readonly Stretch[], wall_ms: number): number | null {
    for (const { start_s, duration_s, wall_ms: from_ms } of stretches) {
        if (wall_ms < from_ms + duration_s * 1000) {
            return start_s + Math.max(0, (wall_ms - from_ms) / 1000);
        }
    }
    const last = stretches[stretches.length - 1];
    return last === undefined ? null : last.start_s + last.duration_s;
}
