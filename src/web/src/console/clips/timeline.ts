// SPDX-License-Identifier: Apache-2.0
// The timeline that is dragged and zoomed: film to scrub on, ruler to move, two handles.

import { type Key, t } from '../../i18n';
import { el, setAttr, show } from '../../ui/dom';
import { exactText } from '../../vod/clock';
import { makePreview } from '../../vod/preview';
import type { Gap } from '../../vod/recording';
import type { Thumbnails } from '../../vod/thumbs';
import { drawFilm, RULER_HEIGHT } from './film';
import { pinchOf, type Touch } from './pinch';
import { atX, clampView, follow, panBy, type View, viewOf, wholeView, xOf, zoomAt } from './view';

const ZOOM_STEP = 0.6;
const WHEEL_STEP = 1.0015;
const GRIP_WIDTH = 12;

export interface TimelineState {
    length_ms: number;
    position_ms: number;
    from_ms: number;
    to_ms: number;
    chosen: boolean;
    gaps: readonly Gap[];
    // Keeps the position in sight.
    following: boolean;
}

export interface TimelineOptions {
    thumbs(): Thumbnails | null;
    // `final`: the finger has left.
    onScrub(at_ms: number, final: boolean): void;
    onEdge(edge: 'in' | 'out', at_ms: number, final: boolean): void;
    // A key on a handle: so many frames on.
    onNudge(edge: 'in' | 'out', frames: number): void;
}

export interface Timeline {
    element: HTMLElement;
    update(state: TimelineState): void;
    // A picture has come.
    redraw(): void;
    zoom(way: 'in' | 'out' | 'range' | 'whole'): void;
    readonly dragging: boolean;
}

type Grip = 'scrub' | 'pan' | 'in' | 'out';

export function makeTimeline(options: TimelineOptions): Timeline {
    const canvas = el('canvas', { class: 'film' });
    const needle = el('i', { class: 'needle', 'aria-hidden': 'true' });
    const handles = { in: makeHandle('in'), out: makeHandle('out') };
    const preview = makePreview({
        label: (at_s) => exactText(at_s * 1000),
        time_ms: (at_s) => at_s * 1000,
        thumbs: options.thumbs,
    });
    const element = el('div', { class: 'timeline' }, canvas, needle,
        el('div', { class: 'handles' }, handles.in, handles.out), preview.element);
    let state: TimelineState = { length_ms: 0, position_ms: 0, from_ms: 0, to_ms: 0, chosen: false,
        gaps: [], following: true };
    let view: View = wholeView(0);
    let whole = true;
    let grip: { kind: Grip; last_x: number } | null = null;
    const touches = new Map<number, Touch>();

    function makeHandle(edge: 'in' | 'out'): HTMLElement {
        const handle = el('div', { class: `handle handle-${edge}`, role: 'slider', tabindex: '0',
            keydown: (event) => {
                const { key, shiftKey } = event as KeyboardEvent;
                const way = { ArrowLeft: -1, ArrowRight: 1 }[key];
                if (way !== undefined && !shiftKey) {
                    event.preventDefault();
                    event.stopPropagation();
                    options.onNudge(edge, way);
                }
            } });
        return handle;
    }

    const width = (): number => canvas.clientWidth;
    const timeAt = (client_x: number): number => {
        const at_ms = atX(view, width(), client_x - canvas.getBoundingClientRect().left);
        return Math.min(Math.max(0, at_ms), state.length_ms);
    };
    const setView = (next: View): void => {
        view = next;
        whole = view.from_ms === 0 && view.to_ms >= state.length_ms;
        draw();
    };

    function move(client_x: number, final: boolean): void {
        if (grip === null) {
            return;
        }
        const at_ms = timeAt(client_x);
        if (grip.kind === 'pan') {
            const by = client_x - grip.last_x;
            grip.last_x = client_x;
            setView(panBy(view, -(by / Math.max(1, width())) * (view.to_ms - view.from_ms),
                state.length_ms));
        } else if (grip.kind === 'scrub') {
            options.onScrub(at_ms, final);
        } else {
            options.onEdge(grip.kind, at_ms, final);
        }
    }

    function gripOf(event: PointerEvent): Grip {
        if (event.target === handles.in || event.target === handles.out) {
            return event.target === handles.in ? 'in' : 'out';
        }
        return event.clientY - canvas.getBoundingClientRect().top < RULER_HEIGHT ? 'pan' : 'scrub';
    }

    element.addEventListener('pointerdown', (event) => {
        if (event.button !== 0) {
            return;
        }
        element.setPointerCapture(event.pointerId);
        touches.set(event.pointerId, { x: event.clientX, y: event.clientY });
        grip = touches.size === 1 ? { kind: gripOf(event), last_x: event.clientX } : null;
        move(event.clientX, false);
    });
    element.addEventListener('pointermove', (event) => {
        const before = [...touches.values()];
        if (touches.has(event.pointerId)) {
            touches.set(event.pointerId, { x: event.clientX, y: event.clientY });
        }
        const after = [...touches.values()];
        const [first, second] = before;
        if (first && second && after[0] && after[1]) {
            const pinch = pinchOf([first, second], [after[0], after[1]]);
            const { left } = canvas.getBoundingClientRect();
            const at_ms = atX(view, width(), pinch.from_x - left);
            const zoomed = zoomAt(view, at_ms, pinch.factor, state.length_ms);
            const by_ms = ((pinch.to_x - pinch.from_x) / Math.max(1, width()))
                * (zoomed.to_ms - zoomed.from_ms);
            setView(panBy(zoomed, -by_ms, state.length_ms));
            preview.hide();
            return;
        }
        move(event.clientX, false);
        const pans = grip?.kind === 'pan' || (grip === null && gripOf(event) === 'pan');
        if (pans || state.length_ms === 0) {
            preview.hide();
        } else {
            const at_ms = timeAt(event.clientX);
            preview.showAt(xOf(view, width(), at_ms) / Math.max(1, width()), at_ms / 1000);
        }
    });
    const release = (event: PointerEvent): void => {
        touches.delete(event.pointerId);
        if (event.type === 'pointerup') {
            move(event.clientX, true);
        }
        grip = null;
        if (event.pointerType !== 'mouse') {
            preview.hide();
        }
    };
    element.addEventListener('pointerup', release);
    element.addEventListener('pointercancel', release);
    element.addEventListener('pointerleave', () => grip === null && preview.hide());
    element.addEventListener('wheel', (event) => {
        event.preventDefault();
        const span = view.to_ms - view.from_ms;
        const sideways = event.shiftKey ? event.deltaY || event.deltaX : event.deltaX;
        if (Math.abs(sideways) > Math.abs(event.deltaY) || event.shiftKey) {
            setView(panBy(view, (sideways / Math.max(1, width())) * span, state.length_ms));
        } else {
            setView(zoomAt(view, timeAt(event.clientX), WHEEL_STEP ** event.deltaY, state.length_ms));
        }
    }, { passive: false });

    function zoom(way: 'in' | 'out' | 'range' | 'whole'): void {
        if (way === 'whole') {
            setView(wholeView(state.length_ms));
        } else if (way === 'range') {
            setView(viewOf(state.from_ms, state.to_ms, state.length_ms));
        } else {
            setView(zoomAt(view, state.position_ms, way === 'in' ? ZOOM_STEP : 1 / ZOOM_STEP,
                state.length_ms));
        }
    }

    function place(handle: HTMLElement, edge: 'in' | 'out', at_ms: number): void {
        const x = xOf(view, width(), at_ms);
        show(handle, state.chosen && x >= -1 && x <= width() + 1);
        // At the very ends there would be nothing left of it.
        handle.style.left = `${edge === 'in' ? Math.max(x, GRIP_WIDTH)
            : Math.min(x, width() - GRIP_WIDTH)}px`;
        setAttr(handle, 'aria-label', t(`clips.handle_${edge}` as Key));
        setAttr(handle, 'aria-valuemin', '0');
        setAttr(handle, 'aria-valuemax', String(Math.round(state.length_ms)));
        setAttr(handle, 'aria-valuenow', String(Math.round(at_ms)));
        setAttr(handle, 'aria-valuetext', exactText(at_ms));
    }

    let planned = 0;
    function draw(): void {
        planned ||= window.requestAnimationFrame(() => {
            planned = 0;
            drawFilm(canvas, { ...state, view, thumbs: options.thumbs() });
            const x = xOf(view, width(), state.position_ms);
            show(needle, x >= 0 && x <= width());
            needle.style.left = `${x}px`;
            place(handles.in, 'in', state.from_ms);
            place(handles.out, 'out', state.to_ms);
        });
    }

    function update(next: TimelineState): void {
        const grown = next.length_ms !== state.length_ms;
        state = next;
        if (grown) {
            view = whole ? wholeView(state.length_ms) : clampView(view, state.length_ms);
        }
        if (state.following && grip === null) {
            view = follow(view, state.position_ms, state.length_ms);
        }
        draw();
    }

    return {
        element,
        update,
        redraw: () => {
            preview.redraw();
            draw();
        },
        zoom,
        get dragging() {
            return grip !== null && grip.kind !== 'pan';
        },
    };
}
