// SPDX-License-Identifier: Apache-2.0
// What clips can be cut from: lives that are recorded, and replays.

import { t } from '../../i18n';
import { el, labelled, setText, show } from '../../ui/dom';
import { bytes, duration, since } from '../../ui/format';
import { dateText } from '../../vod/clock';
import type { AdminApi, LiveChannel, Replay } from '../api';
import { errorText } from '../errors';
import type { Posters } from '../pictures';

const PAGE = 12;
const REFRESH_MS = 10_000;
const TYPING_MS = 300;

export interface Sources {
    element: HTMLElement;
    refresh(): Promise<void>;
    redraw(): void;
    // Stops asking the server while the list is not in sight.
    setActive(active: boolean): void;
    // An export has begun, and the like.
    readonly replays: readonly Replay[];
}

export interface SourceOptions {
    api: AdminApi;
    posters: Posters;
    onChosen(replay: Replay): void;
}

// A channel's name is asked of the server, a part of one is looked for in what is here.
export function fits(replay: Pick<Replay, 'channel' | 'title'>, words: string): boolean {
    const wanted = words.trim().toLowerCase();
    return `${replay.channel} ${replay.title}`.toLowerCase().includes(wanted);
}

function fact(text: string): HTMLElement {
    return el('span', { class: 'dim' }, text);
}

function replayCard(replay: Replay, { posters, onChosen }: SourceOptions): HTMLElement {
    const running = replay.state === 'running';
    const badge = el('span', { class: 'badge', 'data-state': running ? 'live' : 'ready' },
        t(running ? 'state.live' : 'kind.replay'));
    const gaps = replay.gap_count === 0 ? null
        : el('span', { class: 'warn' }, t('clips.gaps', { n: replay.gap_count }));
    return el('button', { type: 'button', class: 'source', 'data-id': replay.id,
        click: () => onChosen(replay) },
    posters.make(replay.poster_url || (running ? `/${replay.channel}.jpg?width=320` : '')),
    el('span', { class: 'source-text' },
        el('strong', {}, replay.title || replay.channel),
        el('span', { class: 'source-facts' }, badge, replay.title ? fact(replay.channel) : null,
            fact(replay.started_ms === null ? '' : dateText(replay.started_ms)),
            fact(duration(replay.duration_ms / 1000)), fact(bytes(replay.bytes)), gaps)));
}

export function makeSources(options: SourceOptions): Sources {
    const { api, posters } = options;
    const search = labelled(labelled(el('input', { type: 'search', class: 'field search',
        autocomplete: 'off', spellcheck: 'false' }), 'clips.search', 'placeholder'),
    'clips.search', 'aria-label');
    const trouble = el('p', { class: 'trouble', role: 'alert', hidden: true });
    const lives = el('div', { class: 'lives' });
    const list = el('div', { class: 'sources' });
    const empty = el('p', { class: 'notice', hidden: true });
    const more = labelled(el('button', { type: 'button', class: 'button', hidden: true }), 'clips.more');
    const element = el('section', { class: 'choose' },
        el('div', { class: 'section-head' }, labelled(el('h2'), 'clips.choose'), search),
        trouble, lives, list, empty, el('div', { class: 'row center' }, more));
    let replays: Replay[] = [];
    let channels: LiveChannel[] = [];
    let cursor: string | null = null;
    let active = true;
    let loaded = false;
    let timer = 0;

    const asked = (): string => (/^[^/\s]+\/\S+$/.test(search.value.trim()) ? search.value.trim() : '');

    async function record(live: LiveChannel, button: HTMLButtonElement): Promise<void> {
        button.disabled = true;
        try {
            await api.record(live.channel, true);
            await refresh();
        } catch (error) {
            fail(error);
            button.disabled = false;
        }
    }

    // A live that nobody records cannot be cut, but that can be mended.
    function liveRow(live: LiveChannel): HTMLElement {
        const button: HTMLButtonElement = el('button', { type: 'button', class: 'button',
            click: () => void record(live, button) }, t('clips.record'));
        const elapsed = since(live.since_ms === null ? null : new Date(live.since_ms).toISOString(),
            Date.now());
        const { state, trouble: why } = live.recording;
        return el('div', { class: 'live-row' }, posters.make(`/${live.channel}.jpg?width=320`),
            el('span', { class: 'source-text' }, el('strong', {}, live.channel),
                el('span', { class: 'source-facts' },
                    el('span', { class: 'badge', 'data-state': 'live' }, t('state.live')),
                    fact(elapsed === null ? '' : t('on_air', { time: elapsed })),
                    state === 'trouble'
                        ? el('span', { class: 'warn' }, t('clips.record_trouble', { detail: why }))
                        : fact(t('clips.not_recorded')))),
            state === 'trouble' ? null : button);
    }

    let drawn = '';
    function redraw(): void {
        const recorded = new Set(replays.filter((r) => r.state === 'running').map((r) => r.channel));
        const unrecorded = channels.filter((live) => !recorded.has(live.channel)
            && live.recording.id === null && fits({ channel: live.channel, title: '' }, search.value));
        const shown = replays.filter((replay) => fits(replay, search.value));
        const cards = shown.map((replay) => replayCard(replay, options));
        const rows = unrecorded.map(liveRow);
        setText(empty, t(search.value.trim() === '' ? 'clips.nothing' : 'clips.nothing_found'));
        show(empty, loaded && cards.length + rows.length === 0);
        show(more, cursor !== null);
        // Pictures that are there already must not flicker.
        const now = [...rows, ...cards].map((node) => node.textContent).join('\n') + document.documentElement.lang
            + shown.map((replay) => replay.id).join();
        if (now !== drawn) {
            drawn = now;
            const focused = document.activeElement?.getAttribute('data-id');
            lives.replaceChildren(...rows);
            list.replaceChildren(...cards);
            if (focused) {
                list.querySelector<HTMLElement>(`[data-id="${CSS.escape(focused)}"]`)?.focus();
            }
        }
    }

    function fail(error: unknown): void {
        setText(trouble, errorText(error));
        show(trouble, true);
    }

    async function refresh(): Promise<void> {
        const channel = asked();
        try {
            const count = Math.max(PAGE, Math.min(replays.length, 100));
            const [page, live] = await Promise.all([api.replays(count, null, channel), api.channels()]);
            if (channel !== asked()) {
                return;
            }
            replays = page.items;
            cursor = page.cursor;
            channels = live.items;
            loaded = true;
            show(trouble, false);
            redraw();
        } catch (error) {
            fail(error);
        }
    }

    async function loadMore(): Promise<void> {
        more.disabled = true;
        try {
            const page = await api.replays(PAGE, cursor, asked());
            const known = new Set(replays.map((replay) => replay.id));
            replays = [...replays, ...page.items.filter((replay) => !known.has(replay.id))];
            cursor = page.cursor;
            redraw();
        } catch (error) {
            fail(error);
        } finally {
            more.disabled = false;
        }
    }

    more.addEventListener('click', () => void loadMore());
    search.addEventListener('input', () => {
        redraw();
        window.clearTimeout(timer);
        timer = window.setTimeout(() => {
            replays = [];
            void refresh();
        }, TYPING_MS);
    });
    window.setInterval(() => {
        if (active && !document.hidden) {
            void refresh();
        }
    }, REFRESH_MS);

    return {
        element,
        refresh,
        redraw,
        setActive: (on) => { active = on; },
        get replays() {
            return replays;
        },
    };
}
