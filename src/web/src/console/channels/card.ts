// SPDX-License-Identifier: Apache-2.0
// One channel of the list.

import { isKey, t } from '../../i18n';
import { confirmed } from '../../ui/confirm';
import { el, icon, labelled, setAttr, setText, show } from '../../ui/dom';
import { channelPath } from '../../url';
import type { ChannelRow, ChannelsApi, Push, Source } from './model';
import { programText, sourceDetail, sourceName } from './names';
import { makeSchedule } from './schedule';

export interface Card {
    element: HTMLElement;
    update(row: ChannelRow, pushes: readonly Push[]): void;
}

// Runs what the operator asked for, tells what went wrong, and looks again. True: it worked.
export type Run = (what: () => Promise<unknown>) => Promise<boolean>;

function stateWord(prefix: string, state: string): string {
    const key = `${prefix}.${state}`;
    return isKey(key) ? t(key) : state;
}

function sourceRow(source: Source, take: () => void): HTMLElement {
    const detail = sourceDetail(source);
    const button = el('button', { type: 'button', class: 'button take', click: take,
        disabled: source.state === 'down' }, t('sources.take'));
    return el('li', { class: 'source', 'data-state': source.state, 'data-index': String(source.index) },
        el('i', { class: 'dot', 'aria-hidden': 'true' }),
        el('span', { class: 'source-name' }, sourceName(source),
            detail === '' ? null : el('span', { class: 'dim small' }, detail)),
        el('span', { class: 'source-state' }, stateWord('sources', source.state)),
        source.state === 'on_air' ? null : button);
}

function pushRow(push: Push, set: (on: boolean) => void): HTMLElement {
    const running = push.enabled;
    return el('li', { class: 'source', 'data-state': push.state === 'live' ? 'on_air' : 'down' },
        el('i', { class: 'dot', 'aria-hidden': 'true' }),
        el('span', { class: 'source-name' }, push.name,
            push.error === '' || !running ? null : el('span', { class: 'dim small' }, push.error)),
        el('span', { class: 'source-state' }, stateWord('pushes', running ? push.state : 'off')),
        el('button', { type: 'button', class: 'button take', click: () => set(!running) },
            t(running ? 'pushes.stop' : 'pushes.start')));
}

export function makeCard(channel: string, api: ChannelsApi, run: Run): Card {
    const badge = el('span', { class: 'badge' });
    const viewers = el('span');
    const program = el('p', { class: 'program' });
    const list = el('ol', { class: 'source-list' });
    const auto = labelled(el('button', { type: 'button', class: 'button auto',
        click: () => void run(() => api.choose(channel, -1)) }), 'sources.auto');
    const hint = el('p', { class: 'dim small' });
    const sources = el('section', { class: 'part' },
        el('div', { class: 'part-head' }, labelled(el('h3'), 'sources.title'), auto), list, hint);
    const push_list = el('ul', { class: 'source-list' });
    const pushes_part = el('section', { class: 'part', hidden: true },
        el('div', { class: 'part-head' }, labelled(el('h3'), 'pushes.title')), push_list);
    const schedule = makeSchedule({
        save: (body) => run(() => api.setSchedule(channel, body)),
        remove: () => run(() => api.deleteSchedule(channel)),
    });
    const cut = el('button', { type: 'button', class: 'button danger', hidden: true,
        click: () => void run(() => api.cut(channel)) });
    let is_open = true;
    const toggle = el('button', { type: 'button', class: 'switch', role: 'switch',
        click: () => void setOpen() }, el('i', { 'aria-hidden': 'true' }), el('span'));
    let drawn = '';

    async function setOpen(): Promise<void> {
        if (is_open && !await confirmed(t('channels.close_question', { channel }),
            t('channels.close_detail'), t('channels.close'))) {
            return;
        }
        await run(() => api.setOpen(channel, !is_open));
    }

    const element = el('article', { class: 'card channel', 'data-channel': channel },
        el('header', { class: 'channel-head' }, el('h2', {}, channel), badge,
            el('span', { class: 'fact' }, icon('eye'), viewers), el('span', { class: 'spacer' }),
            toggle,
            el('a', { class: 'button', href: `/watch/${channelPath(channel)}`, target: '_blank' },
                icon('open'), labelled(el('span'), 'channels.watch'))),
        el('div', { class: 'part-head' }, program, cut), sources, schedule.element, pushes_part);

    function update(row: ChannelRow, pushes: readonly Push[]): void {
        const state = row.open ? row.state : 'closed';
        is_open = row.open;
        setAttr(badge, 'data-state', state);
        setText(badge, stateWord('state', state));
        setText(viewers, t('channels.viewers', { n: row.viewers }));
        setAttr(toggle, 'aria-checked', String(row.open));
        setText(toggle.lastElementChild ?? toggle, t(row.open ? 'channels.open' : 'channels.closed'));
        setText(program, programText(row));
        show(cut, row.delay_s > 0);
        setText(cut, t('channels.cut', { n: row.delay_s }));
        setAttr(auto, 'aria-pressed', String(!row.manual));
        setText(hint, t(row.manual ? 'sources.manual_hint' : 'sources.auto_hint'));
        show(sources, row.sources.length > 0);
        show(pushes_part, pushes.length > 0);
        schedule.update(row.schedule);
        // Rows are made anew only when they change: a button must not vanish under a finger.
        const now = JSON.stringify([row.sources, pushes, document.documentElement.lang]);
        if (now !== drawn) {
            drawn = now;
            list.replaceChildren(...row.sources.map((source) => sourceRow(source,
                () => void run(() => api.choose(channel, source.index)))));
            push_list.replaceChildren(...pushes.map((push) => pushRow(push,
                (on) => void run(() => api.setPush(push.id, on)))));
        }
    }

    return { element, update };
}
