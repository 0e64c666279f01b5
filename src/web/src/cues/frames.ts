// SPDX-License-Identifier: Apache-2.0
// Tells of each picture that comes to the screen, where the browser does.

export interface ShownFrame {
    media_s: number;
    // Of WebRTC, where the browser tells it.
    rtp_timestamp: number | null;
}

interface FrameFacts {
    mediaTime: number;
    rtpTimestamp?: number;
}

type FrameVideo = HTMLVideoElement & {
    requestVideoFrameCallback?(callback: (now: number, facts: FrameFacts) => void): number;
};

const TIMER_MS = 50;
// Frames come more often than that, unless the picture stands.
const STANDS_MS = 400;

// As long as the page lives.
export function onEachFrame(video: FrameVideo, onFrame: (frame: ShownFrame) => void): void {
    let told_ms = -Infinity;
    const next = (): void => void video.requestVideoFrameCallback?.((_now, facts) => {
        told_ms = performance.now();
        onFrame({ media_s: facts.mediaTime, rtp_timestamp: facts.rtpTimestamp ?? null });
        next();
    });
    next();
    window.setInterval(() => {
        if (performance.now() - told_ms > STANDS_MS && video.readyState >= 2) {
            onFrame({ media_s: video.currentTime, rtp_timestamp: null });
        }
    }, TIMER_MS);
}
