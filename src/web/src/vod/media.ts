// SPDX-License-Identifier: Apache-2.0
// Plays what was recorded: a whole replay, one that still grows, or the window behind a live.
// By hls.js, or by the browser itself where it has no Media Source Extensions (iPhones).

import Hls, { type ErrorData, type HlsConfig, type LevelDetails } from 'hls.js/light';
import type { PlacedCue } from '../cues/cue';
import { RangeReader } from '../cues/dateranges';
import { failureOf } from '../player/hls_failure';
import { type FailureKind, releaseVideo } from '../player/player';
import { type Stretch, wallAt } from './stretches';

export interface RecordedOptions {
    video: HTMLVideoElement;
    url: string;
    // Where to begin, in seconds of the element; null: at the start.
    start_s?: number | null;
    // So long before the end of what there is now; goes before start_s.
    start_behind_s?: number | null;
    headers?: Record<string, string>;
    onFailed(kind: FailureKind, detail: string): void;
    // The playlist was read (again).
    onPlaylist?(): void;
    onBytes?(bytes: number): void;
    // On the clock of wallOf(); only where hls.js plays.
    onCue?(placed: PlacedCue): void;
}

export interface Range {
    start_s: number;
    end_s: number;
}

// Safari tells the wall clock of the first media second (from PROGRAM-DATE-TIME).
type SafariVideo = HTMLVideoElement & { getStartDate?: () => Date };

const MAX_RECOVERIES = 2;
const FORGIVE_MS = 20_000;
const RETRY_MS = 700;
// A window moves on: what is at its very start is gone before it has come.
const START_MARGIN_S = 0.2;

const CONFIG: Partial<HlsConfig> = {
    // The segments are fMP4 already, a worker would have nothing to do but copy.
    enableWorker: false,
    lowLatencyMode: false,
    testBandwidth: false,
    startFragPrefetch: true,
    maxBufferLength: 30,
    backBufferLength: 60,
    // A frame that was asked for is shown, not one a little further on.
    maxBufferHole: 0.1,
    nudgeMaxRetry: 6,
};

export function playsByMse(): boolean {
    return Hls.isSupported();
}

// Owned by the page, which destroys it before it plays something else on the same element.
export class RecordedMedia {
    private readonly video: SafariVideo;
    private hls: Hls | null = null;
    private details: LevelDetails | null = null;
    private alive = true;
    private recoveries = 0;
    private last_error_ms = 0;
    private retry_timer = 0;

    constructor(private readonly options: RecordedOptions) {
        this.video = options.video;
        if (Hls.isSupported()) {
            this.hls = this.openByMse();
        } else {
            this.openNatively();
        }
    }

    private openByMse(): Hls {
        const { options, video } = this;
        const headers = Object.entries(options.headers ?? {});
        const hls = new Hls({
            ...CONFIG,
            startPosition: options.start_behind_s !== undefined ? -1 : options.start_s ?? 0,
            xhrSetup: (xhr) => headers.forEach(([name, value]) => xhr.setRequestHeader(name, value)),
        });
        hls.on(Hls.Events.ERROR, (_event, data) => this.onError(data));
        hls.on(Hls.Events.FRAG_LOADED, (_event, data) => options.onBytes?.(data.payload.byteLength));
        const ranges = new RangeReader((placed) => options.onCue?.(placed));
        hls.on(Hls.Events.LEVEL_UPDATED, (_event, data) => {
            const first = this.details === null;
            this.details = data.details;
            ranges.read(data.details);
            if (first && options.start_behind_s !== undefined) {
                hls.startLoad(this.behindEnd(options.start_behind_s ?? 0));
            }
            options.onPlaylist?.();
        });
        hls.loadSource(options.url);
        hls.attachMedia(video);
        return hls;
    }

    private openNatively(): void {
        const { video, options } = this;
        video.addEventListener('error', this.onNativeError);
        video.addEventListener('loadedmetadata', this.onNativeStart);
        video.src = options.url;
        video.load();
    }

    private readonly onNativeStart = (): void => {
        const { start_behind_s, start_s } = this.options;
        const start = start_behind_s !== undefined ? this.behindEnd(start_behind_s ?? 0) : start_s ?? 0;
        if (start > 0) {
            this.video.currentTime = start;
        }
        this.options.onPlaylist?.();
    };

    private readonly onNativeError = (): void => {
        const { error } = this.video;
        if (this.alive && error !== null) {
            this.options.onFailed(error.code === MediaError.MEDIA_ERR_DECODE ? 'media' : 'network',
                error.message || `error ${error.code}`);
        }
    };

    private onError(data: ErrorData): void {
        const { hls } = this;
        if (!data.fatal || hls === null) {
            return;
        }
        const now_ms = performance.now();
        if (now_ms - this.last_error_ms > FORGIVE_MS) {
            this.recoveries = 0;
        }
        this.last_error_ms = now_ms;
        const kind = failureOf(data);
        const hopeful = this.recoveries++ < MAX_RECOVERIES;
        if (kind === 'media' && hopeful) {
            hls.recoverMediaError();
        } else if (kind === 'network' && hopeful && this.details !== null) {
            this.retry_timer = window.setTimeout(() => hls.startLoad(), RETRY_MS);
        } else {
            this.options.onFailed(kind, data.details);
        }
    }

    // --- what there is ---

    // null: not known yet.
    range(): Range | null {
        const { details, video } = this;
        const first = details?.fragments[0];
        if (details && first) {
            return { start_s: first.start, end_s: Math.max(first.start, details.edge) };
        }
        const { seekable } = video;
        return this.hls === null && seekable.length > 0
            ? { start_s: seekable.start(0), end_s: seekable.end(seekable.length - 1) } : null;
    }

    // The place that is so long before the end, or the beginning.
    behindEnd(behind_s: number): number {
        const range = this.range();
        return range === null ? 0 : Math.max(range.start_s + START_MARGIN_S, range.end_s - behind_s);
    }

    // More may still come.
    get isRunning(): boolean {
        return this.details?.live ?? this.video.duration === Infinity;
    }

    // Segments with what the playlist says of their wall clock.
    private stretches(): Stretch[] {
        return (this.details?.fragments ?? []).flatMap((f) => (f.programDateTime === null ? []
            : [{ start_s: f.start, duration_s: f.duration, wall_ms: f.programDateTime }]));
    }

    wallOf(position_s: number): number | null {
        if (this.hls !== null) {
            return wallAt(this.stretches(), position_s);
        }
        const start_ms = this.video.getStartDate?.().getTime() ?? NaN;
        return Number.isFinite(start_ms) ? start_ms + position_s * 1000 : null;
    }

    codecs(): string[] {
        const level = this.hls?.levels[Math.max(0, this.hls.currentLevel)];
        return [level?.videoCodec, level?.audioCodec].filter((codec): codec is string => !!codec);
    }

    destroy(): void {
        const { hls, video } = this;
        this.alive = false;
        this.hls = null;
        window.clearTimeout(this.retry_timer);
        if (hls !== null) {
            hls.destroy();
        } else {
            video.removeEventListener('error', this.onNativeError);
            video.removeEventListener('loadedmetadata', this.onNativeStart);
            releaseVideo(video);
        }
    }
}
