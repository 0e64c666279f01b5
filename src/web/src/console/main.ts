// SPDX-License-Identifier: Apache-2.0
// The operator's pages: /console/ and what is below it.

import { initLanguage, t } from '../i18n';
import { pageHead } from '../ui/brand';
import { el, labelled, relabel } from '../ui/dom';
import type { AdminApi } from './api';
import { makeChannelsPage } from './channels/page';
import { makeClipPage } from './clips/page';
import { makeCuesPage } from './cues/page';
import { makeHub } from './hub';
import { enter, forgetToken } from './login';
import { makeSwitcherPage } from './switcher/page';

interface Page {
    element: HTMLElement;
    redraw(): void;
}

const PAGES: Readonly<Record<string, (api: AdminApi) => Page>> = {
    channels: makeChannelsPage,
    cues: makeCuesPage,
    switcher: makeSwitcherPage,
};

function buildPage(main: HTMLElement, make: (api: AdminApi) => Page,
    onPage: (page: Page, api: AdminApi) => void): void {
    void enter(main, (api) => {
        const page = make(api);
        main.replaceChildren(page.element);
        onPage(page, api);
    });
}

function build(): void {
    let page: Page | null = null;
    const is_hub = /^\/console\/?$/.test(window.location.pathname);
    const main = el('main');
    const leave = labelled(el('button', { type: 'button', class: 'button quiet', hidden: true,
        click: () => {
            forgetToken();
            window.location.reload();
        } }), 'console.leave');
    const head = pageHead(() => {
        relabel();
        page?.redraw();
    });
    const home = labelled(el('a', { class: 'button quiet', href: '/console/', hidden: is_hub }),
        'console.title');
    head.insertBefore(el('nav', { class: 'row' }, home, leave), head.lastChild);
    document.body.append(head, main);
    document.title = `${t('console.title')} · Branchcast`;
    if (is_hub) {
        main.append(makeHub());
        return;
    }
    buildPage(main, PAGES[window.location.pathname.split('/')[2] ?? ''] ?? makeClipPage, (made, api) => {
        page = made;
        leave.hidden = api.token === '';
    });
}

initLanguage();
build();
