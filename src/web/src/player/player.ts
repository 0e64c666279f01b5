// SPDX-License-Identifier: Apache-2.0
// What every player offers to the page.

import type { PlayerName } from './choose';

export type FailureKind =
    | 'unsupported' // this browser cannot do it; trying again is pointless
    | 'media'       // data arrived but did not decode
    | 'network'     // no data arrived
    | 'not_found'   // the server has no such stream now
    | 'forbidden'   // the server refuses this viewer
    | 'stuck';      // nothing was reported, but the picture stands still

export interface PlayerEvents {
    onFailed(kind: FailureKind, detail: string): void;
    onEnded(): void;
}

export interface PlayerOptions {
    video: HTMLVideoElement;
    url: string;
    events: PlayerEvents;
}

// One way to get a stream into a <video>. Made by openPlayer() and owned by the watch
// session, which destroys it before it makes the next one on the same element. After
// destroy() it reports nothing more.
export interface LivePlayer {
    readonly name: PlayerName;
    latency(): number | null;
    bitrate_kbps(): number | null;
    codecs(): string;
    jumpToLive(): void;
    // A stall has begun or the regular check is due: adapt the distance to live.
    onStall(): void;
    tick(now_ms: number): void;
    destroy(): void;
}

export async function openPlayer(name: PlayerName, options: PlayerOptions): Promise<LivePlayer> {
    switch (name) {
    case 'llhls':
        return new (await import('./llhls')).LowLatencyHls(options);
    case 'flv':
    case 'wsflv':
        return new (await import('./flv')).FlvPlayer(name, options);
    case 'hls':
        return new (await import('./native')).NativeHls(options);
    }
}

export function bufferedAhead(video: HTMLVideoElement): number {
    const { buffered, currentTime } = video;
    for (let i = 0; i < buffered.length; i++) {
        if (currentTime >= buffered.start(i) - 0.1 && currentTime <= buffered.end(i)) {
            return buffered.end(i) - currentTime;
        }
    }
    return 0;
}

export function bufferedEnd(video: HTMLVideoElement): number | null {
    const { buffered } = video;
    return buffered.length > 0 ? buffered.end(buffered.length - 1) : null;
}

// The element keeps its last picture until the next source, but must let go of this one.
export function releaseVideo(video: HTMLVideoElement): void {
    video.removeAttribute('src');
    video.load();
}
