// SPDX-License-Identifier: Apache-2.0
// The bar below the picture.

import { t } from '../i18n';
import { iconButton, toggleFullscreen, togglePip, volumeSlider } from '../ui/buttons';
import { el, labelled, setAttr, setText, show } from '../ui/dom';
import type { Phase } from './phase';
import { makeDvrBar } from './dvr';
import type { WatchSession } from './session';

// Otherwise there is nothing to control, and the overlay needs the room.
const USABLE: readonly Phase[] = ['playing', 'paused', 'gesture', 'buffering', 'waiting', 'reconnecting'];

export interface Controls {
    element: HTMLElement;
    update(session: WatchSession): void;
}

export function makeControls(session: WatchSession, stage: HTMLElement): Controls {
    const { video } = session;
    const play = iconButton('play', 'pause');
    const mute = iconButton('sound', 'muted');
    const live = el('button', { type: 'button', class: 'control live-jump' },
        el('i', { class: 'dot' }), labelled(el('span'), 'control.live'));
    const behind = el('span', { class: 'behind' });
    const pip = iconButton('pip');
    const full = iconButton('full');
    labelled(live, 'control.live_label', 'aria-label');
    labelled(pip, 'control.pip', 'aria-label');
    labelled(full, 'control.fullscreen', 'aria-label');
    pip.classList.add('pip');
    pip.hidden = !document.pictureInPictureEnabled;

    const toggleMute = (): void => {
        if (video.muted) {
            session.unmute();
        } else {
            video.muted = true;
        }
    };
    play.addEventListener('click', () => session.togglePause());
    mute.addEventListener('click', toggleMute);
    live.addEventListener('click', () => session.jumpToLive());
    pip.addEventListener('click', () => void togglePip(video));
    full.addEventListener('click', () => toggleFullscreen(stage, video));
    stage.addEventListener('dblclick', (event) => {
        if (event.target === video) {
            toggleFullscreen(stage, video);
        }
    });
    stage.addEventListener('keydown', (event) => {
        const actions: Record<string, () => void> = {
            k: () => session.togglePause(),
            m: toggleMute,
            f: () => toggleFullscreen(stage, video),
            l: () => session.jumpToLive(),
        };
        if (dvr.onKey(event)) {
            return;
        }
        if (!event.ctrlKey && !event.metaKey && !event.altKey) {
            actions[event.key.toLowerCase()]?.();
        }
    });

    const dvr = makeDvrBar(session);
    const element = el('div', { class: 'controls' }, dvr.element,
        el('div', { class: 'controls-row' }, play, mute, volumeSlider(video), live, behind, dvr.time,
            el('span', { class: 'spacer' }), pip, full));

    function update(): void {
        show(element, USABLE.includes(session.phase));
        const running = !session.isPaused;
        play.classList.toggle('second', running);
        setAttr(play, 'aria-label', t(running ? 'control.pause' : 'control.play'));
        mute.classList.toggle('second', video.muted);
        setAttr(mute, 'aria-label', t(video.muted ? 'control.unmute' : 'control.mute'));
        const { latency_s } = session.stats();
        const playing = session.phase === 'playing';
        const back = session.isBack;
        live.classList.toggle('at-live', playing && !back && latency_s !== null && latency_s < 5);
        live.classList.toggle('is-back', back);
        dvr.update();
        element.classList.toggle('two-rows', !dvr.element.hidden);
        stage.classList.toggle('has-bar', !dvr.element.hidden);
        setText(behind, playing && !back && latency_s !== null ? t('seconds', { n: latency_s.toFixed(1) }) : '');
    }

    return { element, update };
}
