// SPDX-License-Identifier: Apache-2.0
// What the host sees of themselves: picture, state, sound level, and the buttons used while live.

import { t } from '../i18n';
import { el, type Icon, icon, labelled, setAttr, setText, show } from '../ui/dom';
import { duration } from '../ui/format';
import { canShareScreen } from './devices';
import type { Studio } from './studio';
import { troubleText } from './trouble';

export interface Preview {
    element: HTMLElement;
    update(viewers: number | null): void;
    // Often enough for a level that follows the voice.
    drawLevel(): void;
}

function roundButton(click: () => void, ...icons: Icon[]): HTMLButtonElement {
    return el('button', { type: 'button', class: 'control round', click }, ...icons.map(icon));
}

export function makePreview(studio: Studio): Preview {
    const video = el('video', { playsinline: true, autoplay: true });
    video.muted = true;
    labelled(video, 'golive.preview', 'aria-label');
    video.addEventListener('resize', () => {
        if (video.videoWidth > 0) {
            element.style.setProperty('--ratio', String(video.videoWidth / video.videoHeight));
        }
    });

    const badge = el('span', { class: 'badge' });
    const time = el('span', { class: 'chip' });
    const watching = el('span');
    const viewers_chip = el('span', { class: 'chip' }, icon('eye'), watching);

    const title = el('h2');
    const hint = el('p');
    const enable = labelled(el('button', { type: 'button', class: 'button strong large',
        click: () => void studio.open() }), 'golive.enable');
    const card = el('div', { class: 'enable' }, title, hint, enable);

    const mute = roundButton(() => studio.setMuted(!studio.muted), 'mic', 'mic_off');
    const flip = roundButton(() => void studio.flip(), 'flip');
    const screen = roundButton(() => void (studio.screen === null
        ? studio.shareScreen() : studio.chooseCamera('')), 'screen', 'camera');
    labelled(flip, 'golive.flip', 'aria-label');
    const fill = el('i');
    const meter = labelled(el('div', { class: 'meter', role: 'meter', 'aria-valuemin': '0',
        'aria-valuemax': '100' }, fill), 'golive.level', 'aria-label');
    const bar = el('div', { class: 'preview-bar' }, mute, meter, screen, flip);

    const element = el('section', { class: 'preview' }, video, card,
        el('div', { class: 'preview-top' }, badge, time, viewers_chip), bar);
    let shown: MediaStreamTrack | null = null;

    function showPicture(): void {
        const { picture } = studio;
        if (picture !== shown) {
            shown = picture;
            video.srcObject = picture === null ? null : new MediaStream([picture]);
            if (picture !== null) {
                video.play().catch(() => undefined);
            }
        }
        // As in a mirror, which is how people know themselves; viewers see it as it is.
        video.classList.toggle('mirrored', studio.screen === null && studio.facing === 'user');
    }

    function updateCard(): void {
        const { capture, device_trouble } = studio;
        show(card, capture !== 'open');
        setText(title, t(capture === 'opening' ? 'golive.opening' : 'golive.enable_title'));
        setText(hint, device_trouble ? troubleText(device_trouble) : t('golive.enable_hint'));
        hint.classList.toggle('bad', device_trouble !== null);
        show(enable, capture === 'closed');
    }

    function update(viewers: number | null): void {
        showPicture();
        updateCard();
        const { state } = studio;
        setAttr(badge, 'data-state', state === 'reconnecting' ? 'waiting' : state);
        setText(badge, t(`golive.state.${state}`));
        const since_ms = studio.live_since_ms;
        show(time, since_ms !== null);
        setText(time, since_ms === null ? '' : duration((Date.now() - since_ms) / 1000));
        show(viewers_chip, since_ms !== null && viewers !== null);
        setText(watching, String(viewers ?? 0));
        setAttr(viewers_chip, 'aria-label', t('viewers', { n: viewers ?? 0 }));
        show(bar, studio.capture === 'open');
        show(mute, studio.microphone !== null);
        mute.classList.toggle('second', studio.muted);
        setAttr(mute, 'aria-label', t(studio.muted ? 'golive.unmute' : 'golive.mute'));
        setAttr(mute, 'aria-pressed', String(studio.muted));
        show(flip, studio.devices.cameras.length > 1 && studio.screen === null);
        show(screen, canShareScreen());
        screen.classList.toggle('second', studio.screen !== null);
        setAttr(screen, 'aria-label',
            t(studio.screen === null ? 'golive.screen' : 'golive.screen_stop'));
    }

    function drawLevel(): void {
        const level = studio.muted && studio.screen?.audio == null ? 0 : studio.sound.level();
        fill.style.transform = `scaleX(${level.toFixed(3)})`;
        fill.classList.toggle('hot', level > 0.93);
        setAttr(meter, 'aria-valuenow', String(Math.round(level * 10) * 10));
    }

    return { element, update, drawLevel };
}
