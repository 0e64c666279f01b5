// SPDX-License-Identifier: Apache-2.0
// window.branchcast: the page's numbers and its choice of player, for tests and scripts.

import { type Choice, parseChoice } from '../player/choose';
import type { CueListener } from '../cues/show';
import type { MessageListener } from '../rtc/messages';
import type { Stage } from './stage';
import type { Stats } from './stats';

declare global {
    interface Window {
        branchcast?: {
            stats(): Stats;
            choose(name: Choice): void;
            // For every message that the server sends on the data channel; the answer ends that.
            onMessage(listener: MessageListener): () => void;
            // For every cue that begins, changes or is over with the picture; likewise.
            onCue(listener: CueListener): () => void;
        };
    }
}

export function exposeHooks({ session, onMessage, onCue }: Stage, choose: (choice: Choice) => void): void {
    window.branchcast = {
        stats: () => session.stats(),
        choose: (name) => {
            const choice = parseChoice(name);
            if (choice === null) {
                throw new Error(`unknown player: ${String(name)}`);
            }
            choose(choice);
        },
        onMessage,
        onCue,
    };
}
