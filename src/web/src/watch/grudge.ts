// SPDX-License-Identifier: Apache-2.0
// A player that failed is not tried first again for a while, so that a reload does not wait for
// the same failure. For this tab only: the next network may be another.

import type { PlayerName } from '../player/choose';
import type { FailureKind } from '../player/player';

const NAME = 'failed_player';
// What a network blocks it blocks for long; what a server refuses depends on the broadcast.
const BLOCKED_MS = 10 * 60_000;
const REFUSED_MS = 2 * 60_000;

export interface TabStore {
    read(name: string): string | null;
    write(name: string, value: string): void;
}

export function holdGrudge(store: TabStore, player: PlayerName, kind: FailureKind, channel: string,
    now_ms: number): void {
    if (kind === 'no_media') {
        store.write(NAME, JSON.stringify({ player, channel: null, until_ms: now_ms + BLOCKED_MS }));
    } else if (kind === 'refused') {
        store.write(NAME, JSON.stringify({ player, channel, until_ms: now_ms + REFUSED_MS }));
    }
}

export function grudgeAgainst(store: TabStore, channel: string, now_ms: number): PlayerName | null {
    try {
        const { player, channel: only, until_ms } = JSON.parse(store.read(NAME) ?? 'null') as
            { player: PlayerName; channel: string | null; until_ms: number };
        return until_ms > now_ms && (only === null || only === channel) ? player : null;
    } catch {
        return null;
    }
}
