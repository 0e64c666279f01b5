// SPDX-License-Identifier: Apache-2.0
// The player as people see it: picture, overlay, controls. Shared by watch and embed.

import { type Key, t } from '../i18n';
import { initialChoice, type PlayerName } from '../player/choose';
import { remembered } from '../store';
import { el, labelled, setText, show } from '../ui/dom';
import { makeControls } from './controls';
import { makeOverlay } from './overlay';
import { WatchSession } from './session';

const IDLE_MS = 3000;
const TOAST_MS = 5000;

interface WeixinBridge {
    invoke(name: string, args: object, done: () => void): void;
}

export interface Stage {
    element: HTMLElement;
    session: WatchSession;
}

function makeVideo(): HTMLVideoElement {
    // The x5 attributes keep the Android web view of WeChat from opening its own full-screen player.
    const video = el('video', {
        playsinline: true,
        'webkit-playsinline': true,
        'x5-playsinline': true,
        'x5-video-player-type': 'h5-page',
        preload: 'auto',
        tabindex: '-1',
    });
    video.muted = true;
    // "muted" as an attribute is what iOS looks at before it allows autoplay.
    video.setAttribute('muted', '');
    return labelled(video, 'control.video', 'aria-label');
}

// WeChat on iPhones lets a page start a video only from inside its own bridge's callback.
function startInWeixin(video: HTMLVideoElement): void {
    const scope = window as unknown as { WeixinJSBridge?: WeixinBridge };
    const start = (): void => scope.WeixinJSBridge?.invoke('getNetworkType', {}, () => {
        video.play().catch(() => undefined);
    });
    if (scope.WeixinJSBridge) {
        start();
    } else {
        document.addEventListener('WeixinJSBridgeReady', start, { once: true });
    }
}

// The box follows the picture: broadcasts from phones are upright.
function followShape(stage: HTMLElement, video: HTMLVideoElement): void {
    video.addEventListener('resize', () => {
        if (video.videoWidth > 0 && video.videoHeight > 0) {
            stage.style.setProperty('--ratio', String(video.videoWidth / video.videoHeight));
        }
    });
}

function hideControlsWhenIdle(stage: HTMLElement, video: HTMLVideoElement): void {
    let timer = 0;
    const wake = (): void => {
        stage.classList.remove('idle');
        window.clearTimeout(timer);
        timer = window.setTimeout(() => stage.classList.toggle('idle', !video.paused), IDLE_MS);
    };
    for (const event of ['pointermove', 'pointerdown', 'keydown', 'focusin']) {
        stage.addEventListener(event, wake);
    }
    video.addEventListener('playing', wake);
}

interface Still {
    element: HTMLCanvasElement;
    freeze(): void;
}

// The last picture of a player that is gone, shown until the next one has its first.
function makeStill(video: HTMLVideoElement): Still {
    const element = el('canvas', { class: 'still', hidden: true, 'aria-hidden': 'true' });
    const freeze = (): void => {
        if (video.videoWidth === 0 || video.readyState < 2) {
            return;
        }
        element.width = video.videoWidth;
        element.height = video.videoHeight;
        element.getContext('2d')?.drawImage(video, 0, 0);
        show(element, true);
    };
    return { element, freeze };
}

export function makeStage(channel: string, onUpdate: (session: WatchSession) => void): Stage {
    const video = makeVideo();
    const still = makeStill(video);
    const element = el('section', { class: 'stage', tabindex: '-1' }, video, still.element);
    const toast = el('div', { class: 'toast', role: 'status', hidden: true });
    let toast_timer = 0;

    const query = new URLSearchParams(window.location.search);
    const session: WatchSession = new WatchSession(channel, video, {
        freeze: still.freeze,
        update: () => {
            if (session.phase === 'playing' || session.phase === 'paused') {
                show(still.element, false);
            }
            overlay.update(session);
            controls.update(session);
            onUpdate(session);
        },
        notify: (key: Key, player: PlayerName) => {
            setText(toast, t(key, { player: t(`player.${player}`) }));
            show(toast, true);
            window.clearTimeout(toast_timer);
            toast_timer = window.setTimeout(() => show(toast, false), TOAST_MS);
        },
    }, initialChoice(query.get('player'), remembered('player')));

    const overlay = makeOverlay(session);
    const controls = makeControls(session, element);
    element.append(...overlay.elements, toast, controls.element);
    followShape(element, video);
    hideControlsWhenIdle(element, video);
    startInWeixin(video);
    return { element, session };
}
