// SPDX-License-Identifier: Apache-2.0
// The stretch that becomes a clip: from the first frame shown to the first frame not shown any more.

export interface Stretch {
    in_ms: number | null;
    // null: the end.
    out_ms: number | null;
}

export const NOTHING: Stretch = { in_ms: null, out_ms: null };

// An end that would come before its beginning is given up: whoever sets one means that one.
export function setIn(range: Stretch, at_ms: number): Stretch {
    const in_ms = Math.max(0, at_ms);
    return { in_ms, out_ms: range.out_ms !== null && range.out_ms <= in_ms ? null : range.out_ms };
}

export function setOut(range: Stretch, at_ms: number): Stretch {
    const out_ms = Math.max(0, at_ms);
    return { in_ms: range.in_ms !== null && range.in_ms >= out_ms ? null : range.in_ms, out_ms };
}

// The last seconds before the end.
export function lastSeconds(seconds: number, end_ms: number): Stretch {
    return { in_ms: Math.max(0, end_ms - seconds * 1000), out_ms: end_ms };
}

export function boundsOf({ in_ms, out_ms }: Stretch, end_ms: number): { from_ms: number; to_ms: number } {
    const to_ms = Math.min(out_ms ?? end_ms, end_ms);
    return { from_ms: Math.min(in_ms ?? 0, to_ms), to_ms };
}

export function isChosen({ in_ms, out_ms }: Stretch): boolean {
    return in_ms !== null || out_ms !== null;
}

// Where the preview goes on from a place; null: just on.
export function loopTarget({ from_ms, to_ms }: { from_ms: number; to_ms: number }, at_ms: number,
    ended: boolean): number | null {
    const outside = at_ms >= to_ms - 1 || at_ms < from_ms - 500;
    return (outside || ended) && to_ms > from_ms ? from_ms : null;
}
