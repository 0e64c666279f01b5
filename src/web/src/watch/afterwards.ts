// SPDX-License-Identifier: Apache-2.0
// When the broadcast is over its replay plays at the same address, as soon as there is one.

import { el, labelled, show } from '../ui/dom';
import { passedQuery } from '../url';
import type { About } from './about';
import type { WatchSession } from './session';

// Who watched to the end reads that it is the end.
const PAUSE_MS = 2500;
const TICK_MS = 250;

export interface Afterwards {
    element: HTMLElement;
    update(session: WatchSession, about: About | null): void;
}

export function makeAfterwards(live: HTMLElement): Afterwards {
    const again = labelled(el('button', { type: 'button', class: 'button strong',
        click: () => window.location.reload() }), 'after.go_live');
    const bar = el('p', { class: 'still-live', hidden: true },
        labelled(el('span'), 'after.live_again'), again);
    const note = labelled(el('p', { class: 'after-note' }), 'after.replay');
    const place = el('div', { class: 'afterwards', hidden: true }, note);
    const element = el('div', {}, place, bar);
    let shown = false;
    let over_since_ms = 0;

    async function play(id: string): Promise<void> {
        shown = true;
        try {
            const [{ makeReplayStage }, { Thumbnails }] = await Promise.all([
                import('../replay/stage'), import('../vod/thumbs')]);
            const query = passedQuery(window.location.search);
            let thumbs: InstanceType<typeof Thumbnails> | null = null;
            const stage = makeReplayStage({ kind: 'replay', id, query, thumbs: () => thumbs,
                onUpdate: () => {
                    const url = stage.player.info?.thumbnails_url ?? '';
                    if (thumbs === null && url !== '') {
                        thumbs = new Thumbnails(url, () => stage.redrawPreview(), query);
                    }
                    void thumbs?.refresh(false, performance.now());
                } });
            place.prepend(stage.element);
            show(place, true);
            show(live, false);
            stage.player.start(null);
            window.setInterval(() => stage.update(), TICK_MS);
        } catch {
            shown = false; // The code did not load; the next look tries again.
        }
    }

    function update(session: WatchSession, about: About | null): void {
        const now_ms = performance.now();
        // A slate may go on behind it.
        const over = about?.state === 'ended';
        over_since_ms = over ? over_since_ms || now_ms : 0;
        const watched = session.stats().decoded_frames > 0;
        if (over && !shown && about.replay !== null
            && now_ms - over_since_ms > (watched ? PAUSE_MS : 0)) {
            void play(about.replay);
        }
        // A slate does not go on unseen.
        if (shown && live.hidden && !session.video.paused) {
            session.togglePause();
        }
        show(bar, shown && about?.state === 'live');
    }

    return { element, update };
}
