// SPDX-License-Identifier: Apache-2.0
// The player as people see it: picture, overlay, controls. Shared by watch and embed.

import { t } from '../i18n';
import { initialChoice, parseChoice, type PlayerName } from '../player/choose';
import type { Message, MessageListener } from '../rtc/messages';
import { remembered } from '../store';
import { el, labelled, setText, show } from '../ui/dom';
import { makeControls } from './controls';
import { makeOverlay } from './overlay';
import { reasonText } from './reason';
import { WatchSession, type Wish } from './session';

const IDLE_MS = 3000;
const TOAST_MS = 5000;
const MAX_TEXT = 200;

interface WeixinBridge {
    invoke(name: string, args: object, done: () => void): void;
}

export interface Stage {
    element: HTMLElement;
    session: WatchSession;
    // Calls the listener with every message of the server; the answer ends that.
    onMessage(listener: MessageListener): () => void;
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

interface Toast {
    element: HTMLElement;
    say(text: string): void;
}

function makeToast(): Toast {
    const element = el('div', { class: 'toast', role: 'status', hidden: true });
    let timer = 0;
    const say = (text: string): void => {
        setText(element, text.slice(0, MAX_TEXT));
        show(element, true);
        window.clearTimeout(timer);
        timer = window.setTimeout(() => show(element, false), TOAST_MS);
    };
    return { element, say };
}

// ?protocol= insists, ?player= and the viewer's own choice only come first.
function wishOf(search: string): Wish {
    const query = new URLSearchParams(search);
    const forced = parseChoice(query.get('protocol'));
    return forced === null
        ? { choice: initialChoice(query.get('player'), remembered('player')), only: false }
        : { choice: forced, only: true };
}

export function makeStage(channel: string, onUpdate: (session: WatchSession) => void): Stage {
    const video = makeVideo();
    const still = makeStill(video);
    const toast = makeToast();
    const listeners = new Set<MessageListener>();
    const element = el('section', { class: 'stage', tabindex: '-1' }, video, still.element);

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
        onSwitched: (player: PlayerName, reason) => toast.say(
            t('notice.switched', { player: t(`player.${player}`), reason: reasonText(reason) })),
        onMessage: (message: Message) => {
            if (message.type === 'text' && typeof message.text === 'string') {
                toast.say(message.text);
            }
            listeners.forEach((listener) => listener(message));
        },
    }, wishOf(window.location.search));

    const overlay = makeOverlay(session);
    const controls = makeControls(session, element);
    element.append(...overlay.elements, toast.element, controls.element);
    followShape(element, video);
    hideControlsWhenIdle(element, video);
    startInWeixin(video);
    const onMessage = (listener: MessageListener): () => void => {
        listeners.add(listener);
        return () => void listeners.delete(listener);
    };
    return { element, session, onMessage };
}
