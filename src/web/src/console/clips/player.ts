// SPDX-License-Identifier: Apache-2.0
// The source on the screen: which frame is shown, steps by frames, plays a stretch in a loop.
// Positions are recording time; the playlist of a recording begins at its first sample, so they
// are the element's own, too.

import type { FailureKind } from '../../player/player';
import { RecordedMedia } from '../../vod/media';
import { FrameTimes } from './frames';
import { loopTarget } from './range';

type CountingVideo = HTMLVideoElement & {
    requestVideoFrameCallback?: (done: (now: number, data: { mediaTime: number }) => void) => number;
};

const MAX_SPEED = 4;

export class ClipPlayer {
    readonly frames: FrameTimes;
    looping = false;
    private media: RecordedMedia | null;
    // What the browser told of the frame on the screen; null: not since the last seek.
    private shown_ms: number | null = null;
    // Where a seek leads that has not arrived.
    private target_ms: number | null = null;
    private waiting_ms: number | null = null;
    private bounds = { from_ms: 0, to_ms: 0 };
    private alive = true;

    constructor(
        readonly video: CountingVideo,
        url: string,
        headers: Record<string, string>,
        start_ms: number,
        frames: FrameTimes,
        private readonly onChange: () => void,
        onFailed: (kind: FailureKind) => void,
    ) {
        this.frames = frames;
        this.media = new RecordedMedia({ video, url, headers, start_s: start_ms / 1000,
            onFailed: (kind) => this.alive && onFailed(kind), onPlaylist: onChange });
        video.addEventListener('seeked', this.onSeeked);
        for (const event of ['timeupdate', 'play', 'pause', 'ended', 'progress', 'ratechange']) {
            video.addEventListener(event, onChange);
        }
        this.watchFrames();
    }

    // --- where we are ---

    private watchFrames(): void {
        this.video.requestVideoFrameCallback?.((_now, { mediaTime }) => {
            if (!this.alive) {
                return;
            }
            if (!this.video.seeking) {
                this.shown_ms = mediaTime * 1000;
                this.keepLooping();
                this.onChange();
            }
            this.watchFrames();
        });
    }

    // Recording time of the frame that is shown, or that a seek leads to.
    get position_ms(): number {
        return this.target_ms ?? this.shown_ms ?? this.video.currentTime * 1000;
    }

    // To where it is recorded and can be played.
    get end_ms(): number {
        return (this.media?.range()?.end_s ?? 0) * 1000;
    }

    get isPlaying(): boolean {
        return !this.video.paused && !this.video.ended;
    }

    // --- going elsewhere ---

    private readonly onSeeked = (): void => {
        const next_ms = this.waiting_ms;
        this.waiting_ms = null;
        if (next_ms !== null) {
            this.seekElement(next_ms);
        } else if (!this.isPlaying) {
            this.onChange();
        } else {
            this.target_ms = null;
        }
    };

    private seekElement(at_ms: number): void {
        if (this.video.seeking) {
            // Keys repeat faster than pictures decode; only the last one counts.
            this.waiting_ms = at_ms;
            return;
        }
        this.shown_ms = null;
        this.video.currentTime = Math.max(0, at_ms) / 1000;
    }

    // Near enough for scrubbing.
    seek(at_ms: number): void {
        const clamped = Math.min(Math.max(0, at_ms), Math.max(0, this.end_ms - 1));
        this.target_ms = clamped;
        this.seekElement(clamped);
        this.onChange();
    }

    // To the middle of the frame, so that rounding anywhere shows no other one.
    async seekFrame(at_ms: number): Promise<void> {
        const clamped = Math.min(Math.max(0, at_ms), Math.max(0, this.end_ms - 1));
        this.target_ms = clamped;
        await this.frames.load(clamped);
        const { at_ms: start_ms, next_ms } = this.frames.at(clamped);
        this.target_ms = start_ms;
        this.seekElement((start_ms + next_ms) / 2);
        this.onChange();
    }

    async step(count: number): Promise<void> {
        this.pause();
        const from_ms = this.position_ms;
        await this.frames.load(from_ms);
        const { at_ms } = this.frames.step(from_ms, count);
        if (at_ms < this.end_ms) {
            await this.seekFrame(at_ms);
        }
    }

    // The frame on the screen, with the first moment of the one after it.
    async current(): Promise<{ at_ms: number; next_ms: number }> {
        const at_ms = this.position_ms;
        await this.frames.load(at_ms);
        return this.frames.at(at_ms);
    }

    // --- playing ---

    play(): void {
        this.target_ms = null;
        this.video.play().catch(() => undefined);
    }

    pause(): void {
        this.video.playbackRate = 1;
        this.video.pause();
    }

    toggle(): void {
        if (this.isPlaying) {
            this.pause();
        } else {
            this.play();
        }
    }

    faster(): void {
        const { video } = this;
        video.playbackRate = video.paused ? 1 : Math.min(MAX_SPEED, video.playbackRate * 2);
        this.play();
    }

    setBounds(bounds: { from_ms: number; to_ms: number }): void {
        this.bounds = bounds;
    }

    setLooping(on: boolean): void {
        this.looping = on;
        if (on) {
            void this.seekFrame(this.bounds.from_ms).then(() => this.play());
        } else {
            this.pause();
        }
    }

    keepLooping(): void {
        const { video } = this;
        if (!this.looping || video.seeking || (video.paused && !video.ended)) {
            return;
        }
        const target_ms = loopTarget(this.bounds, video.currentTime * 1000, video.ended);
        if (target_ms !== null) {
            video.currentTime = this.frames.at(target_ms).at_ms / 1000 + 0.005;
            this.play();
        }
    }

    destroy(): void {
        this.alive = false;
        this.pause();
        this.video.removeEventListener('seeked', this.onSeeked);
        for (const event of ['timeupdate', 'play', 'pause', 'ended', 'progress', 'ratechange']) {
            this.video.removeEventListener(event, this.onChange);
        }
        this.media?.destroy();
        this.media = null;
    }
}
