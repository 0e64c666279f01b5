// SPDX-License-Identifier: Apache-2.0
// What was prepared: one click, or a number key, shows it.

import { type CueKind, pictureOf } from '../../cues/cue';
import { t } from '../../i18n';
import { el, type Icon, icon, labelled, show } from '../../ui/dom';
import { type Prepared, priceOf, titleOf } from './model';

const KEYS = 9;
const ICONS: Readonly<Record<CueKind, Icon>> =
    { product: 'card', coupon: 'ticket', draw: 'gift', text: 'words', custom: 'words' };
const MANY = 8;

export interface PreparedActions {
    fire(prepared: Prepared): void;
    edit(prepared: Prepared): void;
    remove(prepared: Prepared): void;
}

export interface PreparedList {
    element: HTMLElement;
    update(list: readonly Prepared[], running: ReadonlySet<string>): void;
    // True: the key was one of this list.
    onKey(event: KeyboardEvent): boolean;
}

function card(prepared: Prepared, index: number, runs: boolean, actions: PreparedActions): HTMLElement {
    const name = titleOf(prepared);
    const picture = pictureOf({ ...prepared, revision: 1, ended: false, wall_ms: null, at_ms: null,
        duration_ms: null });
    const tool = (symbol: 'trash' | 'pencil', label: string, act: () => void): HTMLElement =>
        el('button', { type: 'button', class: 'button small quiet', 'aria-label': label, title: label,
            click: act }, icon(symbol));
    const fire = el('button', { type: 'button', class: 'fire', click: () => actions.fire(prepared),
        'aria-label': t('cues.fire_label', { name }) },
    picture === null ? el('span', { class: 'thumb' }, icon(ICONS[prepared.kind])) : el('img', { class: 'thumb', src: picture, alt: '' }),
    el('span', { class: 'fire-name' }, el('strong', {}, name),
        el('span', { class: 'dim small' }, [t(`cue.${prepared.kind}`), priceOf(prepared)].filter(Boolean).join(' · '))),
    index < KEYS ? el('kbd', {}, String(index + 1)) : null);
    return el('li', { class: 'prepared', 'data-id': prepared.id, 'data-runs': String(runs) }, fire,
        tool('pencil', t('cues.edit_label', { name }), () => actions.edit(prepared)),
        tool('trash', t('cues.delete_label', { name }), () => actions.remove(prepared)));
}

export function makePrepared(actions: PreparedActions): PreparedList {
    const find = labelled(labelled(el('input', { type: 'search', class: 'field find', hidden: true,
        input: () => redraw() }), 'cues.find', 'placeholder'), 'cues.find', 'aria-label');
    const none = labelled(el('p', { class: 'dim' }), 'cues.none_prepared');
    const list = el('ol', { class: 'prepared-list' });
    const element = el('section', { class: 'card cue-part', id: 'prepared' },
        el('div', { class: 'part-head' }, labelled(el('h2'), 'cues.prepared'), find),
        labelled(el('p', { class: 'dim small' }), 'cues.prepared_hint'), none, list);
    let all: readonly Prepared[] = [];
    let runs: ReadonlySet<string> = new Set();
    let drawn = '';

    function chosen(): Prepared[] {
        const wanted = find.value.trim().toLowerCase();
        return all.filter((one) => `${titleOf(one)} ${one.id} ${String(one.data.sku ?? '')}`
            .toLowerCase().includes(wanted));
    }

    function redraw(): void {
        const now = chosen();
        const state = JSON.stringify([now, [...runs], document.documentElement.lang]);
        show(none, all.length === 0);
        show(find, all.length > MANY);
        if (state !== drawn) {
            drawn = state;
            list.replaceChildren(...now.map((one, i) => card(one, i, runs.has(titleOf(one)), actions)));
        }
    }

    function update(next: readonly Prepared[], running: ReadonlySet<string>): void {
        all = next;
        runs = running;
        redraw();
    }

    function onKey({ key }: KeyboardEvent): boolean {
        const found = /^[1-9]$/.test(key) ? chosen()[Number(key) - 1] : undefined;
        if (found !== undefined) {
            actions.fire(found);
        }
        return found !== undefined;
    }

    return { element, update, onKey };
}
