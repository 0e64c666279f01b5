// SPDX-License-Identifier: Apache-2.0
// /console/cues: shows products, coupons, draws and texts over a channel's picture.

import type { CueKind } from '../../cues/cue';
import { t } from '../../i18n';
import { count, type Json } from '../../json';
import { remember, remembered } from '../../store';
import { confirmed } from '../../ui/confirm';
import { el, icon, labelled, setAttr, show } from '../../ui/dom';
import { channelPath } from '../../url';
import type { AdminApi } from '../api';
import { makeErrands } from '../errands';
import { makeChannelChoice } from './channel_choice';
import { makeCueForm } from './form';
import { CuesApi, newId, type Prepared, type Rule, type RunningCue, titleOf } from './model';
import { makePrepared } from './prepared';
import { makeRules } from './rules';
import { makeRunning } from './running';

const POLL_MS = 2000;
const TICK_MS = 500;
const DURATIONS_S = [15, 30, 60, 300, 0];
const USUAL_S = 30;
// The winners of a draw are told while its card is still there.
const AFTER_DRAW_MS = 10_000;

export interface CuesPage {
    element: HTMLElement;
    redraw(): void;
}

function durationBox(): HTMLSelectElement {
    const box = el('select', { class: 'field short', id: 'cue-duration',
        change: () => remember('cue_duration', box.value) }, ...DURATIONS_S.map((s) =>
        (s === 0 ? labelled(el('option', { value: '0' }), 'cues.until_ended')
            : labelled(el('option', { value: String(s) }), `cues.for_${s as 15 | 30 | 60 | 300}`))));
    const stored = Number(remembered('cue_duration') ?? USUAL_S);
    box.value = String(DURATIONS_S.includes(stored) ? stored : USUAL_S);
    return box;
}

export function makeCuesPage(admin: AdminApi): CuesPage {
    const api = new CuesApi(admin);
    const { trouble, done, tell, run } = makeErrands(() => look());
    const lasts = durationBox();
    let prepared: Prepared[] = [];
    let running: RunningCue[] = [];
    let rules: Rule[] = [];
    let timer = 0;

    const channel = (): string => choice.channel();

    function lastsFor(kind: CueKind, data: Json): number {
        return kind === 'draw' && count(data.ends_in_ms) > 0
            ? count(data.ends_in_ms) + AFTER_DRAW_MS : Number(lasts.value) * 1000;
    }

    const fire = (one: Prepared): void => void run(
        () => api.fire(channel(), { product: one.id }, lastsFor(one.kind, one.data)),
        t('cues.shown', { name: titleOf(one) }));

    async function keep({ id, kind, data }: { id: string | null; kind: CueKind; data: Json }): Promise<boolean> {
        const one: Prepared = { id: id ?? newId(prepared, kind), kind, data };
        const next = id === null ? [...prepared, one] : prepared.map((old) => (old.id === id ? one : old));
        return run(() => api.setPrepared(channel(), next), t('cues.kept'));
    }

    async function remove(one: Prepared): Promise<void> {
        if (await confirmed(t('cues.delete_ask', { name: titleOf(one) }), t('cues.delete_detail'),
            t('cues.delete'))) {
            await run(() => api.setPrepared(channel(), prepared.filter(({ id }) => id !== one.id)));
        }
    }

    const choice = makeChannelChoice('cues_channel', () => {
        form.edit(null);
        prepared = [];
        running = [];
        rules = [];
        void look().catch(tell);
    });
    const form = makeCueForm({
        fire: (kind, data) => run(() => api.fire(channel(), { kind, data }, lastsFor(kind, data)),
            t('cues.shown', { name: titleOf({ id: kind, data }) })),
        keep,
        upload: async (file) => {
            try {
                const id = await api.upload(file);
                tell(null);
                return id;
            } catch (error) {
                tell(error);
                return null;
            }
        },
    });
    const list = makePrepared({ fire, edit: form.edit, remove: (one) => void remove(one) });
    const now = makeRunning({
        end: (cue) => void run(() => api.end(channel(), cue.id)),
        change: (cue, change) => void run(() => api.change(channel(), cue.id, change)),
    });
    const rules_view = makeRules((next) => run(() => api.setRules(channel(), next), t('cues.kept')));
    const watch = el('a', { class: 'button small', target: '_blank' }, icon('open'),
        labelled(el('span'), 'channels.watch'));
    const none = labelled(el('p', { class: 'dim', hidden: true }), 'channels.none');
    const body = el('div', { class: 'cue-columns', hidden: true },
        el('div', { class: 'cue-column' }, list.element, rules_view.element),
        el('div', { class: 'cue-column' }, now.element, form.element));
    const element = el('div', { class: 'cue-page' },
        el('div', { class: 'row cue-head' }, labelled(el('h1'), 'cues.title'), choice.element, watch,
            el('label', { class: 'row small lasts' }, labelled(el('span', { class: 'dim' }), 'cues.lasts'), lasts)),
        trouble, done, none, body);

    function redraw(): void {
        show(none, channel() === '');
        show(body, channel() !== '');
        setAttr(watch, 'href', `/watch/${channelPath(channel())}`);
        show(watch, channel() !== '');
        list.update(prepared, new Set(running.map(titleOf)));
        now.update(channel(), running);
        rules_view.update(rules);
    }

    async function look(): Promise<void> {
        window.clearTimeout(timer);
        try {
            choice.update(await api.channels());
            const name = channel();
            if (name !== '') {
                const answers = await Promise.all([api.prepared(name), api.running(name), api.rules(name)]);
                if (name === channel()) {
                    [prepared, running, rules] = answers;
                }
            }
            redraw();
        } finally {
            window.clearTimeout(timer);
            timer = window.setTimeout(() => void look().catch(tell), document.hidden ? 5 * POLL_MS : POLL_MS);
        }
    }

    document.addEventListener('keydown', (event) => {
        const { tagName } = event.target as HTMLElement;
        if (!event.ctrlKey && !event.metaKey && !event.altKey && !event.repeat
            && !['INPUT', 'SELECT', 'TEXTAREA'].includes(tagName)) {
            list.onKey(event);
        }
    });
    window.setInterval(() => now.update(channel(), running), TICK_MS);
    void look().catch(tell);
    document.title = `${t('cues.title')} · Branchcast`;
    return { element, redraw };
}
