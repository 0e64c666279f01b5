// SPDX-License-Identifier: Apache-2.0
// The bar below the picture.

import { t } from '../i18n';
import { remember, remembered } from '../store';
import { el, type Icon, icon, labelled, setAttr, setText, show } from '../ui/dom';
import type { Phase } from './phase';
import type { WatchSession } from './session';

// iPhones let only the video element itself fill the screen.
type PhoneVideo = HTMLVideoElement & { webkitEnterFullscreen?: () => void };

// Otherwise there is nothing to control, and the overlay needs the room.
const USABLE: readonly Phase[] = ['playing', 'paused', 'gesture', 'buffering', 'waiting'];

export interface Controls {
    element: HTMLElement;
    update(session: WatchSession): void;
}

function toggleFullscreen(stage: HTMLElement, video: PhoneVideo): void {
    if (document.fullscreenElement) {
        void document.exitFullscreen();
    } else if (stage.requestFullscreen) {
        stage.requestFullscreen().catch(() => video.webkitEnterFullscreen?.());
    } else {
        video.webkitEnterFullscreen?.();
    }
}

async function togglePip(video: HTMLVideoElement): Promise<void> {
    try {
        await (document.pictureInPictureElement
            ? document.exitPictureInPicture() : video.requestPictureInPicture());
    } catch {
        // Refused by the browser, for example before the first frame.
    }
}

function iconButton(...icons: Icon[]): HTMLButtonElement {
    return el('button', { type: 'button', class: 'control' }, ...icons.map(icon));
}

function volumeSlider(video: HTMLVideoElement): HTMLInputElement {
    const slider = el('input', { type: 'range', min: '0', max: '1', step: '0.05', class: 'volume' });
    labelled(slider, 'control.volume', 'aria-label');
    const stored = Number(remembered('volume') ?? '1');
    video.volume = stored > 0 && stored <= 1 ? stored : 1;
    slider.addEventListener('input', () => {
        video.volume = Number(slider.value);
        video.muted = video.volume === 0;
        remember('volume', slider.value);
    });
    const follow = (): void => {
        slider.value = String(video.muted ? 0 : video.volume);
    };
    video.addEventListener('volumechange', follow);
    follow();
    return slider;
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
        if (!event.ctrlKey && !event.metaKey && !event.altKey) {
            actions[event.key.toLowerCase()]?.();
        }
    });

    const element = el('div', { class: 'controls' }, play, mute, volumeSlider(video), live, behind,
        el('span', { class: 'spacer' }), pip, full);

    function update(): void {
        show(element, USABLE.includes(session.phase));
        const running = !session.isPaused;
        play.classList.toggle('second', running);
        setAttr(play, 'aria-label', t(running ? 'control.pause' : 'control.play'));
        mute.classList.toggle('second', video.muted);
        setAttr(mute, 'aria-label', t(video.muted ? 'control.unmute' : 'control.mute'));
        const { latency_s } = session.stats();
        const playing = session.phase === 'playing';
        live.classList.toggle('at-live', playing && latency_s !== null && latency_s < 5);
        setText(behind, playing && latency_s !== null ? t('seconds', { n: latency_s.toFixed(1) }) : '');
    }

    return { element, update };
}
