// SPDX-License-Identifier: Apache-2.0
// /console/channels: what is on air where, and the switches for it.

import { t } from '../../i18n';
import { el, labelled, setText, show } from '../../ui/dom';
import type { AdminApi } from '../api';
import { errorText } from '../errors';
import { type Card, makeCard, type Run } from './card';
import { type ChannelRow, ChannelsApi, type Push } from './model';

const POLL_MS = 2000;
// With more than this the list can be searched.
const MANY = 6;

export interface ChannelsPage {
    element: HTMLElement;
    redraw(): void;
}

export function makeChannelsPage(admin: AdminApi): ChannelsPage {
    const api = new ChannelsApi(admin);
    const trouble = el('p', { class: 'trouble', role: 'alert', hidden: true });
    const none = labelled(el('p', { class: 'dim', hidden: true }), 'channels.none');
    const find = labelled(labelled(el('input', { type: 'search', class: 'field find', hidden: true,
        input: () => redraw() }), 'channels.find', 'placeholder'), 'channels.find', 'aria-label');
    const list = el('div', { class: 'channel-list' });
    const element = el('div', { class: 'channels' },
        el('div', { class: 'row' }, labelled(el('h1'), 'channels.title'), find), trouble, none, list);
    const cards = new Map<string, Card>();
    let rows: ChannelRow[] = [];
    let pushes: Push[] = [];
    let timer = 0;

    function tell(error: unknown): void {
        setText(trouble, error === null ? '' : errorText(error));
        show(trouble, error !== null);
    }

    const run: Run = async (what) => {
        try {
            await what();
            tell(null);
            await look();
            return true;
        } catch (error) {
            tell(error);
            return false;
        }
    };

    function redraw(): void {
        const wanted = find.value.trim().toLowerCase();
        for (const row of rows) {
            let card = cards.get(row.channel);
            if (card === undefined) {
                card = makeCard(row.channel, api, run);
                cards.set(row.channel, card);
            }
            card.update(row, pushes.filter(({ channel }) => channel === row.channel));
            show(card.element, row.channel.toLowerCase().includes(wanted));
        }
        const elements = rows.map(({ channel }) => cards.get(channel)?.element)
            .filter((item): item is HTMLElement => item !== undefined);
        if (elements.length !== list.children.length
            || elements.some((item, i) => item !== list.children[i])) {
            list.replaceChildren(...elements);
        }
        for (const name of [...cards.keys()]) {
            if (!rows.some(({ channel }) => channel === name)) {
                cards.delete(name);
            }
        }
        show(none, rows.length === 0);
        show(find, rows.length > MANY);
    }

    async function look(): Promise<void> {
        window.clearTimeout(timer);
        try {
            [rows, pushes] = await Promise.all([api.rows(), api.pushes()]);
            redraw();
        } finally {
            window.clearTimeout(timer);
            timer = window.setTimeout(() => void look().catch(tell), document.hidden ? 5 * POLL_MS : POLL_MS);
        }
    }

    void look().catch(tell);
    document.title = `${t('channels.title')} · Branchcast`;
    return { element, redraw };
}
