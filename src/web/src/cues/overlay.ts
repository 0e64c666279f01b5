// SPDX-License-Identifier: Apache-2.0
// Cards over the picture. Knows nothing of players: it is told what is to be seen now.

import { t } from '../i18n';
import { text } from '../json';
import { el, setText } from '../ui/dom';
import { cardUrl, type Cue, linkOf, pictureOf } from './cue';
import { type Cards, changesOf, countdownOf } from './cards';
import type { Shown } from './timeline';

// As long as the style sheet's slides.
const LEAVE_MS = 260;
const MAX_PRELOADED = 24;

export interface CueOverlay {
    element: HTMLElement;
    // `now_ms` is on the clock of `begun_ms`.
    show(shown: readonly Shown[], now_ms: number): void;
    // One that will be shown soon: its picture should be there in time.
    prepare(cue: Cue): void;
    clear(): void;
}

interface Card {
    element: HTMLElement;
    fill(cue: Cue): void;
    tick(shown: Shown, now_ms: number): void;
}

// What every browser can read aloud.
function spoken(cue: Cue): string {
    const { data } = cue;
    const price = text(data.price) || (typeof data.price === 'number' ? String(data.price) : '');
    return [text(data.title), text(data.amount), text(data.prize), text(data.code), price,
        text(data.text)].filter((part) => part !== '').join(' · ') || t(`cue.${cue.kind}`);
}

// The same in plain HTML, until the server's card is there and where it cannot be had.
function plainCard(cue: Cue): HTMLElement {
    const { data } = cue;
    const picture = pictureOf(cue);
    const word = (value: unknown): string => (typeof value === 'number' ? String(value) : text(value));
    const line = (name: string, value: string): HTMLElement | null =>
        (value === '' ? null : el('span', { class: `cue-${name}` }, value));
    const old_price = word(data.old_price);
    return el('span', { class: 'cue-plain' },
        picture === null ? null : el('img', { src: picture, alt: '' }),
        line('title', word(data.title) || t(`cue.${cue.kind}`)),
        line('price', word(data.price) || word(data.amount) || word(data.prize)),
        old_price === '' ? null : el('s', { class: 'dim' }, old_price),
        line('code', word(data.code)));
}

function makeCard(kind: Cue['kind'], urlOf: (cue: Cue) => string | null): Card {
    const body = el('a', { class: 'cue-body', target: '_blank', rel: 'noopener' });
    const left = el('span', { class: 'cue-left', role: 'timer', hidden: true });
    const element = el('div', { class: `cue cue-${kind}` }, body, left);
    let wanted: string | null = null;

    function fill(cue: Cue): void {
        element.dataset.cue = cue.id;
        element.dataset.revision = String(cue.revision);
        const link = linkOf(cue);
        if (link === null) {
            body.removeAttribute('href');
        } else {
            body.href = link;
        }
        body.setAttribute('aria-label', spoken(cue));
        if (kind === 'text') {
            setText(body, text(cue.data.text));
            return;
        }
        const url = urlOf(cue);
        wanted = url;
        if (url === null) {
            body.replaceChildren(plainCard(cue));
            return;
        }
        const image = el('img', { class: 'cue-card', alt: '', draggable: 'false' });
        const place = (): void => {
            if (wanted === url) {
                body.replaceChildren(image);
            }
        };
        image.addEventListener('error', () => wanted === url && body.replaceChildren(plainCard(cue)));
        image.addEventListener('load', place);
        image.src = url;
        if (image.complete && image.naturalWidth > 0) {
            place();
        } else if (body.childElementCount === 0) {
            body.replaceChildren(plainCard(cue));
        }
    }

    function tick({ cue, begun_ms }: Shown, now_ms: number): void {
        const rest = countdownOf(cue, begun_ms, now_ms, Date.now());
        left.hidden = rest === null;
        setText(left, rest ?? '');
    }

    return { element, fill, tick };
}

export function makeCueOverlay(channel: string, search: string,
    urlOf = (cue: Cue): string | null => cardUrl(channel, cue, search)): CueOverlay {
    const texts = el('div', { class: 'cue-texts' });
    const cards = el('div', { class: 'cue-cards' });
    const element = el('div', { class: 'cues', 'aria-live': 'polite' }, texts, cards);
    const here = new Map<string, Card>();
    const preloaded: HTMLImageElement[] = [];
    let drawn: Cards = new Map();

    function leave(id: string): void {
        const card = here.get(id);
        here.delete(id);
        if (card !== undefined) {
            card.element.classList.add('leaving');
            card.element.removeAttribute('data-cue');
            window.setTimeout(() => card.element.remove(), LEAVE_MS);
        }
    }

    function enter({ cue }: Shown): void {
        const card = makeCard(cue.kind, urlOf);
        here.set(cue.id, card);
        card.fill(cue);
        (cue.kind === 'text' ? texts : cards).append(card.element);
    }

    function show(shown: readonly Shown[], now_ms: number): void {
        const changes = changesOf(drawn, shown);
        drawn = changes.now;
        changes.left.forEach(leave);
        changes.entered.forEach(enter);
        changes.changed.forEach(({ cue }) => here.get(cue.id)?.fill(cue));
        changes.now.forEach((one, id) => here.get(id)?.tick(one, now_ms));
    }

    function prepare(cue: Cue): void {
        const url = urlOf(cue);
        if (url !== null && !cue.ended && !preloaded.some((image) => image.dataset.url === url)) {
            const image = new Image();
            image.dataset.url = url;
            image.src = url;
            preloaded.push(image);
            preloaded.splice(0, preloaded.length - MAX_PRELOADED);
        }
    }

    return { element, show, prepare, clear: () => show([], 0) };
}
