// SPDX-License-Identifier: Apache-2.0
// What is on air, as viewers get it: by WebRTC, or by FLV where that is blocked.

import { type LivePlayer, loadPlayer } from '../../player/player';
import { sourceUrl } from '../../player/source';
import { makeVideo } from '../../ui/picture';
import { mediaUrl } from '../../url';

const RETRY_MS = 2000;
const STANDS_MS = 8000;
const PLAYERS = ['whep', 'flv'] as const;

export interface Monitor {
    element: HTMLVideoElement;
    // '': nothing.
    play(channel: string): void;
}

export function makeMonitor(): Monitor {
    const video = makeVideo();
    let wanted = '';
    let player: LivePlayer | null = null;
    let next = 0;
    let generation = 0;
    let retry_timer = 0;
    let moved_ms = 0;
    let position = -1;

    function close(): void {
        generation++;
        window.clearTimeout(retry_timer);
        player?.destroy();
        player = null;
    }

    function again(other: boolean): void {
        close();
        next = other ? (next + 1) % PLAYERS.length : next;
        retry_timer = window.setTimeout(() => void open(), RETRY_MS);
    }

    async function open(): Promise<void> {
        const mine = ++generation;
        const name = PLAYERS[next] ?? 'whep';
        const channel = wanted;
        if (channel === '') {
            return;
        }
        const current = (): boolean => mine === generation;
        try {
            const opener = await loadPlayer(name);
            if (!current()) {
                return;
            }
            moved_ms = performance.now();
            player = opener({ video, url: sourceUrl(window.location, channel, name, false),
                cues_url: mediaUrl(window.location.origin, channel, 'cues'),
                sound_only: false, height: null, behind_s: 0, events: {
                    onFailed: (kind) => current() && again(kind !== 'not_found'),
                    onEnded: () => current() && again(false),
                    onMessage: () => undefined,
                    onCue: () => undefined,
                } });
            video.play().catch(() => undefined);
        } catch {
            if (current()) {
                again(true);
            }
        }
    }

    video.addEventListener('loadedmetadata', () => void video.play().catch(() => undefined));
    window.setInterval(() => {
        if (player === null) {
            return;
        }
        const now_ms = performance.now();
        const at = player.position();
        moved_ms = at > position || document.hidden ? now_ms : moved_ms;
        position = at;
        player.tick(now_ms);
        if (now_ms - moved_ms > STANDS_MS) {
            again(true);
        }
    }, 200);

    return { element: video, play: (channel) => {
        if (channel !== wanted) {
            wanted = channel;
            next = 0;
            close();
            void open();
        }
    } };
}
