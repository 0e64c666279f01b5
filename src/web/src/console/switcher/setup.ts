// SPDX-License-Identifier: Apache-2.0
// A channel without a composite: which inputs it should have.

import { t } from '../../i18n';
import { el, labelled } from '../../ui/dom';
import type { SwitchChannel } from './model';

const MAX_INPUTS = 8;

export interface SetupView {
    element: HTMLElement;
    update(channels: readonly SwitchChannel[]): void;
}

export function makeSetup(make: (inputs: string[]) => void): SetupView {
    let wanted: string[] = [];
    let drawn = '';
    const list = el('ul', { class: 'plain-list' });
    const button = labelled(el('button', { type: 'submit', class: 'button strong', disabled: true }),
        'switcher.make');
    const element = el('form', { class: 'card cue-part setup', hidden: true, submit: (event) => {
        event.preventDefault();
        make(wanted);
    } }, labelled(el('p', { class: 'dim' }), 'switcher.none'), list, el('div', { class: 'row end' }, button));

    function choose(name: string, on: boolean): void {
        wanted = on ? [...wanted, name].slice(0, MAX_INPUTS) : wanted.filter((other) => other !== name);
        drawn = '';
        button.disabled = wanted.length === 0;
    }

    function row({ channel, live }: SwitchChannel): HTMLElement {
        const box = el('input', { type: 'checkbox', value: channel, change: () => {
            choose(channel, box.checked);
            numbers();
        } });
        box.checked = wanted.includes(channel);
        return el('li', {}, el('label', { class: 'check' }, box, el('b', { class: 'order' }),
            el('span', {}, channel), live ? el('span', { class: 'badge', 'data-state': 'live' }, t('state.live')) : null));
    }

    // In which order they were chosen.
    function numbers(): void {
        for (const item of list.querySelectorAll('label')) {
            const at = wanted.indexOf(item.querySelector('input')?.value ?? '');
            const order = item.querySelector('.order');
            if (order) {
                order.textContent = at < 0 ? '' : String(at + 1);
            }
        }
    }

    function update(channels: readonly SwitchChannel[]): void {
        const now = JSON.stringify([channels, document.documentElement.lang]);
        if (now !== drawn) {
            drawn = now;
            wanted = wanted.filter((name) => channels.some(({ channel }) => channel === name));
            button.disabled = wanted.length === 0;
            list.replaceChildren(...channels.map(row));
            numbers();
        }
    }

    return { element, update };
}
