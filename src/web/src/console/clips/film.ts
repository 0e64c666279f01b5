// SPDX-License-Identifier: Apache-2.0
// Draws the timeline: ruler, film, what is chosen, gaps.

import { t } from '../../i18n';
import { duration } from '../../ui/format';
import { exactText } from '../../vod/clock';
import type { Gap } from '../../vod/recording';
import type { Thumbnails } from '../../vod/thumbs';
import { filmSlots, ticks, type View, xOf } from './view';

export const RULER_HEIGHT = 24;
export const FILM_HEIGHT = 62;

const TICK_ROOM = 84;

export interface FilmState {
    view: View;
    length_ms: number;
    from_ms: number;
    to_ms: number;
    chosen: boolean;
    gaps: readonly Gap[];
    thumbs: Thumbnails | null;
}

function drawRuler(context: CanvasRenderingContext2D, width: number, { view, length_ms }: FilmState): void {
    const fine = view.to_ms - view.from_ms < 20_000;
    context.fillStyle = '#9aa7bd';
    context.strokeStyle = '#3a4761';
    context.font = '12px system-ui, sans-serif';
    context.textBaseline = 'middle';
    context.beginPath();
    for (const at_ms of ticks(view, width, TICK_ROOM)) {
        const x = Math.round(xOf(view, width, at_ms)) + 0.5;
        if (at_ms <= length_ms) {
            context.moveTo(x, RULER_HEIGHT - 6);
            context.lineTo(x, RULER_HEIGHT);
            context.fillText(fine ? exactText(at_ms).replace(/00$/, '') : duration(at_ms / 1000), x + 4,
                RULER_HEIGHT / 2);
        }
    }
    context.stroke();
}

function drawPictures(context: CanvasRenderingContext2D, width: number, state: FilmState): void {
    const { view, thumbs, length_ms } = state;
    const slot = Math.max(24, Math.round(FILM_HEIGHT * (thumbs?.ratio ?? 16 / 9)));
    context.fillStyle = '#141a26';
    context.fillRect(0, RULER_HEIGHT, width, FILM_HEIGHT);
    if (!thumbs?.known) {
        return;
    }
    for (const { x, at_ms } of filmSlots(view, width, slot)) {
        thumbs.draw(context, Math.min(at_ms, length_ms), x, RULER_HEIGHT, slot - 1, FILM_HEIGHT);
    }
    // What is not recorded yet.
    const end_x = xOf(view, width, length_ms);
    context.fillStyle = '#0b0e14';
    context.fillRect(end_x, RULER_HEIGHT, Math.max(0, width - end_x), FILM_HEIGHT);
}

function drawGaps(context: CanvasRenderingContext2D, width: number, { view, gaps }: FilmState): void {
    context.font = '600 11px system-ui, sans-serif';
    context.textBaseline = 'top';
    for (const gap of gaps) {
        const x = Math.round(xOf(view, width, gap.at_ms));
        if (x < -2 || x > width) {
            continue;
        }
        context.fillStyle = '#ffc069';
        context.fillRect(x - 2, RULER_HEIGHT, 4, FILM_HEIGHT);
        const words = t('clips.gap', { time: duration(gap.duration_ms / 1000) });
        const { width: room } = context.measureText(words);
        const left = Math.min(x + 2, width - room - 10);
        context.fillRect(left, RULER_HEIGHT, room + 10, 16);
        context.fillStyle = '#2b1d05';
        context.fillText(words, left + 5, RULER_HEIGHT + 3);
    }
}

function drawChosen(context: CanvasRenderingContext2D, width: number, state: FilmState): void {
    if (!state.chosen) {
        return;
    }
    const left = Math.max(0, xOf(state.view, width, state.from_ms));
    const right = Math.min(width, Math.max(left, xOf(state.view, width, state.to_ms)));
    context.fillStyle = 'rgba(8, 10, 15, .66)';
    context.fillRect(0, RULER_HEIGHT, left, FILM_HEIGHT);
    context.fillRect(right, RULER_HEIGHT, width - right, FILM_HEIGHT);
    context.fillStyle = '#4fd1b5';
    context.fillRect(left, RULER_HEIGHT, right - left, 3);
    context.fillRect(left, RULER_HEIGHT + FILM_HEIGHT - 3, right - left, 3);
}

export function drawFilm(canvas: HTMLCanvasElement, state: FilmState): void {
    const context = canvas.getContext('2d');
    const width = canvas.clientWidth;
    const scale = Math.min(window.devicePixelRatio || 1, 2);
    if (context === null || width === 0) {
        return;
    }
    const height = RULER_HEIGHT + FILM_HEIGHT;
    if (canvas.width !== Math.round(width * scale) || canvas.height !== Math.round(height * scale)) {
        canvas.width = Math.round(width * scale);
        canvas.height = Math.round(height * scale);
    }
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.clearRect(0, 0, width, height);
    drawRuler(context, width, state);
    drawPictures(context, width, state);
    drawChosen(context, width, state);
    drawGaps(context, width, state);
}
