// SPDX-License-Identifier: Apache-2.0
// The watch page: /watch/{app}/{stream}

import { codecsOf } from '../codecs';
import { initLanguage, t } from '../i18n';
import { type Choice, CHOICES, parseChoice } from '../player/choose';
import { remember } from '../store';
import { pageHead } from '../ui/brand';
import { copyAndTell } from '../ui/copy';
import { el, icon, labelled, setAttr, setText, show } from '../ui/dom';
import { picture, since } from '../ui/format';
import { channelFromPath, pageUrl } from '../url';
import { type About, AboutWatch } from './about';
import { makeAfterwards } from './afterwards';
import { exposeHooks } from './hooks';
import { makeLobby } from './lobby';
import { makePanel } from './panel';
import { makeQualityChoice, type QualityChoice } from './quality';
import type { WatchSession } from './session';
import { makeStage } from './stage';

const PANEL_ID = 'statistics';

function choiceBox(choose: (choice: Choice) => void): HTMLSelectElement {
    const box = el('select', { id: 'player-choice', change: () => {
        const choice = parseChoice(box.value);
        if (choice !== null) {
            choose(choice);
        }
    } });
    for (const choice of CHOICES) {
        box.append(labelled(el('option', { value: choice }), `player.${choice}`));
    }
    return box;
}

function shareButton(channel: string): HTMLButtonElement {
    const label = labelled(el('span'), 'share');
    return el('button', { type: 'button', class: 'button', click: () => {
        const { origin, search } = window.location;
        void copyAndTell(pageUrl(origin, 'watch', channel, search), label, () => t('share'));
    } }, icon('copy'), label);
}

interface Facts {
    element: HTMLElement;
    update(session: WatchSession, about: About | null): void;
}

// The line under the picture: name, badge, viewers, how long, what.
function makeFacts(channel: string): Facts {
    const badge = el('span', { class: 'badge' });
    const viewers = el('span');
    const watching = el('span', { class: 'fact' }, icon('eye'), viewers);
    const time = el('span', { class: 'fact' });
    const format = el('span', { class: 'fact dim' });
    const title = el('h1', {}, channel);
    const element = el('div', { class: 'facts' },
        title, badge, watching, time, format);

    function update({ info }: WatchSession, about: About | null): void {
        const on_air = info?.state ?? 'offline';
        const said = about?.state;
        const state = said === 'lobby' || said === 'closed' || said === 'ended' ? said : on_air;
        setText(title, about?.title || channel);
        setAttr(badge, 'data-state', state);
        setText(badge, t(`state.${state}`));
        show(watching, info !== null && on_air !== 'offline');
        setText(viewers, t('viewers', { n: info?.viewers ?? 0 }));
        const elapsed = state === 'live' ? since(info?.since ?? null, Date.now()) : null;
        setText(time, elapsed === null ? '' : t('on_air', { time: elapsed }));
        const video = info?.video;
        setText(format, [
            video ? picture(video.width, video.height, video.fps) : '',
            info ? codecsOf(info) : '',
        ].filter((word) => word !== '').join(' · '));
    }

    return { element, update };
}

function buildPage(channel: string): void {
    const facts = makeFacts(channel);
    const panel = makePanel(PANEL_ID);
    let quality: QualityChoice | null = null;
    const stage = makeStage(channel, (now) => {
        facts.update(now, about.now);
        lobby.update(now, about.now);
        afterwards.update(now, about.now);
        panel.update(now);
        quality?.update();
    });
    const { session } = stage;
    const about: AboutWatch = new AboutWatch(channel, () => undefined);
    const lobby = makeLobby(stage.element);
    const afterwards = makeAfterwards(stage.element);
    stage.element.append(lobby.element);
    quality = makeQualityChoice(session);

    const choose = (choice: Choice): void => {
        remember('player', choice);
        box.value = choice;
        session.choose(choice);
    };
    const box = choiceBox(choose);
    box.value = session.choice;

    const toggle = el('button', { type: 'button', class: 'button', 'aria-expanded': 'false',
        'aria-controls': PANEL_ID, click: () => {
            const open = panel.element.hidden;
            show(panel.element, open);
            setAttr(toggle, 'aria-expanded', String(open));
            document.body.classList.toggle('with-panel', open);
            panel.update(session);
        } }, icon('chart'), labelled(el('span'), 'stats.title'));

    const tools = el('div', { class: 'tools' },
        el('label', { class: 'choice' }, labelled(el('span'), 'player.label'), box),
        quality.element, toggle, shareButton(channel));

    document.body.append(
        pageHead(() => panel.update(session)),
        el('main', {}, stage.element, afterwards.element, el('div', { class: 'below' }, facts.element, tools, panel.element)));
    document.title = `${channel} · Branchcast`;
    exposeHooks(stage, choose);
    session.start();
    about.start();
}

function buildLost(): void {
    document.body.append(pageHead(() => undefined), el('main', {}, el('div', { class: 'lost' },
        labelled(el('h1'), 'phase.no_channel'),
        labelled(el('p'), 'phase.no_channel_hint'),
        labelled(el('a', { href: '/', class: 'button strong' }), 'to_start'))));
}

initLanguage();
const channel = channelFromPath(window.location.pathname);
if (channel === null) {
    buildLost();
} else {
    buildPage(channel);
}
