// SPDX-License-Identifier: Apache-2.0
// One viewer on one recording: plays at once, and comes back after a broken network.

import { Backoff } from '../backoff';
import type { PlacedCue } from '../cues/cue';
import type { FailureKind } from '../player/player';
import { playsByMse, type Range, RecordedMedia } from '../vod/media';
import { fetchRecordedCues, fetchRecording, type Recording, type RecordingKind } from '../vod/recording';

export type ReplayPhase = 'loading' | 'playing' | 'paused' | 'buffering' | 'gesture' | 'ended'
    | 'gone' | 'forbidden' | 'network' | 'media' | 'making' | 'failed';

const POLL_RUNNING_MS = 5000;
const POLL_MAKING_MS = 1000;

export class ReplayPlayer {
    info: Recording | null = null;
    private media: RecordedMedia | null = null;
    private trouble: ReplayPhase | null = null;
    private needs_gesture = false;
    private shown = false;
    private wanted_rate = 1;
    private readonly backoff = new Backoff(1000, 10_000);
    private readonly poll_backoff = new Backoff(1000, 10_000);

    constructor(
        readonly kind: RecordingKind,
        readonly id: string,
        // The page's own query, with what the server wants for the media.
        private readonly query: string,
        readonly video: HTMLVideoElement,
        private readonly onChange: () => void,
        private readonly onCue: (placed: PlacedCue) => void = () => undefined,
    ) {
        for (const event of ['playing', 'pause', 'waiting', 'ended', 'seeking', 'seeked',
            'timeupdate', 'progress', 'durationchange', 'ratechange']) {
            video.addEventListener(event, onChange);
        }
        video.addEventListener('loadeddata', () => {
            this.shown = true;
            this.trouble = null;
            video.playbackRate = this.wanted_rate;
            this.backoff.reset();
            this.play();
        });
    }

    // The media is asked for before anything is known of it: its address follows from the id.
    start(start_s: number | null): void {
        this.open(start_s);
        if (!playsByMse()) {
            void this.readCues();
        }
        void this.poll();
    }

    // --- what there is ---

    get phase(): ReplayPhase {
        const { video } = this;
        if (this.trouble !== null) {
            return this.trouble;
        }
        if (!this.shown) {
            return 'loading';
        }
        if (video.ended) {
            return 'ended';
        }
        if (this.needs_gesture) {
            return 'gesture';
        }
        if (video.paused) {
            return 'paused';
        }
        return video.readyState < 3 ? 'buffering' : 'playing';
    }

    range(): Range {
        const known_s = (this.info?.duration_ms ?? 0) / 1000;
        return this.media?.range() ?? { start_s: 0, end_s: known_s };
    }

    // The clock of its cues: when a picture was taken, or recording time where cues.json tells them.
    cueClock_ms(media_s: number): number | null {
        return playsByMse() ? this.media?.wallOf(media_s) ?? null : media_s * 1000;
    }

    private async readCues(): Promise<void> {
        try {
            (await fetchRecordedCues(this.kind, this.id, this.query)).forEach(this.onCue);
        } catch {
            // The picture is what matters.
        }
    }

    get isRunning(): boolean {
        return this.info?.state === 'running' && this.kind === 'replay';
    }

    // --- what the viewer does ---

    togglePause(): void {
        if (this.video.paused) {
            this.play(true);
        } else {
            this.video.pause();
        }
    }

    seek(position_s: number): void {
        const { start_s, end_s } = this.range();
        this.video.currentTime = Math.min(Math.max(position_s, start_s), Math.max(start_s, end_s - 0.05));
        this.onChange();
    }

    setRate(rate: number): void {
        this.wanted_rate = rate;
        this.video.playbackRate = rate;
    }

    unmute(): void {
        this.video.muted = false;
        if (this.video.volume === 0) {
            this.video.volume = 1;
        }
        this.play(true);
    }

    private play(asked = false): void {
        this.video.play().then(
            () => { this.needs_gesture = false; },
            (error: unknown) => {
                if (!(error instanceof DOMException) || error.name !== 'NotAllowedError') {
                    return;
                }
                if (!asked && !this.video.muted) {
                    // Browsers let only silent pictures start by themselves.
                    this.video.muted = true;
                    this.play();
                } else {
                    this.needs_gesture = true;
                }
            },
        ).finally(this.onChange);
    }

    // --- media ---

    private open(start_s: number | null): void {
        this.media?.destroy();
        this.media = new RecordedMedia({
            video: this.video,
            url: `/${this.kind}/${encodeURIComponent(this.id)}/index.m3u8${this.query}`,
            start_s,
            onFailed: (kind, detail) => this.onFailed(kind, detail),
            onPlaylist: this.onChange,
            onCue: this.onCue,
        });
    }

    private close(): void {
        this.media?.destroy();
        this.media = null;
        this.shown = false;
    }

    private onFailed(kind: FailureKind, detail: string): void {
        console.warn(`recording: ${kind} (${detail})`);
        const at_s = this.video.currentTime;
        this.close();
        if (this.info?.state === 'failed' || (this.kind === 'clip' && this.info?.state === 'running')) {
            this.trouble = this.info.state === 'failed' ? 'failed' : 'making';
        } else if (kind === 'not_found') {
            this.trouble = 'gone';
        } else if (kind === 'forbidden') {
            this.trouble = 'forbidden';
        } else if (kind === 'network') {
            this.trouble = 'network';
            window.setTimeout(() => this.trouble === 'network' && this.open(at_s), this.backoff.next());
        } else {
            this.trouble = 'media';
        }
        this.onChange();
    }

    // --- facts ---

    private async poll(): Promise<void> {
        let wait_ms = this.poll_backoff.next();
        try {
            const info = await fetchRecording(this.kind, this.id, this.query);
            this.poll_backoff.reset();
            const was_making = this.trouble === 'making';
            this.info = info ?? this.info;
            if (info?.state === 'failed') {
                this.close();
                this.trouble = 'failed';
            } else if (was_making && info?.state === 'ready') {
                this.trouble = null;
                this.open(0);
            } else if (info !== null && info.state === 'running' && this.trouble === 'gone') {
                this.trouble = this.kind === 'clip' ? 'making' : 'gone';
            }
            this.onChange();
            if (info === null || info.state !== 'running') {
                return;
            }
            wait_ms = this.kind === 'clip' ? POLL_MAKING_MS : POLL_RUNNING_MS;
        } catch {
            // The player says when the server cannot be reached.
        }
        window.setTimeout(() => void this.poll(), wait_ms);
    }
}
