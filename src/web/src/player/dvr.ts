// SPDX-License-Identifier: Apache-2.0
// Back in time: the window that is recorded behind a live, by HLS.

import { codecName } from '../codecs';
import type { ShownFrame } from '../cues/frames';
import { RecordedMedia } from '../vod/media';
import { RateMeter } from './meter';
import { bufferedAhead, type DvrWindow, type LivePlayer, type PlayerOptions } from './player';

export class TimeShift implements LivePlayer {
    readonly name = 'dvr';
    private readonly video: HTMLVideoElement;
    private readonly media: RecordedMedia;
    private readonly meter = new RateMeter();
    private alive = true;

    constructor(options: PlayerOptions) {
        const { video, events } = options;
        this.video = video;
        this.media = new RecordedMedia({
            video,
            url: options.url,
            start_behind_s: options.behind_s,
            onFailed: (kind, detail) => this.alive && events.onFailed(kind, detail),
            onCue: (placed) => this.alive && events.onCue(placed),
            onBytes: (bytes) => this.meter.add(performance.now(), bytes),
        });
        this.onEnded = () => this.alive && events.onEnded();
        video.addEventListener('ended', this.onEnded);
    }

    private readonly onEnded: () => void;

    window(): DvrWindow | null {
        const range = this.media.range();
        if (range === null) {
            return null;
        }
        const behind_s = Math.max(0, range.end_s - this.video.currentTime);
        return {
            length_s: range.end_s - range.start_s,
            behind_s,
            buffered_s: Math.max(0, behind_s - bufferedAhead(this.video)),
            wallOf: (at_s) => this.media.wallOf(range.end_s - at_s),
        };
    }

    seekBehind(behind_s: number): void {
        this.video.currentTime = this.media.behindEnd(behind_s);
    }

    latency(): number | null {
        return this.window()?.behind_s ?? null;
    }

    bitrate_kbps(): number | null {
        return this.meter.kbps(performance.now());
    }

    codecs(): string {
        return this.media.codecs().map(codecName).join(' · ');
    }

    line(): null {
        return null;
    }

    position(): number {
        return this.video.currentTime;
    }

    cueClock_ms({ media_s }: ShownFrame): number | null {
        return this.media.wallOf(media_s);
    }

    qualities(): readonly number[] {
        return [];
    }

    // Going back to live is another player's start, which the session does.
    jumpToLive(): void {}

    onStall(): void {}

    tick(): void {}

    destroy(): void {
        this.alive = false;
        this.video.removeEventListener('ended', this.onEnded);
        this.media.destroy();
    }
}
