// SPDX-License-Identifier: Apache-2.0
// Is the line good enough for what the host sends? From the sender's statistics.

export interface Outbound {
    at_ms: number;
    bytes: number;
    frames: number;
    fps: number | null;
    width: number;
    height: number;
    limited_by: string;         // none, bandwidth, cpu
    lost_percent: number | null;
    rtt_ms: number | null;
    codec: string;
    transport: string;
}

export type Health = 'good' | 'weak' | 'cpu';

type Entry = Record<string, unknown> & { type: string; id: string };

const number = (value: unknown): number => (typeof value === 'number' ? value : 0);
const text = (value: unknown): string => (typeof value === 'string' ? value : '');

export function readOutbound(report: Iterable<[string, unknown]>, at_ms: number): Outbound {
    const entries = new Map([...report] as [string, Entry][]);
    // Pairs that were left for a better one stay nominated. Firefox has no transport.
    const chosen = [...entries.values()].find((e) => e.type === 'transport')?.selectedCandidatePairId;
    const result: Outbound = { at_ms, bytes: 0, frames: 0, fps: null, width: 0, height: 0,
        limited_by: 'none', lost_percent: null, rtt_ms: null, codec: '', transport: '' };
    for (const entry of entries.values()) {
        if (entry.type === 'outbound-rtp') {
            result.bytes += number(entry.bytesSent);
            // With several layers the largest counts.
            if (entry.kind === 'video' && number(entry.frameHeight) >= result.height) {
                result.frames = number(entry.framesEncoded);
                result.fps = typeof entry.framesPerSecond === 'number' ? entry.framesPerSecond : null;
                result.width = number(entry.frameWidth);
                result.height = number(entry.frameHeight);
                result.limited_by = text(entry.qualityLimitationReason) || 'none';
                result.codec = text(entries.get(text(entry.codecId))?.mimeType);
            }
        } else if (entry.type === 'remote-inbound-rtp' && entry.kind === 'video') {
            if (typeof entry.fractionLost === 'number') {
                result.lost_percent = Math.max(result.lost_percent ?? 0, entry.fractionLost * 100);
            }
        } else if (entry.type === 'candidate-pair'
            && (chosen ? entry.id === chosen : entry.nominated === true)
            && typeof entry.currentRoundTripTime === 'number') {
            result.rtt_ms = Math.round(entry.currentRoundTripTime * 1000);
            result.transport = text(entries.get(text(entry.localCandidateId))?.protocol);
        }
    }
    return result;
}

const WEAK_LOSS = 5;
const WEAK_RTT_MS = 600;
// A short dip is not worth a word, and a word should not flicker.
const ENTER_MS = 3000;
const LEAVE_MS = 4000;
// The browser first has to find out how much fits.
const WARM_UP_MS = 8000;

// Turns what each look suggests into a state that stays for a while.
export class HealthJudge {
    private state: Health = 'good';
    private other_since_ms: number | null = null;
    private other: Health = 'good';
    private readonly started_ms: number;

    constructor(started_ms: number) {
        this.started_ms = started_ms;
    }

    feed(now: Outbound, kbps: number | null, wanted_kbps: number): Health {
        if (now.at_ms - this.started_ms < WARM_UP_MS) {
            return this.state;
        }
        const momentary = momentaryHealth(now, kbps, wanted_kbps);
        if (momentary === this.state) {
            this.other_since_ms = null;
            return this.state;
        }
        if (this.other_since_ms === null || momentary !== this.other) {
            this.other_since_ms = now.at_ms;
            this.other = momentary;
        }
        if (now.at_ms - this.other_since_ms >= (momentary === 'good' ? LEAVE_MS : ENTER_MS)) {
            this.state = momentary;
            this.other_since_ms = null;
        }
        return this.state;
    }
}

export function momentaryHealth(now: Outbound, kbps: number | null, wanted_kbps: number): Health {
    if ((now.lost_percent ?? 0) > WEAK_LOSS || (now.rtt_ms ?? 0) > WEAK_RTT_MS) {
        return 'weak';
    }
    // A quiet picture needs few bits; only one that was held back counts.
    if (now.limited_by === 'bandwidth' && (kbps ?? wanted_kbps) < wanted_kbps * 0.7) {
        return 'weak';
    }
    return now.limited_by === 'cpu' ? 'cpu' : 'good';
}
