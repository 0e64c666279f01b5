// SPDX-License-Identifier: Apache-2.0
// When the broadcast is over: the way to its replay, if it was recorded.

import { el, labelled, setAttr, show } from '../ui/dom';
import { passedQuery } from '../url';
import { fetchRecording } from '../vod/recording';
import type { WatchSession } from './session';

const RETRY_MS = 5000;

export interface ReplayOffer {
    element: HTMLElement;
    update(session: WatchSession): void;
}

export function makeReplayOffer(): ReplayOffer {
    const element = labelled(el('a', { class: 'button strong', hidden: true }), 'ended.replay');
    // The channel's facts may be gone with it.
    let id: string | null = null;
    let found: string | null = null;
    let asked_ms = -Infinity;

    async function look(wanted: string): Promise<void> {
        asked_ms = Date.now();
        const query = passedQuery(window.location.search);
        try {
            const recording = await fetchRecording('replay', wanted, query);
            if (recording !== null && recording.duration_ms > 0) {
                found = wanted;
                setAttr(element, 'href', `/watch/replay/${encodeURIComponent(wanted)}${query}`);
            }
        } catch {
            // Asked again as long as this is of use.
        }
    }

    function update({ info, phase }: WatchSession): void {
        id = info?.replay ?? id;
        const over = phase === 'ended' || phase === 'offline';
        if (over && id !== null && found !== id && Date.now() - asked_ms > RETRY_MS) {
            void look(id);
        }
        show(element, over && id !== null && found === id);
    }

    return { element, update };
}
