// SPDX-License-Identifier: Apache-2.0
// The bar to seek on: what was played and loaded, gaps, and a thumbnail beside the pointer.

import { t } from '../i18n';
import { el, setAttr } from '../ui/dom';
import { makePreview } from './preview';
import type { Thumbnails } from './thumbs';

const STEP_S = 5;
const PAGE_S = 60;

// What the bar shows; all in seconds of the element.
export interface SeekState {
    start_s: number;
    end_s: number;
    position_s: number;
    buffered_s: number;
    // Places where something is missing.
    gaps: readonly number[];
}

export interface SeekbarOptions {
    // Words for a place: under the thumbnail, and for those who listen.
    label(position_s: number): string;
    // Recording time of a place, for its thumbnail; null: not known.
    time_ms(position_s: number): number | null;
    seek(position_s: number): void;
    thumbs(): Thumbnails | null;
}

export interface Seekbar {
    element: HTMLElement;
    update(state: SeekState): void;
    // For keys that were pressed elsewhere.
    onKey(event: KeyboardEvent): boolean;
    redrawPreview(): void;
    readonly dragging: boolean;
}

export function fractionAt(client_x: number, left: number, width: number): number {
    return width > 0 ? Math.min(1, Math.max(0, (client_x - left) / width)) : 0;
}

// Where a key leads; null: it is not for the bar.
export function keyTarget(key: string, { start_s, end_s, position_s }: SeekState): number | null {
    const clamp = (at_s: number): number => Math.min(end_s, Math.max(start_s, at_s));
    switch (key) {
    case 'ArrowLeft':
        return clamp(position_s - STEP_S);
    case 'ArrowRight':
        return clamp(position_s + STEP_S);
    case 'PageDown':
        return clamp(position_s - PAGE_S);
    case 'PageUp':
        return clamp(position_s + PAGE_S);
    case 'Home':
        return start_s;
    case 'End':
        return end_s;
    default:
        return null;
    }
}

export function makeSeekbar(options: SeekbarOptions): Seekbar {
    const loaded = el('i', { class: 'seek-loaded' });
    const played = el('i', { class: 'seek-played' });
    const knob = el('i', { class: 'seek-knob' });
    const marks = el('div', { class: 'seek-gaps', 'aria-hidden': 'true' });
    const preview = makePreview(options);
    const element = el('div', { class: 'seekbar', role: 'slider', tabindex: '0' },
        el('div', { class: 'seek-track' }, loaded, played, marks), knob, preview.element);
    let state: SeekState = { start_s: 0, end_s: 0, position_s: 0, buffered_s: 0, gaps: [] };
    let drag_s: number | null = null;
    let gaps_drawn = '';

    const fractionOf = (position_s: number): number => {
        const length_s = state.end_s - state.start_s;
        return length_s > 0
            ? Math.min(1, Math.max(0, (position_s - state.start_s) / length_s)) : 0;
    };
    const positionAt = (event: PointerEvent): number => {
        const { left, width } = element.getBoundingClientRect();
        return state.start_s + fractionAt(event.clientX, left, width) * (state.end_s - state.start_s);
    };
    const point = (event: PointerEvent): void => {
        const position_s = positionAt(event);
        if (drag_s !== null) {
            drag_s = position_s;
            draw();
        }
        preview.showAt(fractionOf(position_s), position_s);
    };

    element.addEventListener('pointerdown', (event) => {
        if (event.button !== 0) {
            return;
        }
        element.setPointerCapture(event.pointerId);
        drag_s = positionAt(event);
        point(event);
    });
    element.addEventListener('pointermove', point);
    element.addEventListener('pointerleave', () => drag_s === null && preview.hide());
    element.addEventListener('pointerup', (event) => {
        if (drag_s !== null) {
            options.seek(drag_s);
            drag_s = null;
        }
        if (event.pointerType !== 'mouse') {
            preview.hide();
        }
    });
    element.addEventListener('pointercancel', () => {
        drag_s = null;
        preview.hide();
    });

    function onKey(event: KeyboardEvent): boolean {
        const target_s = event.ctrlKey || event.metaKey || event.altKey
            ? null : keyTarget(event.key, state);
        if (target_s === null) {
            return false;
        }
        event.preventDefault();
        event.stopPropagation();
        options.seek(target_s);
        return true;
    }
    element.addEventListener('keydown', (event) => void onKey(event));

    function drawGaps(): void {
        const wanted = state.gaps.map((at_s) => (fractionOf(at_s) * 100).toFixed(2));
        if (wanted.join() !== gaps_drawn) {
            gaps_drawn = wanted.join();
            marks.replaceChildren(...wanted.map((left) => {
                const mark = el('i');
                mark.style.left = `${left}%`;
                return mark;
            }));
        }
    }

    function draw(): void {
        const position_s = drag_s ?? state.position_s;
        const percent = `${(fractionOf(position_s) * 100).toFixed(3)}%`;
        played.style.width = percent;
        knob.style.left = percent;
        loaded.style.width = `${(fractionOf(state.buffered_s) * 100).toFixed(2)}%`;
        setAttr(element, 'aria-label', t('seek.label'));
        setAttr(element, 'aria-valuemin', String(Math.round(state.start_s)));
        setAttr(element, 'aria-valuemax', String(Math.round(state.end_s)));
        setAttr(element, 'aria-valuenow', String(Math.round(position_s)));
        setAttr(element, 'aria-valuetext', options.label(position_s));
        drawGaps();
    }

    return {
        element,
        onKey,
        redrawPreview: preview.redraw,
        update: (now) => {
            state = now;
            draw();
        },
        get dragging() {
            return drag_s !== null;
        },
    };
}
