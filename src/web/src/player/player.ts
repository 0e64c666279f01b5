// SPDX-License-Identifier: Apache-2.0
// What every player offers to the page.

import type { PlacedCue } from '../cues/cue';
import type { ShownFrame } from '../cues/frames';
import type { Message } from '../rtc/messages';
import type { PlayerName } from './choose';

export type FailureKind =
    | 'unsupported' // this browser cannot do it; trying again is pointless
    | 'media'       // data arrived but did not decode
    | 'network'     // no data arrived
    | 'not_found'   // the server has no such stream now
    | 'forbidden'   // the server refuses this viewer
    | 'no_media'    // the way that the media would take is blocked; another player has another
    | 'refused'     // the server has this stream, but not in this form
    | 'stuck';      // nothing was reported, but the picture stands still

// Why, in a form that can be shown: a code to translate, and the server's own words.
export interface Reason {
    code: string;
    message: string;
}

export interface PlayerEvents {
    onFailed(kind: FailureKind, detail: string, reason?: Reason): void;
    onEnded(): void;
    // What the server sends beside the media; only some players have a channel for it.
    onMessage(message: Message): void;
    // A cue, on the clock of cueClock_ms().
    onCue(placed: PlacedCue): void;
}

export interface PlayerOptions {
    video: HTMLVideoElement;
    url: string;
    // Where the cues of the channel can be heard beside the media.
    cues_url: string;
    sound_only: boolean;
    // The quality that the viewer asked for, by its height; null: what fits the network.
    height: number | null;
    // How far behind live to begin; only for the player that can.
    behind_s: number;
    events: PlayerEvents;
}

// What only a connection in real time can tell.
export interface LineNumbers {
    transport: string;
    frames: number;
    rtt_ms: number | null;
    loss_percent: number | null;
    freezes: number;
    freeze_ms: number;
    first_frame_ms: number | null;
}

// What is recorded behind a live, in seconds before its end.
export interface DvrWindow {
    length_s: number;
    behind_s: number;
    buffered_s: number;
    // When the picture was taken; null: not told.
    wallOf(behind_s: number): number | null;
}

// One way to get a stream into a <video>. Owned by the watch
// session, which destroys it before it makes the next one on the same element. After
// destroy() it reports nothing more.
export interface LivePlayer {
    readonly name: PlayerName;
    latency(): number | null;
    bitrate_kbps(): number | null;
    codecs(): string;
    line(): LineNumbers | null;
    // Rises while media comes to the screen.
    position(): number;
    jumpToLive(): void;
    // Heights of the picture to choose from, the best first. Only players have it that can
    // really change.
    qualities?(): readonly number[];
    chooseQuality?(height: number | null): void;
    // The moment of a frame on the clock of this player's cues; null: not known now.
    cueClock_ms?(frame: ShownFrame): number | null;
    // The window that a viewer can move in, where there is one.
    window?(): DvrWindow | null;
    seekBehind?(behind_s: number): void;
    // A stall has begun or the regular check is due: adapt the distance to live.
    onStall(): void;
    tick(now_ms: number): void;
    destroy(): void;
}

type Opener = (options: PlayerOptions) => LivePlayer;

// Only the code of the player in use is loaded; twice is once.
export async function loadPlayer(name: PlayerName): Promise<Opener> {
    switch (name) {
    case 'whep': {
        const { WhepPlayer } = await import('./whep');
        return (options) => new WhepPlayer(options);
    }
    case 'llhls': {
        const { LowLatencyHls } = await import('./llhls');
        return (options) => new LowLatencyHls(options);
    }
    case 'flv':
    case 'wsflv': {
        const { FlvPlayer } = await import('./flv');
        return (options) => new FlvPlayer(name, options);
    }
    case 'dvr': {
        const { TimeShift } = await import('./dvr');
        return (options) => new TimeShift(options);
    }
    case 'hls': {
        const { NativeHls } = await import('./native');
        return (options) => new NativeHls(options);
    }
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
