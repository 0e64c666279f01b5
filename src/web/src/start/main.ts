// SPDX-License-Identifier: Apache-2.0
// The start page: what this server is, what is live, how to push and to watch.

import { type Channel, fetchChannels, fetchInfo } from '../api';
import { Backoff } from '../backoff';
import { initLanguage, t } from '../i18n';
import { pageHead } from '../ui/brand';
import { el, labelled, setText } from '../ui/dom';
import { makeAddresses } from './addresses';
import { cards } from './cards';

const REFRESH_MS = 4000;
const HIDDEN_MS = 20_000;

function buildPage(): void {
    let channels: Channel[] | null = null;
    let shown = '';
    const backoff = new Backoff(2000, 15_000);
    const list = el('div', { class: 'cards' });
    const notice = labelled(el('p', { class: 'notice', role: 'status', hidden: true }), 'start.unreachable');
    const version = el('p', { class: 'dim foot' });
    const addresses = makeAddresses();

    function draw(): void {
        if (channels === null) {
            return;
        }
        const fresh = cards(channels, Date.now());
        // Rebuilt only when something changed, or a focused link would lose its focus.
        const html = fresh.map((element) => element.outerHTML).join('');
        if (html !== shown) {
            shown = html;
            const focused = document.activeElement?.getAttribute('href');
            list.replaceChildren(...fresh);
            if (focused) {
                list.querySelector<HTMLElement>(`a[href="${CSS.escape(focused)}"]`)?.focus();
            }
        }
    }

    async function refresh(): Promise<void> {
        let wait_ms = document.hidden ? HIDDEN_MS : REFRESH_MS;
        try {
            channels = await fetchChannels();
            backoff.reset();
            notice.hidden = true;
            draw();
        } catch {
            notice.hidden = false;
            wait_ms = backoff.next();
        }
        window.setTimeout(() => void refresh(), wait_ms);
    }

    async function learnInfo(): Promise<void> {
        try {
            const info = await fetchInfo();
            addresses.setInfo(info);
            setText(version, `${info.name} ${info.version}`);
        } catch {
            window.setTimeout(() => void learnInfo(), REFRESH_MS);
        }
    }

    document.body.append(
        pageHead(() => {
            draw();
            addresses.relabel();
            document.title = `Branchcast · ${t('start.title')}`;
        }),
        el('main', {},
            labelled(el('h1'), 'start.title'),
            labelled(el('p', { class: 'lead' }), 'start.what'),
            el('section', {}, labelled(el('h2'), 'start.live_now'), notice, list),
            addresses.element, version));
    document.title = `Branchcast · ${t('start.title')}`;
    window.setInterval(draw, 1000);
    void refresh();
    void learnInfo();
}

initLanguage();
buildPage();
