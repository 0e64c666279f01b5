// SPDX-License-Identifier: Apache-2.0
// What two fingers mean.

export interface Touch {
    x: number;
    y: number;
}

export interface Pinch {
    // The middle between the fingers, before and after.
    from_x: number;
    to_x: number;
    // How much more is in sight; less than one looks closer.
    factor: number;
}

// Fingers that stand one above the other would make any small move a big one.
const MIN_APART = 24;

export function pinchOf(before: [Touch, Touch], after: [Touch, Touch]): Pinch {
    const apart = ([a, b]: [Touch, Touch]): number => Math.max(MIN_APART, Math.abs(a.x - b.x));
    const middle = ([a, b]: [Touch, Touch]): number => (a.x + b.x) / 2;
    return { from_x: middle(before), to_x: middle(after), factor: apart(before) / apart(after) };
}
