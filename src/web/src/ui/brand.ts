// SPDX-License-Identifier: Apache-2.0
// The head that the start page and the watch page share.

import iconUrl from '../assets/icon.svg';
import { switchLanguage } from '../i18n';
import { el, labelled, relabel } from './dom';

export function languageButton(onSwitch: () => void): HTMLButtonElement {
    const button = el('button', {
        type: 'button',
        class: 'button quiet',
        click: () => {
            switchLanguage();
            relabel();
            onSwitch();
        },
    });
    labelled(button, 'lang.switch_label', 'aria-label');
    return labelled(button, 'lang.switch');
}

export function pageHead(onSwitch: () => void): HTMLElement {
    const home = el('a', { class: 'brand', href: '/' },
        el('img', { src: iconUrl, alt: '', width: '28', height: '28' }),
        el('span', {}, 'Branchcast'));
    return el('header', { class: 'head' }, home, languageButton(onSwitch));
}
