// SPDX-License-Identifier: Apache-2.0
// What the source is, and what can be done with all of it.

import { t } from '../../i18n';
import { confirmed } from '../../ui/confirm';
import { el, icon, labelled, setAttr, setText, show } from '../../ui/dom';
import { bytes, duration } from '../../ui/format';
import { dateText } from '../../vod/clock';
import type { AdminApi, Replay } from '../api';
import { errorText } from '../errors';

export interface HeadOptions {
    api: AdminApi;
    onBack(): void;
    onExported(): void;
    onRemoved(): void;
}

export interface SourceHead {
    element: HTMLElement;
    update(replay: Replay): void;
    say(words: string): void;
}

export function makeSourceHead({ api, onBack, onExported, onRemoved }: HeadOptions): SourceHead {
    let replay: Replay | null = null;
    const title = el('h1');
    const badge = el('span', { class: 'badge' });
    const facts = el('span', { class: 'dim' });
    const said = el('p', { class: 'trouble', role: 'alert', hidden: true });
    const say = (words: string): void => {
        setText(said, words);
        show(said, words !== '');
    };

    async function attempt(work: () => Promise<void>, then: () => void): Promise<void> {
        try {
            await work();
            say('');
            then();
        } catch (error) {
            say(errorText(error));
        }
    }

    const back = el('button', { type: 'button', class: 'button quiet back', click: onBack },
        icon('back'), labelled(el('span'), 'clips.back'));
    const watch = labelled(el('a', { class: 'button small', target: '_blank', rel: 'noopener' }),
        'clips.open');
    const make_file = el('button', { type: 'button', class: 'button small', click: () => {
        if (replay !== null) {
            const { id } = replay;
            void attempt(() => api.export(id), onExported);
        }
    } }, icon('download'), labelled(el('span'), 'clips.export'));
    const remove = el('button', { type: 'button', class: 'button small quiet', click: () => {
        void (async () => {
            const now = replay;
            if (now !== null && await confirmed(
                t('clips.delete_replay_ask', { name: now.title || now.channel }),
                t('clips.delete_replay_detail'), t('clips.delete'))) {
                await attempt(() => api.remove('replay', now.id), onRemoved);
            }
        })();
    } }, icon('trash'));
    labelled(remove, 'clips.delete_replay', 'aria-label');
    labelled(remove, 'clips.delete_replay', 'title');
    const element = el('div', { class: 'source-head' }, back,
        el('div', { class: 'source-title' }, title, badge, facts),
        el('div', { class: 'row' }, watch, make_file, remove), said);

    function update(next: Replay): void {
        replay = next;
        const running = next.state === 'running';
        setText(title, next.title || next.channel);
        setText(badge, t(running ? 'state.live' : 'kind.replay'));
        setAttr(badge, 'data-state', running ? 'live' : 'ready');
        setText(facts, [next.title ? next.channel : '',
            next.started_ms === null ? '' : dateText(next.started_ms),
            duration(next.duration_ms / 1000), bytes(next.bytes),
            next.gap_count > 0 ? t('clips.gaps', { n: next.gap_count }) : '']
            .filter((word) => word !== '').join(' · '));
        setAttr(watch, 'href', next.watch_url);
        show(watch, next.watch_url !== '');
        // A broadcast that runs can be neither a file yet nor deleted.
        show(make_file, !running);
        show(remove, !running);
    }

    return { element, update, say };
}
