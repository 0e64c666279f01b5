// SPDX-License-Identifier: Apache-2.0
// Which channel a console page is about: the address says, then what was chosen before.

import { t } from '../../i18n';
import { remember, remembered } from '../../store';
import { el, labelled, setAttr } from '../../ui/dom';
import type { ChannelChoice } from './model';

export interface ChannelBox {
    element: HTMLSelectElement;
    // '': there is none.
    channel(): string;
    update(choices: readonly ChannelChoice[]): void;
}

export function makeChannelChoice(name: Parameters<typeof remember>[0], onChange: () => void): ChannelBox {
    let wanted = new URLSearchParams(window.location.search).get('channel') ?? remembered(name) ?? '';
    let drawn = '';
    const element = labelled(el('select', { class: 'field short', id: 'channel', change: () => {
        wanted = element.value;
        remember(name, wanted);
        onChange();
    } }), 'cues.channel', 'aria-label');

    function update(choices: readonly ChannelChoice[]): void {
        const now = JSON.stringify([choices, document.documentElement.lang]);
        if (now === drawn) {
            return;
        }
        drawn = now;
        element.replaceChildren(...choices.map(({ channel, live }) => el('option', { value: channel },
            live ? `${channel} · ${t('state.live')}` : channel)));
        if (!choices.some(({ channel }) => channel === wanted)) {
            wanted = choices[0]?.channel ?? '';
        }
        element.value = wanted;
        setAttr(element, 'data-count', String(choices.length));
    }

    return { element, channel: () => wanted, update };
}
