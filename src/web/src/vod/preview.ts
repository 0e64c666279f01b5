// SPDX-License-Identifier: Apache-2.0
// The bubble above a bar: a thumbnail and the time of the place that is pointed at.

import { el, setText, show } from '../ui/dom';
import type { Thumbnails } from './thumbs';

const THUMB_WIDTH = 160;

export interface PreviewOptions {
    label(position_s: number): string;
    // Recording time of a place, for its thumbnail; null: not known.
    time_ms(position_s: number): number | null;
    thumbs(): Thumbnails | null;
}

export interface Preview {
    element: HTMLElement;
    showAt(fraction: number, position_s: number): void;
    hide(): void;
    // A picture has come.
    redraw(): void;
}

export function makePreview(options: PreviewOptions): Preview {
    const canvas = el('canvas', { width: String(THUMB_WIDTH), height: '90' });
    const words = el('span');
    const element = el('div', { class: 'seek-preview', hidden: true, 'aria-hidden': 'true' },
        canvas, words);

    let last: [number, number] | null = null;

    function showAt(fraction: number, position_s: number): void {
        last = [fraction, position_s];
        const thumbs = options.thumbs();
        const at_ms = options.time_ms(position_s);
        const context = canvas.getContext('2d');
        let drawn = false;
        if (thumbs?.known && at_ms !== null && context !== null) {
            const height = Math.round(THUMB_WIDTH / thumbs.ratio);
            if (canvas.height !== height) {
                canvas.height = height;
            }
            drawn = thumbs.draw(context, at_ms, 0, 0, THUMB_WIDTH, height);
        }
        // A picture that is still on its way leaves its place to the one before.
        show(canvas, drawn || (!canvas.hidden && thumbs?.known === true));
        setText(words, options.label(position_s));
        show(element, true);
        const room = element.parentElement?.clientWidth ?? 0;
        const half = element.offsetWidth / 2;
        const x = Math.min(Math.max(fraction * room, half), Math.max(half, room - half));
        element.style.left = `${x}px`;
    }

    return {
        element,
        showAt,
        hide: () => {
            last = null;
            show(element, false);
        },
        redraw: () => last !== null && showAt(...last),
    };
}
