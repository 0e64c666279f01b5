// SPDX-License-Identifier: Apache-2.0
// What lies over the picture: one plain sentence when there is none, and the big buttons.

import { codecName } from '../codecs';
import { type Key, t } from '../i18n';
import { el, icon, labelled, setText, show } from '../ui/dom';
import { makeReplayOffer } from './ended';
import type { Phase } from './phase';
import { reasonText } from './reason';
import type { WatchSession } from './session';

const SILENT: readonly Phase[] = ['playing', 'paused', 'gesture'];
const BUSY: readonly Phase[] = ['connecting', 'buffering', 'waiting', 'reconnecting', 'unreachable'];
const HINTS: readonly Phase[] =
    ['waiting', 'reconnecting', 'offline', 'ended', 'unreachable', 'unsupported', 'codec', 'forbidden', 'refused'];
const FINAL: readonly Phase[] = ['forbidden', 'unsupported', 'codec', 'refused'];
// A short gap is for the stall counter, not for a message that flickers.
const CALM_MS = 700;

export interface Overlay {
    elements: HTMLElement[];
    update(session: WatchSession): void;
}

function phaseText(session: WatchSession, suffix: '' | '_hint'): string {
    const key = `phase.${session.phase}${suffix}` as Key;
    return t(key, {
        codec: codecName(session.info?.video?.codec ?? ''),
        reason: reasonText(session.reason),
    });
}

export function makeOverlay(session: WatchSession): Overlay {
    const spinner = el('div', { class: 'spinner', 'aria-hidden': 'true' });
    const title = el('p', { class: 'overlay-title' });
    const hint = el('p', { class: 'overlay-hint' });
    const retry = labelled(el('button', { type: 'button', class: 'button',
        click: () => session.retry() }), 'retry');
    const listen = labelled(el('button', { type: 'button', class: 'button strong',
        click: () => session.listenOnly() }), 'listen_only');
    const replay = makeReplayOffer();
    const message = el('div', { class: 'overlay', role: 'status', 'aria-live': 'polite' },
        spinner, title, hint, el('div', { class: 'overlay-actions' }, replay.element, listen, retry));

    const play = el('button', { type: 'button', class: 'big-play',
        click: () => session.togglePause() }, icon('play'));
    labelled(play, 'tap_play', 'aria-label');

    const sound = el('button', { type: 'button', class: 'tap-sound',
        click: () => session.unmute() }, icon('muted'), labelled(el('span'), 'tap_sound'));

    const poster = el('div', { class: 'sound-poster', 'aria-hidden': 'true' },
        el('div', { class: 'bars' }, ...Array.from({ length: 7 }, () => el('i'))),
        labelled(el('span'), 'phase.audio_only'));

    let disturbed_since_ms = 0;

    function update(): void {
        const { phase, video, info } = session;
        const now_ms = performance.now();
        if (SILENT.includes(phase)) {
            disturbed_since_ms = now_ms;
        }
        const patient = phase === 'buffering' || phase === 'connecting';
        const visible = !SILENT.includes(phase)
            && (!patient || now_ms - disturbed_since_ms > CALM_MS);
        show(message, visible);
        show(spinner, BUSY.includes(phase));
        setText(title, SILENT.includes(phase) ? '' : phaseText(session, ''));
        setText(hint, HINTS.includes(phase) ? phaseText(session, '_hint') : '');
        replay.update(session);
        show(retry, FINAL.includes(phase));
        show(listen, phase === 'codec' && info?.audio !== null);
        show(play, phase === 'gesture' || phase === 'paused');
        show(sound, phase === 'playing' && video.muted && info?.audio !== null);
        const sound_only = session.listen_only
            || (info !== null && info.state === 'live' && info.video === null && info.audio !== null);
        // A channel's cover comes as video.
        show(poster, sound_only && !visible && video.videoWidth === 0);
        poster.classList.toggle('moving', phase === 'playing');
    }

    return { elements: [poster, message, play, sound], update };
}
