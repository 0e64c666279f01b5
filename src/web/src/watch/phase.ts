// SPDX-License-Identifier: Apache-2.0
// The one thing the page tells the viewer, out of everything it knows.

import type { ChannelState } from '../api';

export type Blocked = 'unsupported' | 'codec' | 'forbidden' | 'refused';

export type Phase =
    | 'connecting' | 'playing' | 'buffering' | 'paused' | 'gesture'
    | 'waiting' | 'reconnecting' | 'offline' | 'ended' | 'unreachable' | Blocked;

export interface Situation {
    blocked: Blocked | null;
    channel: ChannelState | 'unreachable' | 'asking';
    progressing: boolean;
    paused: boolean;
    needs_gesture: boolean;
    has_played: boolean;
    seen_live: boolean;
}

export function phaseOf(now: Situation): Phase {
    // A moving picture is right, whatever the API says: it may be seconds older.
    if (now.progressing) {
        return 'playing';
    }
    if (now.blocked !== null) {
        return now.blocked;
    }
    switch (now.channel) {
    case 'asking':
        return 'connecting';
    case 'unreachable':
        return now.seen_live ? 'reconnecting' : 'unreachable';
    case 'waiting':
        return 'waiting';
    case 'offline':
        return now.seen_live ? 'ended' : 'offline';
    case 'live':
        if (now.needs_gesture) {
            return 'gesture';
        }
        if (now.paused) {
            return 'paused';
        }
        return now.has_played ? 'buffering' : 'connecting';
    }
}
