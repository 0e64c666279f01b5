// SPDX-License-Identifier: Apache-2.0
// Below the preview: how it goes in a sentence, the one large button, and what can be chosen.

import { codecName } from '../codecs';
import { t } from '../i18n';
import { remember, rememberedInTab, rememberInTab } from '../store';
import { copyAndTell } from '../ui/copy';
import { el, icon, labelled, setAttr, setText, show } from '../ui/dom';
import { bitrate, picture } from '../ui/format';
import { QUALITIES, qualityOf } from './quality';
import type { Studio } from './studio';
import { troubleText } from './trouble';

type Tone = 'calm' | 'good' | 'warn' | 'bad';

interface Saying {
    tone: Tone;
    text: string;
    hint: string;
}

function sayLive(studio: Studio): Saying {
    const now = studio.numbers;
    if (now?.health === 'weak') {
        return { tone: 'warn', text: t('golive.say.weak'), hint: t('golive.say.weak_hint', {
            rate: bitrate(now.kbps ?? 0),
            wanted: bitrate(now.wanted_kbps),
            ...(now.lost_percent !== null && now.lost_percent >= 1
                ? { loss: Math.round(now.lost_percent) } : {}),
            ...(now.rtt_ms !== null && now.rtt_ms >= 200 ? { rtt: now.rtt_ms } : {}),
        }) };
    }
    if (now?.health === 'cpu') {
        return { tone: 'warn', text: t('golive.say.cpu'), hint: t('golive.say.cpu_hint',
            now.fps === null ? {} : { fps: Math.round(now.fps) }) };
    }
    if (now !== null && now.codec !== '' && !/h26[45]$/i.test(now.codec)) {
        return { tone: 'warn', text: t('golive.say.live'),
            hint: t('golive.say.codec_hint', { codec: codecName(now.codec.replace(/^\w+\//, '')) }) };
    }
    return { tone: 'good', text: t('golive.say.live'), hint: now === null ? '' : [
        now.kbps === null ? '' : bitrate(now.kbps),
        picture(now.width, now.height, now.fps ?? 0),
        codecName(now.codec.replace(/^\w+\//, '')),
        now.rtt_ms === null ? '' : t('milliseconds', { n: now.rtt_ms }),
    ].filter((word) => word !== '').join(' · ') };
}

export function sayingOf(studio: Studio): Saying {
    const problem = studio.trouble ? troubleText(studio.trouble) : null;
    switch (studio.state) {
    case 'idle':
        return { tone: 'calm', text: t(studio.capture === 'open' ? 'golive.say.ready' : 'golive.say.closed'),
            hint: studio.capture === 'open' && studio.device_trouble
                ? troubleText(studio.device_trouble) : '' };
    case 'connecting':
        return { tone: 'calm', text: t('golive.say.connecting'), hint: '' };
    case 'live':
        return studio.device_trouble
            ? { tone: 'warn', text: t('golive.say.live'), hint: troubleText(studio.device_trouble) }
            : sayLive(studio);
    case 'reconnecting':
        return studio.live_since_ms === null
            ? { tone: 'warn', text: t('golive.say.retrying'), hint: problem ?? '' }
            : { tone: 'warn', text: t('golive.say.reconnecting'),
                hint: problem ?? t('golive.say.reconnecting_hint') };
    case 'refused':
        return { tone: 'bad', text: t('golive.say.refused'), hint: problem ?? '' };
    }
}

// A list of devices that follows what is plugged in and keeps its focus.
function deviceBox(id: string, choose: (device: string) => void): {
    box: HTMLSelectElement;
    fill(devices: MediaDeviceInfo[], current: string, name: (n: number) => string): void;
} {
    const box = el('select', { id, change: () => choose(box.value) });
    let shown = '';
    const fill = (devices: MediaDeviceInfo[], current: string, name: (n: number) => string): void => {
        const rows = devices.map(({ deviceId, label }, i) => [deviceId, label || name(i + 1)] as const);
        const text = JSON.stringify(rows);
        if (text !== shown) {
            shown = text;
            box.replaceChildren(...rows.map(([value, label]) => el('option', { value }, label)));
        }
        if (box.value !== current) {
            box.value = current;
        }
    };
    return { box, fill };
}

function keyField(): HTMLInputElement {
    const input = el('input', { id: 'key', type: 'password', autocomplete: 'off',
        autocapitalize: 'none', spellcheck: 'false', name: 'publish-key' });
    input.value = rememberedInTab('publish_key') ?? '';
    input.addEventListener('input', () => rememberInTab('publish_key', input.value.trim()));
    return input;
}

function linkRow(url: string): HTMLElement {
    const word = labelled(el('span'), 'copy');
    return el('div', { class: 'link-row' },
        labelled(el('span', { class: 'row-name' }), 'golive.link'),
        el('code', { class: 'address' }, url),
        el('div', { class: 'link-buttons' },
            el('button', { type: 'button', class: 'button', click: () => {
                void copyAndTell(url, word, () => t('copy'));
            } }, icon('copy'), word),
            el('a', { class: 'button', href: url, target: '_blank', rel: 'noopener' },
                icon('open'), labelled(el('span'), 'golive.open_link'))));
}

export interface Desk {
    element: HTMLElement;
    update(): void;
}

export function makeDesk(studio: Studio, channel: string, watch_url: string): Desk {
    const text = el('strong');
    const hint = el('p');
    const status = el('div', { class: 'saying', role: 'status', 'aria-live': 'polite' }, text, hint);
    const word = el('span');
    const key = keyField();
    const form = el('form', { class: 'go-form', submit: (event) => {
        event.preventDefault();
        if (studio.isOnAir) {
            studio.stop();
        } else {
            studio.start(key.value.trim());
        }
    } });
    const go = el('button', { type: 'submit', class: 'button go' }, word);
    const key_row = el('label', { class: 'field' }, labelled(el('span'), 'golive.key'), key,
        labelled(el('small', { class: 'dim' }), 'golive.key_hint'));
    form.append(status, go, key_row);

    const camera = deviceBox('camera', (device) => void studio.chooseCamera(device));
    const microphone = deviceBox('microphone', (device) => void studio.chooseMicrophone(device));
    const quality = el('select', { id: 'quality', change: () => {
        remember('quality', quality.value);
        studio.setQuality(qualityOf(quality.value));
    } }, ...QUALITIES.map(({ name, kbps }) =>
        el('option', { value: name }, `${name} · ${bitrate(kbps)}`)));
    quality.value = studio.quality.name;
    const camera_row = el('label', { class: 'field' },
        labelled(el('span'), 'golive.camera'), camera.box);
    const microphone_row = el('label', { class: 'field' },
        labelled(el('span'), 'golive.microphone'), microphone.box);

    const element = el('section', { class: 'desk' },
        el('h1', {}, labelled(el('span', { class: 'dim' }), 'golive.title'), ' ', channel),
        form,
        el('div', { class: 'fields' }, camera_row, microphone_row,
            el('label', { class: 'field' }, labelled(el('span'), 'golive.quality'), quality)),
        linkRow(watch_url));

    let was_refused = false;

    function update(): void {
        const saying = sayingOf(studio);
        setAttr(status, 'data-tone', saying.tone);
        setText(text, saying.text);
        setText(hint, saying.hint);
        const on_air = studio.isOnAir;
        const trying = on_air && studio.live_since_ms === null;
        setText(word, t(trying ? 'golive.cancel' : on_air ? 'golive.stop' : 'golive.start'));
        go.classList.toggle('stop', on_air);
        go.disabled = !on_air && studio.capture !== 'open';
        show(key_row, !on_air);
        const refused = ['golive.error.key', 'golive.error.no_key'].includes(studio.trouble?.key ?? '');
        key.setAttribute('aria-invalid', String(refused));
        if (refused && !was_refused) {
            key.focus();
        }
        was_refused = refused;
        show(camera_row, studio.devices.cameras.length > 0);
        show(microphone_row, studio.devices.microphones.length > 0);
        camera.fill(studio.devices.cameras, studio.camera?.getSettings().deviceId ?? '',
            (n) => t('golive.camera_n', { n }));
        camera.box.disabled = studio.screen !== null;
        microphone.fill(studio.devices.microphones, studio.microphone?.getSettings().deviceId ?? '',
            (n) => t('golive.microphone_n', { n }));
    }

    return { element, update };
}
