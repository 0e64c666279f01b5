// SPDX-License-Identifier: Apache-2.0
// Does anything come through, and does it go on? Networks that block UDP and the server's
// port say nothing at all, so only the clock tells.

export type Verdict = 'fine' | 'no_media' | 'lost';

export interface Sight {
    connection: RTCPeerConnectionState;
    ice: RTCIceConnectionState;
    bytes: number;
    shown: boolean;     // the first picture (or sound, when there is no picture) is there
}

const FIRST_MEDIA_MS = 2000;
// Media comes but no picture yet: a large keyframe on a thin line.
const FIRST_FRAME_MS = 5000;
// Phones that change from Wi-Fi to mobile are back by then.
const DISCONNECTED_MS = 3000;

export class Watchdog {
    private started_ms: number | null = null;
    private disconnected_since_ms: number | null = null;
    private shown = false;

    get hasShown(): boolean {
        return this.shown;
    }

    start(now_ms: number): void {
        this.started_ms = now_ms;
    }

    // A channel that sends nothing for a while is fine, as long as the connection stands.
    look(now_ms: number, sight: Sight): Verdict {
        if (this.started_ms === null) {
            return 'fine';
        }
        this.shown ||= sight.shown;
        if (sight.ice === 'disconnected') {
            this.disconnected_since_ms ??= now_ms;
        } else {
            this.disconnected_since_ms = null;
        }
        const gone = sight.ice === 'failed' || sight.connection === 'failed'
            || (this.disconnected_since_ms !== null
                && now_ms - this.disconnected_since_ms > DISCONNECTED_MS);
        if (this.shown) {
            return gone ? 'lost' : 'fine';
        }
        const limit_ms = sight.bytes > 0 ? FIRST_FRAME_MS : FIRST_MEDIA_MS;
        return gone || now_ms - this.started_ms >= limit_ms ? 'no_media' : 'fine';
    }
}
