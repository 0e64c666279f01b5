// SPDX-License-Identifier: Apache-2.0
// Cues of a WebRTC connection: messages of its data channel, on the clock of RTP timestamps.

import type { Message } from '../rtc/messages';
import { type Cue, keyOf, parseCue, type PlacedCue } from './cue';
import { RtpTime } from './rtp_time';

// From a message to the picture that was sent with it, where nothing tells it.
const USUAL_DELAY_MS = 120;
// So long pictures may be without a timestamp before it is given up.
const PATIENCE_MS = 1500;
const MAX_WAITING = 64;

interface Heard {
    cue: Cue;
    rtp_time: number | null;
    at_ms: number;
    wall_ms: number;
}

export class ChannelCues {
    private readonly time = new RtpTime();
    private waiting: Heard[] = [];
    private since_ms: number | null = null;
    private has_timestamps = false;
    private shown_ms = 0;

    constructor(private readonly onCue: (placed: PlacedCue) => void) {}

    // `now_ms` goes on steadily.
    hear(message: Message, now_ms: number): void {
        const cue = message.type === 'cue' ? parseCue(message) : null;
        if (cue === null) {
            return;
        }
        const rtp_time = typeof message.rtp_time === 'number' ? message.rtp_time : null;
        this.waiting.push({ cue, rtp_time, at_ms: now_ms, wall_ms: Date.now() });
        this.waiting.splice(0, this.waiting.length - MAX_WAITING);
    }

    // `timestamp` of the frame that is on the screen; null: not told. The clock of the cues.
    clock_ms(timestamp: number | null, now_ms: number): number {
        this.since_ms ??= now_ms;
        if (timestamp !== null) {
            this.has_timestamps = true;
            this.shown_ms = this.time.shown(timestamp);
            this.waiting.forEach((heard) => this.place(heard, this.shown_ms));
            this.waiting = [];
        } else if (!this.has_timestamps && now_ms - this.since_ms > PATIENCE_MS) {
            this.shown_ms = now_ms;
            this.waiting.forEach((heard) => this.place(heard, heard.at_ms + USUAL_DELAY_MS));
            this.waiting = [];
        }
        return this.shown_ms;
    }

    private place({ cue, rtp_time, wall_ms }: Heard, now_ms: number): void {
        const known_ms = this.has_timestamps && rtp_time !== null ? this.time.of(rtp_time) : null;
        const begin_ms = known_ms ?? now_ms + Math.max(0, (cue.wall_ms ?? wall_ms) - wall_ms);
        const end_ms = cue.duration_ms === null ? null : begin_ms + cue.duration_ms;
        const placed = { cue, key: keyOf(cue), until_ms: end_ms };
        if (cue.ended) {
            this.onCue({ ...placed, from_ms: Math.min(end_ms ?? now_ms, now_ms) });
        } else {
            this.onCue({ ...placed, from_ms: cue.revision > 1 ? Math.max(begin_ms, now_ms) : begin_ms });
        }
    }
}
