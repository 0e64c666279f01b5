// SPDX-License-Identifier: Apache-2.0
// HTTP-FLV and WS-FLV through mpegts.js.

import mpegts from 'mpegts.js';
import { codecName } from '../codecs';
import { FlvTime, listenToSegments } from '../cues/flv_time';
import type { ShownFrame } from '../cues/frames';
import { placeCuePoint } from '../cues/cue_point';
import { Chaser } from './chase';
import type { PlayerName } from './choose';
import { bufferedAhead, bufferedEnd, type FailureKind, type LivePlayer, type PlayerOptions } from './player';

type FlvName = Extract<PlayerName, 'flv' | 'wsflv'>;
type Engine = ReturnType<typeof mpegts.createPlayer>;

// What is still in the buffer when the stream ends is shown, within reason.
const MAX_REST_MS = 4000;

interface ErrorInfo {
    code?: number;
    msg?: string;
}

function failureOf(detail: string, info: ErrorInfo | undefined): FailureKind {
    if (detail === mpegts.ErrorDetails.NETWORK_STATUS_CODE_INVALID) {
        if (info?.code === 404) {
            return 'not_found';
        }
        return info?.code === 401 || info?.code === 403 ? 'forbidden' : 'network';
    }
    if (detail === mpegts.ErrorDetails.MEDIA_CODEC_UNSUPPORTED) {
        return 'unsupported';
    }
    return detail.startsWith('Media') || detail.startsWith('Format') ? 'media' : 'network';
}

export class FlvPlayer implements LivePlayer {
    private readonly video: HTMLVideoElement;
    private readonly chaser = new Chaser();
    private engine: Engine | null = null;
    private speed_kbps: number | null = null;
    private started = false;
    private rest_timer = 0;
    private readonly time = new FlvTime();
    private tells_time = false;

    constructor(readonly name: FlvName, options: PlayerOptions) {
        this.video = options.video;
        mpegts.LoggingControl.applyConfig({ enableVerbose: false, enableInfo: false,
            enableDebug: false });
        if (!mpegts.getFeatureList().mseLivePlayback) {
            queueMicrotask(() => options.events.onFailed('unsupported', 'no live MSE'));
            return;
        }
        const engine = mpegts.createPlayer({ type: 'flv', isLive: true, url: options.url }, {
            enableStashBuffer: false,
            lazyLoad: false,
            autoCleanupSourceBuffer: true,
            autoCleanupMaxBackwardDuration: 30,
            autoCleanupMinBackwardDuration: 15,
            // A background tab may never get its "sourceopen"; the sound should start anyway.
            deferLoadAfterSourceOpen: false,
        });
        this.engine = engine;
        this.listen(engine, options);
        engine.attachMediaElement(this.video);
        engine.load();
        this.tells_time = listenToSegments(engine, this.time);
    }

    private listen(engine: Engine, { events }: PlayerOptions): void {
        engine.on(mpegts.Events.ERROR, (_type: string, detail: string, info?: ErrorInfo) => {
            if (this.engine !== null) {
                events.onFailed(failureOf(detail, info), `${detail} ${info?.msg ?? ''}`.trim());
            }
        });
        // A live FLV ends when the server closes it; whether to come back is for the API to say.
        engine.on(mpegts.Events.LOADING_COMPLETE, () => {
            const rest_ms = Math.min(bufferedAhead(this.video) * 1000, MAX_REST_MS);
            this.rest_timer = window.setTimeout(() => events.onEnded(), rest_ms);
        });
        engine.on(mpegts.Events.SCRIPTDATA_ARRIVED, (tag: { onCuePoint?: unknown }) => {
            this.onCuePoint(tag.onCuePoint, events);
        });
        engine.on(mpegts.Events.STATISTICS_INFO, (info: { speed?: number }) => {
            const now = (info.speed ?? 0) * 8;
            this.speed_kbps = this.speed_kbps === null ? now : this.speed_kbps * 0.8 + now * 0.2;
        });
    }

    private onCuePoint(point: unknown, events: PlayerOptions['events']): void {
        const end_s = bufferedEnd(this.video);
        const placed = placeCuePoint(point, this.time.newest_ms);
        if (placed === null || this.engine === null) {
            return;
        }
        if (!this.tells_time && end_s !== null && !placed.cue.ended) {
            // The tag stands right before the picture that it belongs to.
            this.tells_time = true;
            this.time.add(end_s * 1000, placed.from_ms);
        }
        events.onCue(placed);
    }

    cueClock_ms({ media_s }: ShownFrame): number | null {
        return this.time.of(media_s * 1000);
    }

    latency(): number | null {
        const end = bufferedEnd(this.video);
        return end === null ? null : Math.max(0, end - this.video.currentTime);
    }

    bitrate_kbps(): number | null {
        return this.speed_kbps;
    }

    codecs(): string {
        const info = this.engine?.mediaInfo as { videoCodec?: string; audioCodec?: string } | undefined;
        return [info?.videoCodec, info?.audioCodec]
            .filter((codec): codec is string => !!codec).map(codecName).join(' · ');
    }

    line(): null {
        return null;
    }

    position(): number {
        return this.video.currentTime;
    }

    jumpToLive(): void {
        const end = bufferedEnd(this.video);
        if (end !== null) {
            this.video.currentTime = Math.max(0, end - this.chaser.target_s);
        }
    }

    onStall(): void {
        this.chaser.onStall(performance.now());
    }

    tick(now_ms: number): void {
        const latency_s = this.latency();
        if (latency_s === null || this.video.paused || this.video.seeking) {
            return;
        }
        // The server opens with its cached group of pictures, so the first buffer may hold
        // seconds of the past. Leave them at once instead of running after live.
        const first = !this.started && this.video.readyState >= 3;
        if (first) {
            this.started = true;
        }
        const step = this.chaser.step(now_ms, latency_s);
        if (step.jump || (first && latency_s > this.chaser.target_s + 0.7)) {
            this.jumpToLive();
        }
        if (this.video.playbackRate !== step.rate) {
            this.video.playbackRate = step.rate;
        }
    }

    destroy(): void {
        const engine = this.engine;
        this.engine = null;
        window.clearTimeout(this.rest_timer);
        this.video.playbackRate = 1;
        engine?.destroy();
    }
}
