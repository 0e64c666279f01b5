// SPDX-License-Identifier: Apache-2.0
// Which part of a recording the timeline shows, and where on it a moment is.

export interface View {
    from_ms: number;
    to_ms: number;
}

const MIN_SPAN_MS = 2000;
const TICK_STEPS_MS = [100, 200, 500, 1000, 2000, 5000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000,
    600_000, 900_000, 1_800_000, 3_600_000, 7_200_000, 14_400_000];

export function clampView({ from_ms, to_ms }: View, length_ms: number): View {
    const whole = Math.max(length_ms, MIN_SPAN_MS);
    const span = Math.min(Math.max(to_ms - from_ms, MIN_SPAN_MS), whole);
    const from = Math.min(Math.max(0, from_ms), whole - span);
    return { from_ms: from, to_ms: from + span };
}

export function wholeView(length_ms: number): View {
    return clampView({ from_ms: 0, to_ms: length_ms }, length_ms);
}

// factor < 1 looks closer; the moment stays where it is.
export function zoomAt(view: View, at_ms: number, factor: number, length_ms: number): View {
    const whole = Math.max(length_ms, MIN_SPAN_MS);
    const old = view.to_ms - view.from_ms;
    const span = Math.min(Math.max(old * factor, MIN_SPAN_MS), whole);
    const share = old > 0 ? (at_ms - view.from_ms) / old : 0.5;
    const from = at_ms - span * share;
    return clampView({ from_ms: from, to_ms: from + span }, length_ms);
}

export function panBy(view: View, by_ms: number, length_ms: number): View {
    return clampView({ from_ms: view.from_ms + by_ms, to_ms: view.to_ms + by_ms }, length_ms);
}

// A view that has the moment in it: the same one if it has, else one page on or back.
export function follow(view: View, at_ms: number, length_ms: number): View {
    if (at_ms >= view.from_ms && at_ms <= view.to_ms) {
        return view;
    }
    const span = view.to_ms - view.from_ms;
    const from = at_ms - span * (at_ms > view.to_ms ? 0.1 : 0.9);
    return clampView({ from_ms: from, to_ms: from + span }, length_ms);
}

// Around a stretch, with some room on both sides.
export function viewOf(from_ms: number, to_ms: number, length_ms: number): View {
    const room = Math.max((to_ms - from_ms) * 0.15, 500);
    return clampView({ from_ms: from_ms - room, to_ms: to_ms + room }, length_ms);
}

export function xOf(view: View, width: number, at_ms: number): number {
    const span = view.to_ms - view.from_ms;
    return span > 0 ? ((at_ms - view.from_ms) / span) * width : 0;
}

export function atX(view: View, width: number, x: number): number {
    return width > 0 ? view.from_ms + (x / width) * (view.to_ms - view.from_ms) : view.from_ms;
}

// Moments for the ruler, with at least `room` pixels for each.
export function ticks(view: View, width: number, room: number): number[] {
    const span = view.to_ms - view.from_ms;
    const wanted = width > 0 ? (span * room) / width : span;
    const last = TICK_STEPS_MS[TICK_STEPS_MS.length - 1] ?? wanted;
    const step = TICK_STEPS_MS.find((each) => each >= wanted)
        ?? Math.ceil(wanted / last) * last;
    const list: number[] = [];
    for (let at = Math.ceil(view.from_ms / step) * step; at <= view.to_ms; at += step) {
        list.push(at);
    }
    return list;
}

// Where pictures of a film stand: on a grid of the recording, so that they move with it.
export function filmSlots(view: View, width: number, slot: number): { x: number; at_ms: number }[] {
    const span = view.to_ms - view.from_ms;
    if (width <= 0 || slot <= 0 || span <= 0) {
        return [];
    }
    const step = (span / width) * slot;
    const list: { x: number; at_ms: number }[] = [];
    for (let n = Math.floor(view.from_ms / step); n * step < view.to_ms; n++) {
        list.push({ x: xOf(view, width, n * step), at_ms: Math.max(0, (n + 0.5) * step) });
    }
    return list;
}
