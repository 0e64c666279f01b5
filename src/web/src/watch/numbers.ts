// SPDX-License-Identifier: Apache-2.0
// One session's numbers: those of the element, the player and the connection in one.

import type { Channel } from '../api';
import { codecsOf } from '../codecs';
import { bufferedAhead, type LivePlayer, type Reason } from '../player/player';
import type { Phase } from './phase';
import { RunningCount, StallMeter, type Stats } from './stats';

export class Numbers {
    readonly stall = new StallMeter();
    rebuilds = 0;
    private readonly decoded = new RunningCount();
    private readonly dropped = new RunningCount();

    read(
        video: HTMLVideoElement,
        player: LivePlayer | null,
        session: { phase: Phase; info: Channel | null; reason: Reason | null },
    ): Stats {
        const quality = video.getVideoPlaybackQuality?.();
        const round = (value: number): number => Math.round(value * 1000) / 1000;
        const latency_s = player?.latency() ?? null;
        const kbps = player?.bitrate_kbps() ?? null;
        const line = player?.line() ?? null;
        return {
            player: player?.name ?? null,
            state: session.phase,
            latency_s: latency_s === null ? null : round(latency_s),
            buffer_s: round(bufferedAhead(video)),
            stalls: this.stall.stalls,
            stall_ms: this.stall.total_ms(performance.now()),
            // Firefox does not count those of a connection.
            decoded_frames: this.decoded.feed(
                Math.max(quality?.totalVideoFrames ?? 0, line?.frames ?? 0)),
            dropped_frames: this.dropped.feed(quality?.droppedVideoFrames ?? 0),
            width: video.videoWidth,
            height: video.videoHeight,
            bitrate_kbps: kbps === null ? null : Math.round(kbps),
            codecs: player?.codecs() || (session.info ? codecsOf(session.info) : ''),
            current_time: round(video.currentTime),
            muted: video.muted,
            rebuilds: this.rebuilds,
            transport: line?.transport ?? '',
            rtt_ms: line?.rtt_ms ?? null,
            loss_percent: line === null || line.loss_percent === null ? null : round(line.loss_percent),
            freezes: line?.freezes ?? null,
            freeze_ms: line?.freeze_ms ?? null,
            first_frame_ms: line?.first_frame_ms ?? null,
            reason: session.reason?.code ?? null,
        };
    }
}
