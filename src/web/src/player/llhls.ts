// SPDX-License-Identifier: Apache-2.0
// Low-latency HLS through hls.js.

import Hls, { type ErrorData, type HlsConfig } from 'hls.js/light';
import { codecName } from '../codecs';
import { RangeReader, wallOfPlace } from '../cues/dateranges';
import type { ShownFrame } from '../cues/frames';
import { failureOf } from './hls_failure';
import { RateMeter } from './meter';
import type { LivePlayer, PlayerOptions } from './player';

// Recoveries that brought playback back are forgotten after this long.
const FORGIVE_MS = 20_000;
const MAX_MEDIA_RECOVERIES = 2;
const MAX_RELOADS = 2;
const RELOAD_DELAY_MS = 700;
// Further behind, catching up by speed takes half a minute, and hls.js takes the viewer for one
// who has gone back in time: it stops to speed up and loads whole segments.
const MAX_BEHIND_S = 2.5;
const BEHIND_PATIENCE_MS = 1000;
const STEADY_S = 1.15;

const CONFIG: Partial<HlsConfig> = {
    lowLatencyMode: true,
    // The segments are fMP4 already, a worker would have nothing to do but copy.
    enableWorker: false,
    maxLiveSyncPlaybackRate: 1.1,
    liveSyncOnStallIncrease: 0.5,
    backBufferLength: 20,
    maxBufferLength: 15,
    testBandwidth: false,
};

export class LowLatencyHls implements LivePlayer {
    readonly name = 'llhls';
    private readonly video: HTMLVideoElement;
    private readonly meter = new RateMeter();
    private readonly ranges: RangeReader;
    private hls: Hls | null = null;
    private steady = false;
    private media_recoveries = 0;
    private reloads = 0;
    private last_error_ms = 0;
    private reload_timer = 0;
    private behind_since_ms = 0;

    constructor(private readonly options: PlayerOptions) {
        this.video = options.video;
        this.ranges = new RangeReader(options.events.onCue);
        if (!Hls.isSupported()) {
            queueMicrotask(() => options.events.onFailed('unsupported', 'no MSE'));
            return;
        }
        const hls = new Hls(CONFIG);
        this.hls = hls;
        hls.on(Hls.Events.ERROR, (_event, data) => this.onError(data));
        hls.on(Hls.Events.MANIFEST_PARSED, () => {
            if (options.height !== null) {
                hls.loadLevel = this.levelOf(options.height);
            }
        });
        hls.on(Hls.Events.LEVEL_LOADED, (_event, data) => this.keepSteady(data.details.partHoldBack));
        hls.on(Hls.Events.LEVEL_UPDATED, (_event, data) => this.ranges.read(data.details));
        hls.on(Hls.Events.FRAG_LOADED, (_event, data) => {
            this.meter.add(performance.now(), data.payload.byteLength);
        });
        this.video.addEventListener('ended', this.onVideoEnded);
        hls.loadSource(options.url);
        hls.attachMedia(this.video);
    }

    // hls.js speeds up only with more than a second in the buffer. A target below that is never
    // reached and makes the speed flutter, so it is raised, once, to what can be held.
    private keepSteady(hold_back_s: number): void {
        if (this.hls !== null && !this.steady && hold_back_s > 0) {
            this.steady = true;
            this.hls.targetLatency = Math.max(hold_back_s, STEADY_S);
        }
    }

    private readonly onVideoEnded = (): void => this.options.events.onEnded();

    private onError(data: ErrorData): void {
        const hls = this.hls;
        if (!data.fatal || hls === null) {
            return;
        }
        const now_ms = performance.now();
        if (now_ms - this.last_error_ms > FORGIVE_MS) {
            this.media_recoveries = 0;
            this.reloads = 0;
        }
        this.last_error_ms = now_ms;
        const kind = failureOf(data);
        if (kind === 'media' && this.media_recoveries < MAX_MEDIA_RECOVERIES) {
            this.media_recoveries++;
            hls.recoverMediaError();
        } else if (kind === 'network' && hls.latestLevelDetails && this.reloads < MAX_RELOADS) {
            this.reloads++;
            this.reload_timer = window.setTimeout(() => hls.startLoad(), RELOAD_DELAY_MS);
        } else {
            this.options.events.onFailed(kind, data.details);
        }
    }

    // -1 stands for hls.js's own choice, also where a quality has gone.
    private levelOf(height: number | null): number {
        return this.hls?.levels.findIndex((level) => level.height === height) ?? -1;
    }

    qualities(): readonly number[] {
        const heights = this.hls?.levels.map((level) => level.height).filter((height) => height > 0);
        return [...new Set(heights)].sort((a, b) => b - a);
    }

    chooseQuality(height: number | null): void {
        if (this.hls !== null) {
            this.hls.nextLevel = height === null ? -1 : this.levelOf(height);
        }
    }

    latency(): number | null {
        const latency_s = this.hls?.latency ?? 0;
        return latency_s > 0 ? latency_s : null;
    }

    bitrate_kbps(): number | null {
        return this.meter.kbps(performance.now());
    }

    codecs(): string {
        const hls = this.hls;
        const level = hls?.levels[hls.currentLevel < 0 ? hls.loadLevel : hls.currentLevel];
        return [level?.videoCodec, level?.audioCodec]
            .filter((codec): codec is string => !!codec).map(codecName).join(' · ');
    }

    line(): null {
        return null;
    }

    cueClock_ms({ media_s }: ShownFrame): number | null {
        const details = this.hls?.latestLevelDetails;
        return details ? wallOfPlace(details, media_s) : null;
    }

    position(): number {
        return this.video.currentTime;
    }

    jumpToLive(): void {
        const position = this.hls?.liveSyncPosition;
        if (position !== null && position !== undefined && position > this.video.currentTime) {
            this.video.currentTime = position;
        }
    }

    // hls.js watches stalls and widens its own distance (liveSyncOnStallIncrease).
    onStall(): void {}

    tick(now_ms: number): void {
        const { hls, video } = this;
        const is_behind = hls !== null && !video.paused && !video.seeking && video.readyState >= 3
            && hls.latency - (hls.targetLatency ?? 0) > MAX_BEHIND_S;
        if (!is_behind) {
            this.behind_since_ms = 0;
            return;
        }
        this.behind_since_ms ||= now_ms;
        if (now_ms - this.behind_since_ms > BEHIND_PATIENCE_MS) {
            this.behind_since_ms = 0;
            this.jumpToLive();
        }
    }

    destroy(): void {
        const hls = this.hls;
        this.hls = null;
        window.clearTimeout(this.reload_timer);
        this.video.removeEventListener('ended', this.onVideoEnded);
        this.video.playbackRate = 1;
        hls?.destroy();
    }
}
