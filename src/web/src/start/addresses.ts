// SPDX-License-Identifier: Apache-2.0
// How to push to a channel and where to watch it, with buttons that copy.

import type { Info } from '../api';
import { type Key, t } from '../i18n';
import { copyAndTell } from '../ui/copy';
import { el, icon, labelled, setText } from '../ui/dom';
import { mediaUrl, pageUrl, pushAddress } from '../url';

const DEFAULT_CHANNEL = 'live/hq';

type Address = (channel: string, info: Info) => string;

const ADDRESSES: [Key, Address][] = [
    ['start.url.watch', (channel) => pageUrl(window.location.origin, 'watch', channel)],
    ['start.url.flv', (channel) => mediaUrl(window.location.origin, channel, 'flv')],
    ['start.url.rtmp', (channel, info) => {
        const { server } = pushAddress(window.location.hostname, info.rtmp_port, channel);
        return `${server}/${channel.split('/')[1] ?? ''}`;
    }],
    ['start.url.whep', (channel) => mediaUrl(window.location.origin, channel, 'whep')],
    ['start.url.index', (channel) => mediaUrl(window.location.origin, channel, 'index')],
    ['start.url.wsflv', (channel) => mediaUrl(window.location.origin, channel, 'wsflv')],
    ['start.url.audio', (channel) => mediaUrl(window.location.origin, channel, 'audio')],
    ['start.url.embed', (channel) => pageUrl(window.location.origin, 'embed', channel)],
];

interface CopyRow {
    element: HTMLElement;
    write(text: string): void;
}

function copyRow(name: Key): CopyRow {
    const value = el('code', { class: 'address' });
    const word = labelled(el('span'), 'copy');
    const button = el('button', { type: 'button', class: 'button small', click: () => {
        void copyAndTell(value.textContent ?? '', word, () => t('copy'));
    } }, icon('copy'), word);
    const label = labelled(el('span', { class: 'row-name' }), name);
    button.addEventListener('focus', () => {
        button.setAttribute('aria-label', t('start.copy_what', { what: t(name) }));
    });
    return {
        element: el('div', { class: 'row' }, label, value, button),
        write: (text) => setText(value, text),
    };
}

export interface Addresses {
    element: HTMLElement;
    setInfo(info: Info): void;
    relabel(): void;
}

export function makeAddresses(): Addresses {
    let info: Info = { name: '', version: '', rtmp_port: 1935, http_port: 0, https_port: 0 };
    const input = el('input', { id: 'channel', type: 'text', value: DEFAULT_CHANNEL,
        autocapitalize: 'none', autocomplete: 'off', spellcheck: 'false',
        pattern: '[^\\/\\s]+\\/[^\\/\\s]+' });
    const server = copyRow('start.server');
    const key = copyRow('start.key');
    const whip = copyRow('start.whip');
    const where = el('p', { class: 'dim note' });
    const golive = el('a', { class: 'button strong' }, icon('camera'),
        labelled(el('span'), 'start.golive_open'));
    const views = ADDRESSES.map(([name, address]) => ({ address, ...copyRow(name) }));

    function write(): void {
        const typed = input.value.trim().replace(/^\/+|\/+$/g, '');
        const channel = /^[^/\s]+\/[^/\s]+$/.test(typed) ? typed : DEFAULT_CHANNEL;
        const push = pushAddress(window.location.hostname, info.rtmp_port, channel);
        const placeholder = t('start.key_placeholder');
        server.write(push.server);
        key.write(push.key + placeholder);
        whip.write(mediaUrl(window.location.origin, channel, 'whip'));
        setText(where, t('start.key_where', { key: placeholder }));
        golive.setAttribute('href', pageUrl(window.location.origin, 'go-live', channel));
        views.forEach((view) => view.write(view.address(channel, info)));
    }

    input.addEventListener('input', write);
    write();

    const element = el('div', { class: 'columns' },
        el('section', { class: 'box' },
            labelled(el('h2'), 'start.push'),
            el('label', { class: 'channel-input' }, labelled(el('span'), 'start.channel'), input,
                labelled(el('small', { class: 'dim' }), 'start.channel_hint')),
            labelled(el('p', { class: 'note' }), 'start.push_where'),
            server.element, key.element, whip.element, where,
            labelled(el('p', { class: 'dim note' }), 'start.obs_advice'),
            el('div', { class: 'golive-way' },
                labelled(el('h2'), 'start.golive'),
                labelled(el('p', { class: 'note' }), 'start.golive_hint'), golive)),
        el('section', { class: 'box' },
            labelled(el('h2'), 'start.view'), ...views.map((view) => view.element)));

    return {
        element,
        setInfo: (fresh) => {
            info = fresh;
            write();
        },
        relabel: write,
    };
}
