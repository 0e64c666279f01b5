// SPDX-License-Identifier: Apache-2.0
// What is live now, one card a channel.

import type { Advice, Channel } from '../api';
import { codecName } from '../codecs';
import { isKey, t } from '../i18n';
import { el, icon } from '../ui/dom';
import { picture, since } from '../ui/format';
import { pageUrl } from '../url';

// Known codes in the viewer's language, new ones in the server's English.
export function adviceText(advice: Advice): string {
    const key = `advice.${advice.code}`;
    return isKey(key) ? t(key, advice.params) : advice.message || advice.code;
}

function formatText({ video, audio }: Channel): string {
    const words = video
        ? [picture(video.width, video.height, video.fps), codecName(video.codec)]
        : [t('start.sound_only')];
    words.push(audio ? codecName(audio.codec) : t('start.no_sound'));
    return words.filter((word) => word !== '').join(' · ');
}

function adviceBox(list: Advice[]): HTMLElement | null {
    if (list.length === 0) {
        return null;
    }
    return el('div', { class: 'advice' },
        el('strong', {}, t('start.advice')),
        el('ul', {}, ...list.map((advice) => el('li', {}, adviceText(advice)))));
}

function card(channel: Channel, now_ms: number): HTMLElement {
    const { origin, search } = window.location;
    const elapsed = since(channel.since, now_ms);
    const href = pageUrl(origin, 'watch', channel.channel, search);
    return el('article', { class: 'card' },
        el('div', { class: 'card-head' },
            el('h3', {}, channel.channel),
            el('span', { class: 'badge', 'data-state': channel.state }, t(`state.${channel.state}`))),
        el('p', { class: 'dim' }, formatText(channel)),
        el('div', { class: 'card-facts' },
            el('span', { class: 'fact' }, icon('eye'), t('viewers', { n: channel.viewers })),
            elapsed === null ? null : el('span', { class: 'fact' }, t('on_air', { time: elapsed }))),
        adviceBox(channel.advice),
        el('a', { class: 'button strong', href,
            'aria-label': `${t('start.watch')} ${channel.channel}` }, icon('play'), t('start.watch')));
}

export function emptyBox(): HTMLElement {
    return el('div', { class: 'empty' },
        el('strong', {}, t('start.nothing')), el('p', { class: 'dim' }, t('start.nothing_hint')));
}

export function cards(channels: Channel[], now_ms: number): HTMLElement[] {
    const on_air = channels.filter((channel) => channel.state !== 'offline');
    return on_air.length === 0 ? [emptyBox()] : on_air.map((channel) => card(channel, now_ms));
}
