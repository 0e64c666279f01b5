// SPDX-License-Identifier: Apache-2.0
// From the element's time to that of an FLV connection. mpegts.js begins near 0 and closes gaps,
// so each stretch that it appends says where it came from.

interface Stretch {
    media_ms: number;
    flv_ms: number;
}

const MAX_KEPT = 600;
// Rounding of mpegts.js; a gap that it closed is more.
const SAME_MS = 3;

export class FlvTime {
    private stretches: Stretch[] = [];
    // Up to where the connection has come, nearly; null: nothing is known.
    newest_ms: number | null = null;

    // What is at `media_ms` in the element had the time `flv_ms` in the connection.
    add(media_ms: number, flv_ms: number): void {
        this.newest_ms = flv_ms;
        const last = this.stretches[this.stretches.length - 1];
        if (last !== undefined && Math.abs(flv_ms - media_ms - (last.flv_ms - last.media_ms)) <= SAME_MS) {
            return;
        }
        this.stretches.push({ media_ms, flv_ms });
        if (this.stretches.length > MAX_KEPT) {
            this.stretches.shift();
        }
    }

    // null: nothing is known.
    of(media_ms: number): number | null {
        const later = this.stretches.findIndex((stretch) => stretch.media_ms > media_ms + SAME_MS);
        const found = this.stretches[later < 0 ? this.stretches.length - 1 : Math.max(0, later - 1)];
        return found === undefined ? null : found.flv_ms + (media_ms - found.media_ms);
    }
}

// What mpegts.js has inside; the version is pinned, and nothing breaks without it.
interface Inside {
    _player_engine?: { _transmuxer?: {
        on?(event: string, listener: (type: string, segment: Segment) => void): void;
        _controller?: { _remuxer?: { getTimestampBase?(): number | undefined } };
    } };
}

interface Segment {
    info?: { beginDts?: number; originalBeginDts?: number };
}

// Called after load(). False: this mpegts.js does not tell, so that time must be estimated.
export function listenToSegments(engine: unknown, time: FlvTime): boolean {
    const transmuxer = (engine as Inside)._player_engine?._transmuxer;
    if (typeof transmuxer?.on !== 'function') {
        return false;
    }
    transmuxer.on('media_segment', (type, { info }) => {
        const base_ms = transmuxer._controller?._remuxer?.getTimestampBase?.();
        if (type === 'video' && typeof base_ms === 'number' && typeof info?.beginDts === 'number'
            && typeof info.originalBeginDts === 'number') {
            time.add(info.beginDts, base_ms + info.originalBeginDts);
        }
    });
    return true;
}
