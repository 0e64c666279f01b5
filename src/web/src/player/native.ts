// SPDX-License-Identifier: Apache-2.0
// HLS played by the browser itself: iPhones and web views without Media Source Extensions.

import type { ShownFrame } from '../cues/frames';
import { CueSocket } from '../cues/socket';
import { type FailureKind, type LivePlayer, type PlayerOptions, releaseVideo } from './player';

// Safari tells the wall clock of the first media second (from PROGRAM-DATE-TIME).
type SafariVideo = HTMLVideoElement & { getStartDate?: () => Date };

const EDGE_DISTANCE_S = 1;

export class NativeHls implements LivePlayer {
    readonly name = 'hls';
    private readonly video: SafariVideo;
    private readonly socket: CueSocket;
    private alive = true;

    constructor(private readonly options: PlayerOptions) {
        this.video = options.video;
        this.video.addEventListener('error', this.onError);
        this.video.addEventListener('ended', this.onEnded);
        this.video.src = options.url;
        this.video.load();
        // What the system's player reads in the playlist it keeps to itself.
        this.socket = new CueSocket({ url: options.cues_url,
            onCue: (placed) => this.alive && options.events.onCue(placed) });
    }

    private readonly onError = (): void => {
        const error = this.video.error;
        if (!this.alive || error === null) {
            return;
        }
        // A missing playlist and an unknown format are the same error 4 here; the page asks
        // the API which one it is, so the milder one is reported.
        const kind: FailureKind = error.code === MediaError.MEDIA_ERR_DECODE ? 'media' : 'network';
        this.options.events.onFailed(kind, error.message || `error ${error.code}`);
    };

    private readonly onEnded = (): void => {
        if (this.alive) {
            this.options.events.onEnded();
        }
    };

    private edge(): number | null {
        const { seekable } = this.video;
        return seekable.length > 0 ? seekable.end(seekable.length - 1) : null;
    }

    latency(): number | null {
        const start_ms = this.video.getStartDate?.().getTime() ?? NaN;
        if (Number.isFinite(start_ms)) {
            return Math.max(0, (Date.now() - start_ms) / 1000 - this.video.currentTime);
        }
        const edge = this.edge();
        return edge === null ? null : Math.max(0, edge - this.video.currentTime);
    }

    bitrate_kbps(): null {
        return null;
    }

    codecs(): string {
        return '';
    }

    line(): null {
        return null;
    }

    position(): number {
        return this.video.currentTime;
    }

    // The playlist's clock; where it is not told, what comes is shown at once.
    cueClock_ms({ media_s }: ShownFrame): number {
        const start_ms = this.video.getStartDate?.().getTime() ?? NaN;
        return Number.isFinite(start_ms) ? start_ms + media_s * 1000 : this.socket.now();
    }

    jumpToLive(): void {
        const edge = this.edge();
        if (edge !== null && edge - EDGE_DISTANCE_S > this.video.currentTime) {
            this.video.currentTime = edge - EDGE_DISTANCE_S;
        }
    }

    // The system's player keeps its own distance to live.
    onStall(): void {}

    tick(): void {}

    destroy(): void {
        this.alive = false;
        this.socket.close();
        this.video.removeEventListener('error', this.onError);
        this.video.removeEventListener('ended', this.onEnded);
        releaseVideo(this.video);
    }
}
