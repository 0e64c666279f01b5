// SPDX-License-Identifier: Apache-2.0
// The page of a replay or a clip: /watch/replay/{id}, /watch/clip/{id}

import { initLanguage, t } from '../i18n';
import { pageHead } from '../ui/brand';
import { copyAndTell } from '../ui/copy';
import { el, icon, labelled, setAttr, setText, show } from '../ui/dom';
import { duration } from '../ui/format';
import { channelPath, passedQuery } from '../url';
import { dateText } from '../vod/clock';
import type { RecordingKind } from '../vod/recording';
import { Thumbnails } from '../vod/thumbs';
import { exposeReplay } from './hooks';
import { recordingFromPath, startFromQuery, withQuery } from './place';
import { makeReplayStage } from './stage';

const TICK_MS = 250;

function shareButton(): HTMLButtonElement {
    const label = labelled(el('span'), 'share');
    return el('button', { type: 'button', class: 'button', click: () => {
        void copyAndTell(window.location.href, label, () => t('share'));
    } }, icon('copy'), label);
}

function buildPage(kind: RecordingKind, id: string): void {
    const query = passedQuery(window.location.search);
    let thumbs: Thumbnails | null = null;
    const title = el('h1');
    const badge = labelled(el('span', { class: 'badge' }), `kind.${kind}`);
    const date = el('span', { class: 'fact' });
    const length = el('span', { class: 'fact dim' });
    const channel = el('span', { class: 'fact dim' });
    const gaps = el('span', { class: 'fact gap-note' });
    const download = el('a', { class: 'button', hidden: true, download: true },
        icon('download'), labelled(el('span'), 'replay.download'));
    const go_live = labelled(el('a', { class: 'button strong' }), 'replay.go_live');
    const still_live = el('p', { class: 'still-live', hidden: true },
        labelled(el('span'), 'replay.still_live'), go_live);

    const stage = makeReplayStage({ kind, id, query, thumbs: () => thumbs, onUpdate: () => {
        const { info, phase } = stage.player;
        if (info === null) {
            return;
        }
        if (thumbs === null && info.thumbnails_url !== '') {
            thumbs = new Thumbnails(info.thumbnails_url, () => stage.redrawPreview(), query);
        }
        // Not before the picture is there: it has the line first.
        if (phase !== 'loading') {
            void thumbs?.refresh(info.state === 'running', performance.now());
        }
        const name = info.title || info.channel;
        setText(title, name);
        document.title = `${name} · Branchcast`;
        setText(date, info.started_ms === null ? '' : dateText(info.started_ms));
        setText(length, duration(Math.max(info.duration_ms / 1000, stage.player.range().end_s)));
        setText(channel, info.title === '' ? '' : info.channel);
        setText(gaps, info.gap_count === 0 ? '' : t('replay.gaps', { n: info.gap_count }));
        show(download, info.mp4_url !== '' && info.state === 'ready');
        setAttr(download, 'href', withQuery(info.mp4_url, query, 'download=1'));
        show(still_live, stage.player.isRunning);
        setAttr(go_live, 'href', `/watch/${channelPath(info.channel)}${query}`);
    } });

    document.body.append(
        pageHead(() => stage.update()),
        el('main', {}, stage.element, el('div', { class: 'below' },
            el('div', { class: 'facts' }, title, badge, date, length, channel, gaps),
            el('div', { class: 'tools' }, download, shareButton()), still_live)));
    document.title = 'Branchcast';
    exposeReplay(stage.player);
    stage.player.start(startFromQuery(window.location.search));
    window.setInterval(() => stage.update(), TICK_MS);
}

initLanguage();
const place = recordingFromPath(window.location.pathname);
if (place === null) {
    document.body.append(pageHead(() => undefined), el('main', {}, el('div', { class: 'lost' },
        labelled(el('h1'), 'replay.gone'), labelled(el('p'), 'replay.gone_hint'),
        labelled(el('a', { href: '/', class: 'button strong' }), 'to_start'))));
} else {
    buildPage(place.kind, place.id);
}
