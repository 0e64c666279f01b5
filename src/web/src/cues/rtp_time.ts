// SPDX-License-Identifier: Apache-2.0
// RTP timestamps as milliseconds that go on where 32 bits end.

const CLOCK_KHZ = 90;

export class RtpTime {
    private last: number | null = null;
    private ticks = 0;

    // What a frame on the screen has moves the clock on.
    shown(timestamp: number): number {
        this.ticks += this.last === null ? 0 : (timestamp - this.last) | 0;
        this.last = timestamp >>> 0;
        return this.ticks / CLOCK_KHZ;
    }

    // Another moment near it; null: no frame was shown so far.
    of(timestamp: number): number | null {
        return this.last === null ? null : (this.ticks + ((timestamp - this.last) | 0)) / CLOCK_KHZ;
    }
}
