// SPDX-License-Identifier: Apache-2.0
// The choice among the qualities that the host sends, where the player has one.

import { t } from '../i18n';
import { el, labelled, show } from '../ui/dom';
import type { WatchSession } from './session';

const AUTO = 'auto';

export interface QualityChoice {
    element: HTMLElement;
    update(): void;
}

export function makeQualityChoice(session: WatchSession): QualityChoice {
    const box = el('select', { change: () => {
        session.chooseQuality(box.value === AUTO ? null : Number(box.value));
    } });
    const element = el('label', { class: 'choice quality', hidden: true },
        labelled(el('span'), 'quality.label'), box);
    let shown = '';

    function update(): void {
        const heights = session.qualities();
        show(element, heights.length > 1);
        // Written anew only when it changed: an open list would close.
        const wanted = [t('quality.auto'), ...heights].join();
        if (heights.length > 1 && wanted !== shown) {
            shown = wanted;
            box.replaceChildren(
                el('option', { value: AUTO }, t('quality.auto')),
                ...heights.map((n) => el('option', { value: String(n) }, t('quality.height', { n }))));
            const chosen = session.quality;
            box.value = chosen !== null && heights.includes(chosen) ? String(chosen) : AUTO;
        }
    }

    return { element, update };
}
