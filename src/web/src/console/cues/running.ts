// SPDX-License-Identifier: Apache-2.0
// The cues that run or are still to begin.

import { t } from '../../i18n';
import type { Json } from '../../json';
import { el, labelled, setText, show } from '../../ui/dom';
import { duration } from '../../ui/format';
import { priceOf, type RunningCue, timeOf, titleOf } from './model';

export interface RunningActions {
    end(cue: RunningCue): void;
    change(cue: RunningCue, change: Json): void;
}

export interface RunningList {
    element: HTMLElement;
    update(channel: string, cues: readonly RunningCue[]): void;
}

function timeText(cue: RunningCue): string {
    const { state, left_s } = timeOf(cue, Date.now());
    if (state === 'soon') {
        return t('cues.begins_in', { time: duration(left_s) });
    }
    return state === 'open' ? t('cues.open_end') : t('cues.left', { time: duration(left_s) });
}

// The price, which can be written anew: one line and Enter.
function priceForm(cue: RunningCue, actions: RunningActions): HTMLElement {
    const input = el('input', { type: 'text', class: 'field price', maxlength: '20',
        'aria-label': t('cues.field.price'), autocomplete: 'off' });
    input.value = priceOf(cue);
    return el('form', { class: 'reprice', submit: (event) => {
        event.preventDefault();
        actions.change(cue, { data: { price: input.value.trim() } });
    } }, input, el('button', { type: 'submit', class: 'button small' }, t('cues.reprice')));
}

function row(cue: RunningCue, channel: string, actions: RunningActions): HTMLElement {
    const inherited = cue.channel !== '' && cue.channel !== channel;
    const stop = inherited
        ? el('button', { type: 'button', class: 'button small',
            click: () => actions.change(cue, { hidden: true }) }, t('cues.hide'))
        : el('button', { type: 'button', class: 'button small danger',
            click: () => actions.end(cue) }, t('cues.end'));
    return el('li', { class: 'running', 'data-cue': cue.id },
        el('span', { class: 'running-name' }, el('strong', {}, titleOf(cue)),
            el('span', { class: 'dim small' }, [t(`cue.${cue.kind}`),
                inherited ? t('cues.from', { channel: cue.channel }) : ''].filter(Boolean).join(' · '))),
        el('span', { class: 'running-time' }, timeText(cue)),
        el('span', { class: 'row end running-tools' },
            cue.kind === 'product' ? priceForm(cue, actions) : null, stop));
}

export function makeRunning(actions: RunningActions): RunningList {
    const none = labelled(el('p', { class: 'dim' }), 'cues.none_running');
    const list = el('ul', { class: 'plain-list' });
    const element = el('section', { class: 'card cue-part', id: 'running' },
        labelled(el('h2'), 'cues.running'), none, list);
    let drawn = '';

    // A price that is being written must not vanish, so rows are made anew only when they change.
    function update(channel: string, cues: readonly RunningCue[]): void {
        const now = JSON.stringify([channel, document.documentElement.lang,
            cues.map(({ id, revision, data }) => [id, revision, data])]);
        show(none, cues.length === 0);
        if (now !== drawn) {
            drawn = now;
            list.replaceChildren(...cues.map((cue) => row(cue, channel, actions)));
        }
        cues.forEach((cue, i) => {
            const time = list.children[i]?.querySelector('.running-time');
            if (time) {
                setText(time, timeText(cue));
            }
        });
    }

    return { element, update };
}
