// SPDX-License-Identifier: Apache-2.0
// The buttons of the cutting table. Each does what a key does, too.

import { type Key, t } from '../../i18n';
import { el, type Icon, icon, labelled, setAttr, setText, show } from '../../ui/dom';
import type { Action } from './keys';

export interface ToolState {
    playing: boolean;
    rate: number;
    looping: boolean;
    running: boolean;
    can_loop: boolean;
    position: string;
    length: string;
    clock: string;
    in_text: string;
    out_text: string;
}

export interface Tools {
    transport: HTMLElement;
    marks: HTMLElement;
    zoom: HTMLElement;
    update(state: ToolState): void;
}

export function makeTools(act: (action: Action) => void, lasts_s: readonly number[],
    onLast: (seconds: number) => void): Tools {
    const pictured = (picture: Icon[], key: Key, action: Action, extra = ''): HTMLButtonElement =>
        labelled(labelled(el('button', { type: 'button', class: `button square ${extra}`,
            click: () => act(action) }, ...picture.map(icon)), key, 'aria-label'), key, 'title');
    const worded = (key: Key, keys: string, action: Action): HTMLButtonElement =>
        el('button', { type: 'button', class: 'button mark', click: () => act(action) },
            labelled(el('span'), key), el('kbd', { 'aria-hidden': 'true' }, keys));

    const play = pictured(['play', 'pause'], 'control.play', 'toggle', 'control');
    const position = el('strong', { class: 'position' });
    const length = el('span', { class: 'dim' });
    const clock = el('span', { class: 'dim clock' });
    const rate = el('span', { class: 'rate' });
    const transport = el('div', { class: 'transport' },
        pictured(['back'], 'clips.second_back', 'second_back'),
        pictured(['step_back'], 'clips.frame_back', 'frame_back'), play,
        pictured(['step_on'], 'clips.frame_on', 'frame_on'),
        pictured(['forward'], 'clips.second_on', 'second_on'),
        el('span', { class: 'times' }, position, length, clock, rate));

    const in_text = el('output', { class: 'in-text' });
    const out_text = el('output', { class: 'out-text' });
    const loop = el('button', { type: 'button', class: 'button mark', 'aria-pressed': 'false',
        click: () => act('loop') }, icon('loop'), labelled(el('span'), 'clips.preview'),
    el('kbd', { 'aria-hidden': 'true' }, 'P'));
    const lasts = el('div', { class: 'lasts', hidden: true },
        labelled(el('span', { class: 'dim' }), 'clips.last'),
        ...lasts_s.map((seconds) => {
            const key = (seconds < 120 ? 'clips.last_s' : 'clips.last_min') as Key;
            const n = seconds < 120 ? seconds : seconds / 60;
            return el('button', { type: 'button', class: 'button', 'data-last': String(seconds),
                click: () => onLast(seconds) }, t(key, { n }));
        }));
    const marks = el('div', { class: 'marks' },
        el('div', { class: 'mark-row' }, worded('clips.set_in', 'I', 'in'), in_text),
        el('div', { class: 'mark-row' }, worded('clips.set_out', 'O', 'out'), out_text),
        el('div', { class: 'mark-row' }, loop, worded('clips.clear', 'X', 'clear')), lasts);

    const zoom = el('div', { class: 'zoom-row' },
        pictured(['minus'], 'clips.zoom_out', 'zoom_out'), pictured(['plus'], 'clips.zoom_in', 'zoom_in'),
        el('button', { type: 'button', class: 'button', click: () => act('zoom_range') },
            labelled(el('span'), 'clips.zoom_range')),
        el('button', { type: 'button', class: 'button', click: () => act('zoom_whole') },
            labelled(el('span'), 'clips.zoom_whole')),
        el('span', { class: 'spacer' }),
        el('button', { type: 'button', class: 'button quiet', click: () => act('help') },
            labelled(el('span'), 'keys.title'), el('kbd', { 'aria-hidden': 'true' }, '?')));

    function update(state: ToolState): void {
        play.classList.toggle('second', state.playing);
        setAttr(play, 'aria-label', t(state.playing ? 'control.pause' : 'control.play'));
        setText(position, state.position);
        setText(length, `/ ${state.length}`);
        setText(clock, state.clock);
        setText(rate, state.playing && state.rate !== 1 ? t('speed.value', { n: state.rate }) : '');
        setText(in_text, state.in_text);
        setText(out_text, state.out_text);
        setAttr(loop, 'aria-pressed', String(state.looping));
        loop.disabled = !state.can_loop;
        show(lasts, state.running);
    }

    return { transport, marks, zoom, update };
}
