// SPDX-License-Identifier: Apache-2.0
// /console/: which pages there are for operators.

import type { Key } from '../i18n';
import { el, type Icon, icon, labelled } from '../ui/dom';

const PAGES: readonly { path: string; picture: Icon; title: Key; text: Key }[] = [
    { path: '/console/channels', picture: 'screen', title: 'channels.title', text: 'channels.what' },
    { path: '/console/cues', picture: 'card', title: 'cues.title', text: 'cues.what' },
    { path: '/console/switcher', picture: 'layers', title: 'switcher.title', text: 'switcher.what' },
    { path: '/console/clips', picture: 'film', title: 'clips.title', text: 'clips.what' },
];

export function makeHub(): HTMLElement {
    return el('div', { class: 'hub' }, labelled(el('h1'), 'console.title'),
        ...PAGES.map(({ path, picture, title, text }) => el('a', { class: 'card hub-card', href: path },
            icon(picture), el('span', {}, labelled(el('strong'), title),
                labelled(el('span', { class: 'dim' }), text)))));
}
