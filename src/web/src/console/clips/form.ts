// SPDX-License-Identifier: Apache-2.0
// Name, precision, and the button that makes the clip.

import { type Key, t } from '../../i18n';
import { el, labelled, setText, show } from '../../ui/dom';
import { exactText } from '../../vod/clock';
import type { AdminApi, Clip, Precision } from '../api';
import { errorText } from '../errors';

const PRECISIONS: readonly Precision[] = ['frame', 'keyframe'];
// The server takes 200 bytes, in which a Chinese sign takes three.
const MAX_TITLE_BYTES = 200;
const MIN_MS = 1;

export interface FormOptions {
    api: AdminApi;
    source: string;
    // What is chosen; the end of a live is where it was when the button is pressed.
    bounds(): { from_ms: number; to_ms: number };
    onMade(clip: Clip): void;
}

export interface ClipForm {
    element: HTMLElement;
    update(): void;
    focus(): void;
}

// As many whole signs as fit.
export function cutTitle(title: string, max_bytes = MAX_TITLE_BYTES): string {
    let left = max_bytes;
    let kept = '';
    for (const sign of title.trim()) {
        left -= new TextEncoder().encode(sign).length;
        if (left < 0) {
            break;
        }
        kept += sign;
    }
    return kept;
}

function precisionChoice(): { element: HTMLElement; value(): Precision } {
    const inputs = PRECISIONS.map((precision) => el('input', { type: 'radio', name: 'precision',
        value: precision, checked: precision === 'frame' }));
    const element = el('fieldset', { class: 'precision' }, labelled(el('legend'), 'clips.precision'),
        ...PRECISIONS.map((precision, i) => el('label', {}, inputs[i] ?? null,
            el('span', {}, labelled(el('strong'), `clips.precision_${precision}` as Key),
                labelled(el('small', { class: 'dim' }), `clips.precision_${precision}_hint` as Key)))));
    return { element, value: () => PRECISIONS.find((_p, i) => inputs[i]?.checked) ?? 'frame' };
}

export function makeForm(options: FormOptions): ClipForm {
    const name = labelled(el('input', { type: 'text', class: 'field', id: 'clip-name',
        maxlength: String(MAX_TITLE_BYTES), autocomplete: 'off' }), 'clips.name_hint', 'placeholder');
    const precision = precisionChoice();
    const length = el('span', { class: 'length' });
    const make = labelled(el('button', { type: 'submit', class: 'button strong make' }), 'clips.make');
    const said = el('p', { class: 'said', role: 'status', hidden: true });
    let busy = false;

    function say(text: string, bad: boolean): void {
        setText(said, text);
        said.classList.toggle('trouble', bad);
        show(said, true);
    }

    async function submit(): Promise<void> {
        const { from_ms, to_ms } = options.bounds();
        if (busy || to_ms - from_ms < MIN_MS) {
            return;
        }
        busy = true;
        update();
        try {
            const clip = await options.api.cut(options.source, {
                from: Math.round(from_ms * 1000) / 1000,
                to: Math.round(to_ms * 1000) / 1000,
                title: cutTitle(name.value),
                precision: precision.value(),
            });
            say(t('clips.making'), false);
            name.value = '';
            options.onMade(clip);
        } catch (error) {
            say(errorText(error), true);
        } finally {
            busy = false;
            update();
        }
    }

    function update(): void {
        const { from_ms, to_ms } = options.bounds();
        const enough = to_ms - from_ms >= MIN_MS;
        make.disabled = busy || !enough;
        setText(length, enough ? exactText(to_ms - from_ms) : '–');
    }

    const element = el('form', { class: 'clip-form', submit: (event) => {
        event.preventDefault();
        void submit();
    } },
        el('label', { for: 'clip-name' }, labelled(el('span'), 'clips.name')), name, precision.element,
        el('div', { class: 'row spread' }, el('span', {}, labelled(el('span', { class: 'dim' }),
            'clips.length'), ' ', length), make), said);

    return { element, update, focus: () => name.focus() };
}
