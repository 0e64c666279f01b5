// SPDX-License-Identifier: Apache-2.0
// What the server says of the channel, asked again and again.

import { type Channel, fetchChannel } from '../api';
import { Backoff } from '../backoff';
import type { Situation } from './phase';

const POLL_LIVE_MS = 5000;
export const POLL_WAITING_MS = 1500;

export type ChannelNow = Situation['channel'];

export class ChannelWatch {
    state: ChannelNow = 'asking';
    info: Channel | null = null;
    seen_live = false;
    asked_ms = 0;

    private timer = 0;
    private readonly backoff = new Backoff(1500, 10_000);
    // A server that restarts is back within a second or two, and its host soon after.
    private readonly break_backoff = new Backoff(200, 2000, 2);

    // `onAnswer` hears of each answer, with what was known before it.
    constructor(
        private readonly channel: string,
        private readonly onAnswer: (before: ChannelNow, codec_before: string | undefined) => void,
    ) {}

    // Asks now, and goes on asking.
    async ask(): Promise<void> {
        window.clearTimeout(this.timer);
        this.asked_ms = performance.now();
        try {
            this.learn(await fetchChannel(this.channel));
        } catch {
            this.state = 'unreachable';
        }
        window.clearTimeout(this.timer);
        this.timer = window.setTimeout(() => void this.ask(), this.delay_ms());
    }

    private learn(info: Channel | null): void {
        const { state } = this;
        const codec = this.info?.video?.codec;
        this.state = info?.state ?? 'offline';
        this.info = info;
        this.seen_live ||= this.state === 'live';
        this.onAnswer(state, codec);
    }

    private delay_ms(): number {
        const slow = document.hidden ? 3 : 1;
        switch (this.state) {
        case 'live':
            this.backoff.reset();
            this.break_backoff.reset();
            return POLL_LIVE_MS * slow;
        case 'waiting':
            return Math.min(this.break_backoff.next(), POLL_WAITING_MS) * slow;
        case 'unreachable':
            return (this.seen_live ? this.break_backoff : this.backoff).next() * slow;
        default:
            return this.backoff.next() * slow;
        }
    }
}
