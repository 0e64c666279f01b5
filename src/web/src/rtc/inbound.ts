// SPDX-License-Identifier: Apache-2.0
// What getStats() says of media that arrives, as far as the pages use it.

export interface Inbound {
    at_ms: number;
    bytes: number;
    received: number;
    lost: number;
    frames: number;
    fps: number | null;
    freezes: number;
    freeze_ms: number;
    waited_s: number;       // in the jitter buffer, over all frames or samples that left it
    emitted: number;
    rtt_ms: number | null;
    transport: string;      // udp, tcp
    codecs: string[];       // 'video/H264', 'audio/opus'
}

type Entry = Record<string, unknown> & { type: string; id: string };

const number = (value: unknown): number => (typeof value === 'number' ? value : 0);
const text = (value: unknown): string => (typeof value === 'string' ? value : '');

function addPath(result: Inbound, entries: Map<string, Entry>): void {
    const all = [...entries.values()];
    const chosen = all.find((e) => e.type === 'transport')?.selectedCandidatePairId;
    // Firefox has no transport, but marks the pair.
    const pair = entries.get(text(chosen))
        ?? all.find((e) => e.type === 'candidate-pair' && (e.selected === true
            || (e.nominated === true && e.state === 'succeeded')));
    if (pair === undefined) {
        return;
    }
    if (typeof pair.currentRoundTripTime === 'number') {
        result.rtt_ms = Math.round(pair.currentRoundTripTime * 1000);
    }
    result.transport = text(entries.get(text(pair.localCandidateId))?.protocol).toLowerCase();
}

export function readInbound(report: Iterable<[string, unknown]>, at_ms: number): Inbound {
    const entries = new Map([...report] as [string, Entry][]);
    const result: Inbound = { at_ms, bytes: 0, received: 0, lost: 0, frames: 0, fps: null, freezes: 0,
        freeze_ms: 0, waited_s: 0, emitted: 0, rtt_ms: null, transport: '', codecs: [] };
    for (const entry of entries.values()) {
        if (entry.type !== 'inbound-rtp') {
            continue;
        }
        result.bytes += number(entry.bytesReceived);
        result.received += number(entry.packetsReceived);
        result.lost += Math.max(0, number(entry.packetsLost));
        const mime = text(entries.get(text(entry.codecId))?.mimeType);
        if (mime !== '') {
            result.codecs.push(mime);
        }
        if (entry.kind === 'video') {
            result.frames = number(entry.framesDecoded);
            result.fps = typeof entry.framesPerSecond === 'number' ? entry.framesPerSecond : null;
            result.freezes = number(entry.freezeCount);
            result.freeze_ms = Math.round(number(entry.totalFreezesDuration) * 1000);
        }
        // The picture's delay when there is one: it is the longer of the two.
        if (entry.kind === 'video' || result.emitted === 0) {
            result.waited_s = number(entry.jitterBufferDelay);
            result.emitted = number(entry.jitterBufferEmittedCount);
        }
    }
    result.codecs.sort().reverse();
    addPath(result, entries);
    return result;
}

// Numbers of the last few seconds, out of counters that only grow.
export class Recent {
    private readonly samples: Inbound[] = [];

    constructor(private readonly window_ms = 5000) {}

    get last(): Inbound | null {
        return this.samples[this.samples.length - 1] ?? null;
    }

    add(sample: Inbound): void {
        this.samples.push(sample);
        while (this.samples.length > 2
            && (this.samples[0]?.at_ms ?? 0) < sample.at_ms - this.window_ms) {
            this.samples.shift();
        }
    }

    private delta(pick: (sample: Inbound) => number): number {
        const first = this.samples[0];
        return first && this.last ? pick(this.last) - pick(first) : 0;
    }

    kbps(): number | null {
        const span_ms = this.delta((s) => s.at_ms);
        return span_ms > 0 ? (this.delta((s) => s.bytes) * 8) / span_ms : null;
    }

    loss_percent(): number | null {
        const lost = Math.max(0, this.delta((s) => s.lost));
        const all = lost + this.delta((s) => s.received);
        return all > 0 ? (lost * 100) / all : null;
    }

    // From the server's send to the screen, as far as it can be known here.
    delay_s(): number | null {
        const emitted = this.delta((s) => s.emitted);
        const rtt_s = (this.last?.rtt_ms ?? 0) / 1000;
        return emitted > 0 ? this.delta((s) => s.waited_s) / emitted + rtt_s / 2 : null;
    }

    // Bytes came between the last two looks.
    isFlowing(): boolean {
        const before = this.samples[this.samples.length - 2];
        return before !== undefined && this.last !== null && this.last.bytes > before.bytes;
    }
}
