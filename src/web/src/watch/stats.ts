// SPDX-License-Identifier: Apache-2.0
// The viewer's experience in numbers.

// Stalls, seen from outside: the clock of a playing video stands still. The events of the
// element are no help, each browser sends "waiting" and "stalled" for reasons of its own.
export class StallMeter {
    stalls = 0;
    private finished_ms = 0;
    private position = -1;
    private moved_ms = 0;
    private stalled = false;
    private expected = false;

    constructor(private readonly patience_ms = 250) {}

    get isStalled(): boolean {
        return this.stalled;
    }

    total_ms(now_ms: number): number {
        return Math.round(this.finished_ms + (this.stalled ? now_ms - this.moved_ms : 0));
    }

    // `active` is false while nobody expects the picture to move: before the first frame,
    // when paused, during a seek. Returns true in the moment a stall begins.
    feed(now_ms: number, position: number, active: boolean): boolean {
        const resumed = active && !this.expected;
        this.expected = active;
        if (!active || resumed || position !== this.position) {
            this.finish(now_ms);
            this.position = position;
            this.moved_ms = now_ms;
            return false;
        }
        if (!this.stalled && now_ms - this.moved_ms > this.patience_ms) {
            this.stalled = true;
            this.stalls++;
            return true;
        }
        return false;
    }

    private finish(now_ms: number): void {
        if (this.stalled) {
            this.finished_ms += now_ms - this.moved_ms;
            this.stalled = false;
        }
    }
}

// A counter that the browser restarts with every new source, made to run through.
export class RunningCount {
    private before = 0;
    private last = 0;

    feed(value: number): number {
        if (value < this.last) {
            this.before += this.last;
        }
        this.last = value;
        return this.before + value;
    }
}

// What window.branchcast.stats() answers.
export interface Stats {
    player: string | null;
    state: string;
    latency_s: number | null;
    buffer_s: number;
    stalls: number;
    stall_ms: number;
    decoded_frames: number;
    dropped_frames: number;
    width: number;
    height: number;
    bitrate_kbps: number | null;
    codecs: string;
    current_time: number;
    muted: boolean;
    rebuilds: number;
    // Only with WebRTC:
    transport: string;
    rtt_ms: number | null;
    loss_percent: number | null;
    freezes: number | null;
    freeze_ms: number | null;
    first_frame_ms: number | null;
    // The code of why another player is not in use.
    reason: string | null;
}
