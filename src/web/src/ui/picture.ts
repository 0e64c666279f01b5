// SPDX-License-Identifier: Apache-2.0
// The <video> element as every page has it, and the box around it.

import { el, labelled } from './dom';

const IDLE_MS = 3000;

interface WeixinBridge {
    invoke(name: string, args: object, done: () => void): void;
}

export function makeVideo(): HTMLVideoElement {
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
export function startInWeixin(video: HTMLVideoElement): void {
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
export function followShape(stage: HTMLElement, video: HTMLVideoElement): void {
    video.addEventListener('resize', () => {
        if (video.videoWidth > 0 && video.videoHeight > 0) {
            stage.style.setProperty('--ratio', String(video.videoWidth / video.videoHeight));
        }
    });
}

export function hideControlsWhenIdle(stage: HTMLElement, video: HTMLVideoElement): void {
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
