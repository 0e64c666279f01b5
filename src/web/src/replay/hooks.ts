// SPDX-License-Identifier: Apache-2.0
// window.branchcast of a replay's page, for tests and scripts.

import type { ReplayPlayer } from './player';

export interface ReplayStats {
    state: string;
    current_time: number;
    duration_s: number;
    decoded_frames: number;
    // From the start of the navigation to the first picture; null: none yet.
    first_frame_ms: number | null;
}

export function exposeReplay(player: ReplayPlayer): void {
    let first_frame_ms: number | null = null;
    player.video.addEventListener('loadeddata', () => {
        first_frame_ms ??= Math.round(performance.now());
    });
    const scope = window as unknown as { branchcast: { stats(): ReplayStats } };
    scope.branchcast = {
        stats: () => ({
            state: player.phase,
            current_time: player.video.currentTime,
            duration_s: player.range().end_s,
            decoded_frames: player.video.getVideoPlaybackQuality?.().totalVideoFrames ?? 0,
            first_frame_ms,
        }),
    };
}
