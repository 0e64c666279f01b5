// SPDX-License-Identifier: Apache-2.0
// When each frame of a recording is shown: asked of the server around the place in use, guessed
// by the frame rate where it does not tell.

import type { Frame } from '../api';

export interface Place {
    at_ms: number;
    // The first moment at which another frame is shown.
    next_ms: number;
    keyframe: boolean;
}

// Frames that follow each other without a hole.
type Run = Frame[];

const RETRY_MS = 10_000;
// A picture that stands for longer is no frame but a gap.
const MAX_FRAME_MS = 2000;
const DEFAULT_FPS = 25;
// Clocks with a thousandth of a millisecond must not miss the frame that they name.
const SLACK_MS = 0.5;

function firstAfter(run: Run, at_ms: number): number {
    let low = 0;
    let high = run.length;
    while (low < high) {
        const middle = (low + high) >> 1;
        if ((run[middle]?.at_ms ?? 0) <= at_ms) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

function merge(a: Run, b: Run): Run {
    const known = new Map([...a, ...b].map((frame) => [frame.at_ms, frame]));
    return [...known.values()].sort((x, y) => x.at_ms - y.at_ms);
}

export class FrameTimes {
    private runs: Run[] = [];
    private failed_ms = -Infinity;
    private loading: Promise<void> | null = null;
    fps = DEFAULT_FPS;

    constructor(
        private readonly ask: (at_ms: number) => Promise<Frame[]>,
        private readonly now = (): number => performance.now(),
    ) {}

    add(frames: Frame[]): void {
        let run = [...frames].sort((a, b) => a.at_ms - b.at_ms);
        const first = run[0];
        const last = run[run.length - 1];
        if (first === undefined || last === undefined || run.length < 2) {
            return;
        }
        const touching = this.runs.filter((other) => (other[0]?.at_ms ?? 0) <= last.at_ms
            && (other[other.length - 1]?.at_ms ?? 0) >= first.at_ms);
        touching.forEach((other) => { run = merge(other, run); });
        this.runs = [...this.runs.filter((other) => !touching.includes(other)), run];
    }

    // The server's answer for a moment; null: not known.
    private known(at_ms: number): { run: Run; index: number } | null {
        for (const run of this.runs) {
            const index = firstAfter(run, at_ms + SLACK_MS) - 1;
            const frame = run[index];
            if (frame !== undefined && (index + 1 < run.length || at_ms - frame.at_ms < 1500 / this.fps)) {
                return { run, index };
            }
        }
        return null;
    }

    private placeAt(run: Run, index: number): Place {
        const at_ms = run[index]?.at_ms ?? 0;
        const next = run[index + 1]?.at_ms;
        const length = next === undefined ? Infinity : next - at_ms;
        return { at_ms, next_ms: at_ms + (length < MAX_FRAME_MS ? length : 1000 / this.fps),
            keyframe: run[index]?.keyframe ?? false };
    }

    // The frame shown at a moment, as far as is known now.
    at(at_ms: number): Place {
        const found = this.known(at_ms);
        if (found !== null) {
            return this.placeAt(found.run, found.index);
        }
        const each_ms = 1000 / this.fps;
        const n = Math.max(0, Math.floor((at_ms + SLACK_MS) / each_ms));
        return { at_ms: n * each_ms, next_ms: (n + 1) * each_ms, keyframe: false };
    }

    // `count` frames on (or back, when negative) from a moment.
    step(at_ms: number, count: number): Place {
        const found = this.known(at_ms);
        const target = found === null ? undefined : found.run[found.index + count];
        if (found !== null && target !== undefined) {
            return this.placeAt(found.run, found.index + count);
        }
        const here = this.at(at_ms);
        return this.at(Math.max(0, here.at_ms + count * (1000 / this.fps) + SLACK_MS));
    }

    // Makes sure that the frames around are known, if the server can tell.
    async load(at_ms: number): Promise<void> {
        const found = this.known(at_ms);
        const inside = found !== null && found.index + 3 < found.run.length
            && (found.index >= 3 || (found.run[0]?.at_ms ?? 0) < 100);
        if (inside || this.now() - this.failed_ms < RETRY_MS) {
            return;
        }
        this.loading ??= this.ask(at_ms).then((frames) => this.add(frames),
            () => { this.failed_ms = this.now(); }).finally(() => { this.loading = null; });
        await this.loading;
    }
}
