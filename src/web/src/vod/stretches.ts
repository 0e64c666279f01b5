// SPDX-License-Identifier: Apache-2.0
// From places in a playlist to the clock on the wall (EXT-X-PROGRAM-DATE-TIME).

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
