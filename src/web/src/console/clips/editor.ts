// SPDX-License-Identifier: Apache-2.0
// One source on the cutting table: picture, timeline, what is chosen, the form.

import { t } from '../../i18n';
import { el, setText, show } from '../../ui/dom';
import { duration } from '../../ui/format';
import { followShape } from '../../ui/picture';
import { clockText, exactText, wallOf } from '../../vod/clock';
import { Thumbnails } from '../../vod/thumbs';
import type { AdminApi, Clip, Replay } from '../api';
import { errorText, isUnauthorized } from '../errors';
import { type ClipForm, makeForm } from './form';
import { FrameTimes } from './frames';
import { showHelp } from './help';
import { type Action, actionOf, isTaken } from './keys';
import { ClipPlayer } from './player';
import { boundsOf, isChosen, lastSeconds, NOTHING, setIn, setOut, type Stretch } from './range';
import { makeSourceHead } from './source_head';
import { makeTimeline } from './timeline';
import { makeTools, type Tools } from './tools';

const SECOND_MS = 1000;
const BACK_MS = 5000;
const TICK_MS = 250;
const REFRESH_RUNNING_MS = 3000;
// A live opens a little before its end: that is where people want to cut.
const LIVE_START_MS = 10_000;
const LASTS_S = [30, 60, 180];

export interface Editor {
    element: HTMLElement;
    redraw(): void;
    destroy(): void;
}

export interface EditorOptions {
    api: AdminApi;
    replay: Replay;
    onBack(): void;
    onMade(clip: Clip): void;
    onExported(): void;
    onRemoved(): void;
}

function makeScreen(): HTMLVideoElement {
    const video = el('video', { playsinline: true, preload: 'auto', tabindex: '-1',
        'aria-label': t('clips.picture') });
    return video;
}

export function makeEditor(options: EditorOptions): Editor {
    const { api } = options;
    let { replay } = options;
    const running = (): boolean => replay.state === 'running';
    let range: Stretch = NOTHING;
    let alive = true;

    const video = makeScreen();
    const trouble = el('p', { class: 'trouble screen-trouble', role: 'alert', hidden: true });
    const screen = el('div', { class: 'screen', click: () => act('toggle') }, video, trouble);
    followShape(screen, video);
    const thumbs = new Thumbnails(replay.thumbnails_url, () => timeline.redraw(), '', api.headers);
    const frames = new FrameTimes((at_ms) => api.frames(replay.id, at_ms));
    const start_ms = running() ? Math.max(0, replay.duration_ms - LIVE_START_MS) : 0;
    const player: ClipPlayer = new ClipPlayer(video, replay.hls_url, api.headers, start_ms, frames,
        () => update(), (kind) => {
            setText(trouble, t(kind === 'not_found' ? 'console.error.no_such_replay'
                : kind === 'forbidden' ? 'clips.no_play' : 'replay.media'));
            show(trouble, true);
        });
    video.addEventListener('loadeddata', () => show(trouble, false));

    const end_ms = (): number => Math.max(player.end_ms, running() ? 0 : replay.duration_ms);
    const bounds = (): { from_ms: number; to_ms: number } => boundsOf(range, end_ms());

    // --- what is chosen ---

    function choose(next: Stretch): void {
        range = next;
        player.setBounds(bounds());
        update();
    }

    async function mark(edge: 'in' | 'out'): Promise<void> {
        const { at_ms, next_ms } = await player.current();
        // The frame that is seen is the clip's first, or its last.
        choose(edge === 'in' ? setIn(range, at_ms) : setOut(range, Math.min(next_ms, end_ms())));
    }

    // A handle was dragged: to the frame under the finger.
    async function drag(edge: 'in' | 'out', at_ms: number, final: boolean): Promise<void> {
        if (final) {
            await frames.load(at_ms);
        }
        const place = frames.at(at_ms);
        choose(edge === 'in' ? setIn(range, place.at_ms) : setOut(range, Math.max(place.at_ms, 1)));
        if (final) {
            await player.seekFrame(edge === 'in' ? place.at_ms : frames.step(place.at_ms, -1).at_ms);
        } else {
            player.seek(at_ms);
        }
    }

    async function nudge(edge: 'in' | 'out', count: number): Promise<void> {
        const { from_ms, to_ms } = bounds();
        const at_ms = edge === 'in' ? from_ms : to_ms;
        await frames.load(at_ms);
        const next = frames.step(at_ms, count);
        choose(edge === 'in' ? setIn(range, next.at_ms) : setOut(range, Math.min(next.at_ms, end_ms())));
        await player.seekFrame(edge === 'in' ? next.at_ms : frames.step(next.at_ms, -1).at_ms);
    }

    async function goOut(): Promise<void> {
        const { to_ms } = bounds();
        await frames.load(to_ms);
        await player.seekFrame(frames.step(to_ms, -1).at_ms);
    }

    async function last(seconds: number): Promise<void> {
        const wanted = lastSeconds(seconds, end_ms());
        await frames.load(wanted.in_ms ?? 0);
        choose({ in_ms: frames.at(wanted.in_ms ?? 0).at_ms, out_ms: wanted.out_ms });
        timeline.zoom('range');
        await player.seekFrame(range.in_ms ?? 0);
    }

    function loop(on: boolean): void {
        player.setBounds(bounds());
        player.setLooping(on);
        update();
    }

    function act(action: Action): void {
        if (player.looping && !['loop', 'zoom_in', 'zoom_out', 'zoom_range', 'zoom_whole', 'help', 'name']
            .includes(action)) {
            player.looping = false;
        }
        const jump = (by_ms: number): void => void player.seekFrame(player.position_ms + by_ms);
        const actions: Record<Action, () => void> = {
            toggle: () => player.toggle(),
            pause: () => player.pause(),
            faster: () => player.faster(),
            back: () => jump(-BACK_MS),
            in: () => void mark('in'),
            out: () => void mark('out'),
            go_in: () => void player.seekFrame(bounds().from_ms),
            go_out: () => void goOut(),
            frame_back: () => void player.step(-1),
            frame_on: () => void player.step(1),
            second_back: () => jump(-SECOND_MS),
            second_on: () => jump(SECOND_MS),
            start: () => void player.seekFrame(0),
            end: () => void player.seekFrame(end_ms()),
            loop: () => loop(!player.looping),
            zoom_in: () => timeline.zoom('in'),
            zoom_out: () => timeline.zoom('out'),
            zoom_range: () => timeline.zoom('range'),
            zoom_whole: () => timeline.zoom('whole'),
            name: () => form.focus(),
            clear: () => choose(NOTHING),
            help: showHelp,
        };
        actions[action]();
        update();
    }

    const onKey = (event: KeyboardEvent): void => {
        const action = actionOf(event);
        const target = event.target as HTMLElement;
        if (action === null || document.querySelector('dialog[open]') !== null
            || isTaken(target.tagName, target.getAttribute('type') ?? '', action)) {
            return;
        }
        event.preventDefault();
        act(action);
    };
    document.addEventListener('keydown', onKey);

    // --- the page ---

    const timeline = makeTimeline({
        thumbs: () => thumbs,
        onScrub: (at_ms, final) => {
            player.looping = false;
            if (final) {
                void player.seekFrame(at_ms);
            } else {
                player.seek(at_ms);
            }
        },
        onEdge: (edge, at_ms, final) => void drag(edge, at_ms, final),
        onNudge: (edge, count) => void nudge(edge, count),
    });
    const form: ClipForm = makeForm({ api, source: replay.id, bounds, onMade: options.onMade });
    const head = makeSourceHead(options);
    const tools: Tools = makeTools(act, LASTS_S, (seconds) => void last(seconds));
    const element = el('section', { class: 'editor' }, head.element, screen, tools.transport,
        timeline.element, tools.zoom, el('div', { class: 'side' }, tools.marks, form.element));

    function update(): void {
        if (!alive) {
            return;
        }
        const { from_ms, to_ms } = bounds();
        const position_ms = player.position_ms;
        const wall_ms = wallOf(replay, position_ms);
        player.setBounds({ from_ms, to_ms });
        timeline.update({ length_ms: end_ms(), position_ms, from_ms, to_ms, chosen: isChosen(range),
            gaps: replay.gaps, following: player.isPlaying && !player.looping });
        tools.update({
            playing: player.isPlaying,
            rate: video.playbackRate,
            looping: player.looping,
            running: running(),
            can_loop: to_ms > from_ms,
            position: exactText(position_ms),
            length: duration(end_ms() / 1000),
            clock: wall_ms === null ? '' : clockText(wall_ms),
            in_text: range.in_ms === null ? '–' : exactText(range.in_ms),
            out_text: range.out_ms === null ? '–' : exactText(range.out_ms),
        });
        form.update();
    }

    async function refresh(): Promise<void> {
        try {
            replay = await api.replay(replay.id);
            head.update(replay);
        } catch (error) {
            if (!isUnauthorized(error)) {
                head.say(errorText(error));
            }
        }
    }

    head.update(replay);
    // A list tells less than the recording itself: where the gaps are.
    void refresh();
    void thumbs.refresh(running(), performance.now());
    const tick = window.setInterval(() => {
        player.keepLooping();
        void thumbs.refresh(running(), performance.now());
        update();
    }, TICK_MS);
    const refreshing = window.setInterval(() => running() && void refresh(), REFRESH_RUNNING_MS);
    window.addEventListener('resize', update);
    exposeEditor();

    // window.branchcast of the clip page, for tests and scripts.
    function exposeEditor(): void {
        (window as unknown as { branchcast: unknown }).branchcast = {
            stats: () => ({ position_ms: player.position_ms, ...bounds(), end_ms: end_ms(),
                in_ms: range.in_ms, out_ms: range.out_ms, playing: player.isPlaying,
                looping: player.looping, seeking: video.seeking, ready: video.readyState >= 2 }),
        };
    }

    return {
        element,
        redraw: () => {
            head.update(replay);
            update();
        },
        destroy: () => {
            alive = false;
            window.clearInterval(tick);
            window.clearInterval(refreshing);
            window.removeEventListener('resize', update);
            document.removeEventListener('keydown', onKey);
            player.destroy();
            thumbs.destroy();
        },
    };
}
