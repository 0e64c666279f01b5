// SPDX-License-Identifier: Apache-2.0
// What the server says about a channel besides its media: what is planned, what is over.

import { get, instant, isObject, text } from '../json';
import { channelPath } from '../url';

export type AboutState = 'lobby' | 'live' | 'waiting' | 'ended' | 'closed' | 'offline';

export interface About {
    state: AboutState;
    title: string;
    starts_ms: number | null;
    // The id of the newest replay, while nothing is live.
    replay: string | null;
    // How far the server's clock is ahead of this device's.
    ahead_ms: number;
}

const STATES: readonly AboutState[] = ['lobby', 'live', 'waiting', 'ended', 'closed', 'offline'];

export function parseAbout(value: unknown, now_ms: number): About {
    const json = isObject(value) ? value : {};
    const server_ms = instant(json.now);
    const replay = /^\/watch\/replay\/([\w-]{1,40})$/.exec(text(json.replay_url));
    return {
        state: STATES.find((state) => state === json.state) ?? 'offline',
        title: text(json.title),
        starts_ms: instant(json.starts_at),
        replay: replay?.[1] ?? null,
        ahead_ms: server_ms === null ? 0 : server_ms - now_ms,
    };
}

// How long until the server is asked again.
export function nextAsk_ms(about: About | null, now_ms: number, hidden: boolean): number {
    const slow = hidden ? 3 : 1;
    if (about?.state === 'lobby' && about.starts_ms !== null) {
        const left_ms = about.starts_ms - (now_ms + about.ahead_ms);
        return left_ms < 15_000 ? 1000 : 5000 * slow;
    }
    return (about?.state === 'ended' && about.replay === null ? 3000 : 8000) * slow;
}

export class AboutWatch {
    // null: not known yet, or the server knows no such channel.
    now: About | null = null;
    private timer = 0;
    private asking = false;

    constructor(private readonly channel: string, private readonly onChange: () => void) {
        document.addEventListener('visibilitychange', () => document.hidden || void this.ask());
    }

    start(): void {
        void this.ask();
    }

    async ask(): Promise<void> {
        if (this.asking) {
            return;
        }
        this.asking = true;
        window.clearTimeout(this.timer);
        try {
            const response = await get(`/${channelPath(this.channel)}/about.json`);
            if (response.ok) {
                this.now = parseAbout(await response.json(), Date.now());
            } else if (response.status === 404) {
                this.now = null;
            }
            this.onChange();
        } catch {
            // What was known goes on to hold.
        }
        this.asking = false;
        this.timer = window.setTimeout(() => void this.ask(),
            nextAsk_ms(this.now, Date.now(), document.hidden));
    }
}
