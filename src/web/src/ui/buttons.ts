// SPDX-License-Identifier: Apache-2.0
// The buttons of a bar below a picture.

import { remember, remembered } from '../store';
import { el, type Icon, icon, labelled } from './dom';

// iPhones let only the video element itself fill the screen.
type PhoneVideo = HTMLVideoElement & { webkitEnterFullscreen?: () => void };

export function toggleFullscreen(stage: HTMLElement, video: PhoneVideo): void {
    if (document.fullscreenElement) {
        void document.exitFullscreen();
    } else if (stage.requestFullscreen) {
        stage.requestFullscreen().catch(() => video.webkitEnterFullscreen?.());
    } else {
        video.webkitEnterFullscreen?.();
    }
}

export async function togglePip(video: HTMLVideoElement): Promise<void> {
    try {
        await (document.pictureInPictureElement
            ? document.exitPictureInPicture() : video.requestPictureInPicture());
    } catch {
        // Refused by the browser, for example before the first frame.
    }
}

export function iconButton(...icons: Icon[]): HTMLButtonElement {
    return el('button', { type: 'button', class: 'control' }, ...icons.map(icon));
}

export function volumeSlider(video: HTMLVideoElement): HTMLInputElement {
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
