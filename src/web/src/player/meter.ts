// SPDX-License-Identifier: Apache-2.0

// Bitrate over the last few seconds.
export class RateMeter {
    private readonly samples: { at_ms: number; bytes: number }[] = [];

    constructor(private readonly window_ms = 5000) {}

    add(now_ms: number, bytes: number): void {
        this.samples.push({ at_ms: now_ms, bytes });
        this.forget(now_ms);
    }

    kbps(now_ms: number): number | null {
        this.forget(now_ms);
        const first = this.samples[0];
        if (first === undefined || this.samples.length < 2) {
            return null;
        }
        // The first sample ends the unknown time before it, so it does not count.
        const bytes = this.samples.slice(1).reduce((sum, sample) => sum + sample.bytes, 0);
        const span_ms = (this.samples[this.samples.length - 1]?.at_ms ?? 0) - first.at_ms;
        return span_ms > 0 ? (bytes * 8) / span_ms : null;
    }

    private forget(now_ms: number): void {
        while (this.samples.length > 0 && (this.samples[0]?.at_ms ?? 0) < now_ms - this.window_ms) {
            this.samples.shift();
        }
    }
}
