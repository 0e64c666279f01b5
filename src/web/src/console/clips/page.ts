// SPDX-License-Identifier: Apache-2.0
// The clip page: choose a source, cut, and see what became of it. The address names the source
// (?replay=ID), so that reloading and going back work.

import { t } from '../../i18n';
import { el, setText, show } from '../../ui/dom';
import type { AdminApi, Replay } from '../api';
import { errorText } from '../errors';
import { Posters } from '../pictures';
import { type Editor, makeEditor } from './editor';
import { makeJobs } from './jobs';
import { makeSources } from './sources';

const EXPORTS_LOOKED_AT = 50;

export interface ClipPage {
    element: HTMLElement;
    redraw(): void;
}

function sourceInAddress(): string | null {
    return new URLSearchParams(window.location.search).get('replay');
}

function addressOf(id: string | null): string {
    const query = new URLSearchParams(window.location.search);
    query.delete('replay');
    if (id !== null) {
        query.set('replay', id);
    }
    const text = query.toString();
    return window.location.pathname + (text === '' ? '' : `?${text}`);
}

export function makeClipPage(api: AdminApi): ClipPage {
    const posters = new Posters(api.headers);
    const trouble = el('p', { class: 'trouble', role: 'alert', hidden: true });
    const place = el('div');
    let editor: Editor | null = null;

    const sources = makeSources({ api, posters, onChosen: (replay) => {
        window.history.pushState(null, '', addressOf(replay.id));
        edit(replay);
    } });
    const jobs = makeJobs({ api, posters,
        replays: () => api.replays(EXPORTS_LOOKED_AT, null).then(({ items }) => items) });
    const element = el('div', { class: 'clips' }, trouble, sources.element, place, jobs.element);

    function close(): void {
        editor?.destroy();
        editor = null;
        place.replaceChildren();
    }

    function choose(): void {
        close();
        show(sources.element, true);
        sources.setActive(true);
        void sources.refresh();
        document.title = `${t('clips.title')} · Branchcast`;
    }

    function leave(): void {
        window.history.pushState(null, '', addressOf(null));
        choose();
    }

    function edit(replay: Replay): void {
        close();
        show(trouble, false);
        show(sources.element, false);
        sources.setActive(false);
        editor = makeEditor({ api, replay, onBack: leave, onMade: () => jobs.wake(),
            onExported: () => jobs.wake(), onRemoved: leave });
        place.replaceChildren(editor.element);
        document.title = `${replay.title || replay.channel} · ${t('clips.title')}`;
        window.scrollTo({ top: 0 });
    }

    async function follow(): Promise<void> {
        const id = sourceInAddress();
        if (id === null) {
            choose();
            return;
        }
        try {
            edit(await api.replay(id));
        } catch (error) {
            setText(trouble, errorText(error));
            show(trouble, true);
            choose();
        }
    }

    window.addEventListener('popstate', () => void follow());
    void follow();

    return {
        element,
        redraw: () => {
            sources.redraw();
            jobs.redraw();
            editor?.redraw();
        },
    };
}
