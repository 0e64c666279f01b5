// SPDX-License-Identifier: Apache-2.0
// Clips and exported files, with how far they are.

import { t } from '../../i18n';
import { withQuery } from '../../replay/place';
import { confirmed } from '../../ui/confirm';
import { copyAndTell } from '../../ui/copy';
import { el, icon, labelled, setText, show } from '../../ui/dom';
import { bytes } from '../../ui/format';
import { dateText, exactText } from '../../vod/clock';
import type { AdminApi, Clip, Replay } from '../api';
import { errorText } from '../errors';
import type { Posters } from '../pictures';
import { JobPace } from './pace';

const PAGE = 12;

export interface Jobs {
    element: HTMLElement;
    // Something was begun: look at once.
    wake(): void;
    redraw(): void;
}

export interface JobOptions {
    api: AdminApi;
    posters: Posters;
    // Replays that may have exports.
    replays(): Promise<readonly Replay[]>;
}

function progressBar(percent: number): HTMLElement {
    return el('progress', { max: '100', value: String(percent), 'aria-label': t('clips.progress') });
}

function copyButton(path: string): HTMLButtonElement {
    const label = el('span', {}, t('share'));
    return el('button', { type: 'button', class: 'button small', click: () => void copyAndTell(
        new URL(path, window.location.href).href, label, () => t('share')) }, icon('copy'), label);
}

function link(path: string, picture: 'open' | 'download', words: string): HTMLElement {
    const props: Record<string, string | boolean> = picture === 'open'
        ? { target: '_blank', rel: 'noopener' } : { download: true };
    return el('a', { class: 'button small', href: path, ...props }, icon(picture), el('span', {}, words));
}

function stateLine(state: string, progress: number, error: string): HTMLElement | null {
    if (state === 'failed') {
        return el('p', { class: 'trouble' }, t('clips.failed', { detail: error || t('unknown') }));
    }
    if (state === 'ready' || state === 'done') {
        return null;
    }
    return el('div', { class: 'row progress' }, progressBar(progress),
        el('span', { class: 'dim' }, t(state === 'waiting' ? 'clips.waiting' : 'clips.percent',
            { n: Math.round(progress) })));
}

export function makeJobs(options: JobOptions): Jobs {
    const { api, posters } = options;
    const trouble = el('p', { class: 'trouble', role: 'alert', hidden: true });
    const list = el('ul', { class: 'jobs' });
    const empty = labelled(el('p', { class: 'notice', hidden: true }), 'clips.none_yet');
    const more = labelled(el('button', { type: 'button', class: 'button', hidden: true }), 'clips.more');
    const element = el('section', { class: 'made' }, labelled(el('h2'), 'clips.made'), trouble, list,
        empty, el('div', { class: 'row center' }, more));
    const pace = new JobPace();
    let clips: Clip[] = [];
    let exports: Replay[] = [];
    let cursor: string | null = null;
    let wanted = PAGE;
    let timer = 0;
    let loaded = false;

    async function remove(clip: Clip): Promise<void> {
        const name = clip.title || t('clips.unnamed');
        if (!await confirmed(t('clips.delete_ask', { name }), t('clips.delete_detail'), t('clips.delete'))) {
            return;
        }
        try {
            await api.remove('clip', clip.id);
        } catch (error) {
            fail(error);
        }
        wake();
    }

    function clipRow(clip: Clip): HTMLElement {
        const ready = clip.state === 'ready';
        return el('li', { class: 'job', 'data-id': clip.id, 'data-state': clip.state },
            posters.make(ready ? clip.poster_url : ''),
            el('div', { class: 'job-text' }, el('strong', {}, clip.title || t('clips.unnamed')),
                el('span', { class: 'source-facts' }, el('span', { class: 'dim' }, clip.channel),
                    el('span', { class: 'dim' }, clip.started_ms === null ? '' : dateText(clip.started_ms)),
                    el('span', {}, exactText(clip.duration_ms || clip.to_ms - clip.from_ms)),
                    ready ? el('span', { class: 'dim' }, bytes(clip.bytes)) : null),
                stateLine(clip.state, clip.progress, clip.error)),
            el('div', { class: 'job-tools' },
                ...(ready ? [copyButton(clip.watch_url), link(clip.watch_url, 'open', t('clips.open')),
                    link(withQuery(clip.mp4_url, '', 'download=1'), 'download', t('replay.download'))] : []),
                el('button', { type: 'button', class: 'button small quiet', 'aria-label': t('clips.delete'),
                    title: t('clips.delete'), click: () => void remove(clip) }, icon('trash'))));
    }

    function exportRow(replay: Replay): HTMLElement {
        const { state, progress, error, url } = replay.export;
        return el('li', { class: 'job', 'data-export': replay.id, 'data-state': state },
            posters.make(replay.poster_url),
            el('div', { class: 'job-text' },
                el('strong', {}, t('clips.export_of', { name: replay.title || replay.channel })),
                el('span', { class: 'source-facts' }, el('span', { class: 'dim' }, replay.channel),
                    el('span', { class: 'dim' }, replay.started_ms === null ? '' : dateText(replay.started_ms)),
                    el('span', {}, exactText(replay.duration_ms))),
                stateLine(state, progress, error)),
            el('div', { class: 'job-tools' }, ...(state === 'done' && url !== ''
                ? [copyButton(url), link(withQuery(url, '', 'download=1'), 'download', t('replay.download'))]
                : [])));
    }

    let drawn = '';
    function redraw(): void {
        const state = JSON.stringify([clips, exports.map((r) => [r.id, r.export]),
            document.documentElement.lang]);
        show(empty, loaded && clips.length + exports.length === 0);
        show(more, cursor !== null);
        if (state !== drawn) {
            drawn = state;
            list.replaceChildren(...exports.map(exportRow), ...clips.map(clipRow));
        }
    }

    function fail(error: unknown): void {
        setText(trouble, errorText(error));
        show(trouble, true);
    }

    async function poll(): Promise<void> {
        window.clearTimeout(timer);
        let wait_ms: number;
        try {
            const [page, replays] = await Promise.all([api.clips(wanted, null), options.replays()]);
            clips = page.items;
            cursor = page.cursor;
            exports = replays.filter((replay) => replay.export.state !== 'none');
            loaded = true;
            show(trouble, false);
            redraw();
            wait_ms = pace.next([...clips.filter((clip) => clip.state === 'running').map((c) => c.progress),
                ...exports.filter((r) => ['waiting', 'running'].includes(r.export.state))
                    .map((r) => r.export.progress)]);
        } catch (error) {
            fail(error);
            wait_ms = pace.failed();
        }
        window.clearTimeout(timer);
        timer = window.setTimeout(() => void poll(), document.hidden ? wait_ms * 3 : wait_ms);
    }

    function wake(): void {
        pace.wake();
        void poll();
    }

    more.addEventListener('click', () => {
        wanted += PAGE;
        void poll();
    });
    void poll();

    return { element, wake, redraw };
}
