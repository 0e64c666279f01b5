// SPDX-License-Identifier: Apache-2.0

import type { Abilities } from './choose';

// Asked before any player library is loaded, so that only the one in use is.
export function detectAbilities(): Abilities {
    const scope = window as unknown as Record<string, typeof MediaSource | undefined>;
    const source = scope.ManagedMediaSource ?? scope.MediaSource;
    const probe = document.createElement('video');
    return {
        // Old web views have the class without what WHEP needs of it.
        webrtc: typeof RTCPeerConnection === 'function'
            && 'addTransceiver' in RTCPeerConnection.prototype,
        mse: source?.isTypeSupported?.('video/mp4; codecs="avc1.42E01E,mp4a.40.2"') ?? false,
        streams: typeof fetch === 'function' && typeof ReadableStream === 'function',
        websocket: typeof WebSocket === 'function',
        nativeHls: probe.canPlayType('application/vnd.apple.mpegurl') !== '',
    };
}
