// SPDX-License-Identifier: Apache-2.0
// The page for hosts without any software: /go-live/{app}/{stream}

import { fetchChannel, fetchInfo } from '../api';
import { initLanguage, type Key, t } from '../i18n';
import { remembered, rememberInTab } from '../store';
import { pageHead } from '../ui/brand';
import { el, labelled } from '../ui/dom';
import { channelFromPath, mediaUrl, pageUrl } from '../url';
import { WakeLock } from './awake';
import { makeDesk } from './desk';
import { hasDevices, isAllowed } from './devices';
import { makePreview } from './preview';
import { qualityOf } from './quality';
import { Studio } from './studio';

const UPDATE_MS = 250;
const POLL_MS = 4000;

declare global {
    interface Window {
        // For tests and scripts.
        golive?: { state(): string; numbers(): object | null };
    }
}

// A key in the address would be copied along with it.
function takeKeyFromAddress(): void {
    const url = new URL(window.location.href);
    const key = url.searchParams.get('key');
    if (key !== null) {
        rememberInTab('publish_key', key);
        url.searchParams.delete('key');
        window.history.replaceState(null, '', url);
    }
}

function lost(title: Key, ...more: (Node | null)[]): HTMLElement {
    return el('main', {}, el('div', { class: 'lost' }, labelled(el('h1'), title), ...more));
}

// Filled in when the server has said whether there is an address by https.
function buildInsecure(): HTMLElement {
    const way = el('p');
    fetchInfo().then(({ https_port }) => {
        if (https_port === 0) {
            way.append(labelled(el('span'), 'golive.insecure_none'));
            return;
        }
        const url = new URL(window.location.href);
        url.protocol = 'https:';
        url.port = https_port === 443 ? '' : String(https_port);
        way.append(labelled(el('a', { class: 'button strong', href: url.href }), 'golive.insecure_go'));
    }).catch(() => undefined);
    return lost('golive.insecure', labelled(el('p'), 'golive.insecure_hint'), way);
}

function buildStudio(channel: string): HTMLElement {
    const { origin, search } = window.location;
    const query = new URLSearchParams(search);
    const awake = new WakeLock();
    let viewers: number | null = null;

    const studio = new Studio(mediaUrl(origin, channel, 'whip'),
        qualityOf(query.get('quality') ?? remembered('quality')), query.get('simulcast') === '1',
        () => update());
    const preview = makePreview(studio);
    const desk = makeDesk(studio, channel, pageUrl(origin, 'watch', channel));

    function update(): void {
        preview.update(viewers);
        desk.update();
        awake.set(studio.isOnAir);
    }

    async function poll(): Promise<void> {
        if (studio.state === 'live') {
            viewers = await fetchChannel(channel).then((info) => info?.viewers ?? null, () => null);
        }
        window.setTimeout(() => void poll(), POLL_MS);
    }

    function draw(): void {
        preview.drawLevel();
        window.requestAnimationFrame(draw);
    }

    window.addEventListener('beforeunload', (event) => {
        if (studio.isOnAir) {
            event.preventDefault();
            // Older browsers ask only for this.
            event.returnValue = t('golive.say.live');
        }
    });
    window.addEventListener('pagehide', () => studio.sayGoodbye());
    document.addEventListener('pointerdown', () => studio.sound.wake());
    window.setInterval(update, UPDATE_MS);
    window.golive = { state: () => studio.state, numbers: () => studio.numbers };
    update();
    draw();
    void poll();
    void isAllowed().then((allowed) => {
        if (allowed && studio.capture === 'closed') {
            void studio.open();
        }
    });
    return el('main', { class: 'studio' }, preview.element, desk.element);
}

function buildMain(channel: string | null): HTMLElement {
    if (channel === null) {
        return lost('phase.no_channel', labelled(el('p'), 'golive.no_channel_hint'),
            labelled(el('a', { href: '/', class: 'button strong' }), 'to_start'));
    }
    if (!hasDevices()) {
        return window.isSecureContext ? lost('golive.no_webrtc') : buildInsecure();
    }
    return typeof RTCPeerConnection === 'function' ? buildStudio(channel) : lost('golive.no_webrtc');
}

initLanguage();
takeKeyFromAddress();
const channel = channelFromPath(window.location.pathname);
const setTitle = (): void => {
    document.title = `${t('golive.title')}${channel === null ? '' : ` · ${channel}`} · Branchcast`;
};
setTitle();
document.body.append(pageHead(setTitle), buildMain(channel));
