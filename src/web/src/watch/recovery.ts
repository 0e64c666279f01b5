// SPDX-License-Identifier: Apache-2.0
// What to do after a player failed: the same again, the next one, or give up.

import { Backoff } from '../backoff';
import type { PlayerName } from '../player/choose';
import type { FailureKind } from '../player/player';

export type Verdict =
    | { action: 'retry' | 'switch'; wait_ms: number }
    | { action: 'give_up'; reason: 'unsupported' | 'forbidden' | 'refused' };

// Failures in a row after which the next player gets its turn.
const PATIENCE: Record<Exclude<FailureKind, 'unsupported' | 'forbidden' | 'refused'>, number> = {
    // Most often the stream is about to begin or has just ended, and no other player would help.
    not_found: 6,
    network: 3,
    // The others take another way.
    no_media: 1,
    media: 2,
    stuck: 2,
};

export class Recovery {
    private failures = 0;

    constructor(
        private readonly players: PlayerName[],
        private readonly backoff = new Backoff(200, 8000, 2.2),
    ) {}

    current(): PlayerName | null {
        return this.players[0] ?? null;
    }

    progressed(): void {
        this.failures = 0;
        this.backoff.reset();
    }

    failed(kind: FailureKind): Verdict {
        switch (kind) {
        case 'forbidden':
            return { action: 'give_up', reason: 'forbidden' };
        case 'unsupported':
        case 'refused':
            this.players.shift();
            this.failures = 0;
            return this.players.length > 0
                ? { action: 'switch', wait_ms: 0 }
                : { action: 'give_up', reason: kind };
        default:
            return this.nextAfter(PATIENCE[kind]);
        }
    }

    private nextAfter(patience: number): Verdict {
        this.failures++;
        const wait_ms = this.backoff.next();
        if (this.failures < patience || this.players.length < 2) {
            return { action: 'retry', wait_ms };
        }
        // To the end of the line: what fails now may work when all others failed as well.
        this.players.push(...this.players.splice(0, 1));
        this.failures = 0;
        return { action: 'switch', wait_ms: patience === 1 ? 0 : wait_ms };
    }
}
