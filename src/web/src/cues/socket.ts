// SPDX-License-Identifier: Apache-2.0
// Cues beside the media, for players that show none of it: server-sent events.

import { count, instant, isObject } from '../json';
import { parseCue, keyOf, type PlacedCue } from './cue';

export interface SocketOptions {
    url: string;
    onCue(placed: PlacedCue): void;
}

function parse(data: unknown): unknown {
    try {
        return JSON.parse(String(data));
    } catch {
        return null;
    }
}

// On the clock of the server's wall. The browser connects anew by itself.
export class CueSocket {
    private readonly source: EventSource;
    private skew_ms = 0;

    constructor({ url, onCue }: SocketOptions) {
        this.source = new EventSource(url);
        this.source.addEventListener('clock', (event) => {
            const json = parse((event as MessageEvent).data);
            const wall = isObject(json) ? json.wall : null;
            const wall_ms = instant(wall) ?? (count(wall) > 0 ? count(wall) : null);
            this.skew_ms = wall_ms === null ? this.skew_ms : wall_ms - Date.now();
        });
        this.source.addEventListener('cue', (event) => {
            const placed = placeOnWall(parse((event as MessageEvent).data), this.now());
            if (placed !== null) {
                onCue(placed);
            }
        });
    }

    // The server's wall clock.
    now(): number {
        return Date.now() + this.skew_ms;
    }

    close(): void {
        this.source.close();
    }
}

// A change counts from when it was told, the rest from the cue's own time.
export function placeOnWall(json: unknown, now_ms: number): PlacedCue | null {
    const cue = parseCue(json);
    if (cue === null) {
        return null;
    }
    const begin_ms = cue.wall_ms ?? now_ms;
    const until_ms = cue.duration_ms === null ? null : begin_ms + cue.duration_ms;
    const from_ms = cue.ended ? Math.min(until_ms ?? begin_ms, now_ms)
        : cue.revision > 1 ? Math.max(begin_ms, Math.min(now_ms, until_ms ?? now_ms)) : begin_ms;
    return { cue, key: keyOf(cue), from_ms, until_ms };
}
