// SPDX-License-Identifier: Apache-2.0
// The picture of a recording with what lies over and under it.

import { makeCueOverlay } from '../cues/overlay';
import { CueShow } from '../cues/show';
import { type Key, t } from '../i18n';
import { iconButton, toggleFullscreen, togglePip, volumeSlider } from '../ui/buttons';
import { el, icon, labelled, setAttr, setText, show } from '../ui/dom';
import { duration } from '../ui/format';
import { followShape, hideControlsWhenIdle, makeVideo, startInWeixin } from '../ui/picture';
import { clockText, wallOf } from '../vod/clock';
import { makeSeekbar } from '../vod/seekbar';
import type { Thumbnails } from '../vod/thumbs';
import type { RecordingKind } from '../vod/recording';
import { ReplayPlayer, type ReplayPhase } from './player';

const SPEEDS = [0.5, 0.75, 1, 1.25, 1.5, 2];
const JUMP_S = 10;
const CALM_MS = 700;
const TROUBLES: readonly ReplayPhase[] =
    ['gone', 'forbidden', 'network', 'media', 'making', 'failed'];

export interface ReplayStage {
    element: HTMLElement;
    player: ReplayPlayer;
    update(): void;
    redrawPreview(): void;
}

export interface StageOptions {
    kind: RecordingKind;
    id: string;
    query: string;
    thumbs(): Thumbnails | null;
    onUpdate(): void;
}

function bufferedTo(video: HTMLVideoElement): number {
    const { buffered, currentTime } = video;
    for (let i = 0; i < buffered.length; i++) {
        if (currentTime >= buffered.start(i) - 0.2 && currentTime <= buffered.end(i)) {
            return buffered.end(i);
        }
    }
    return currentTime;
}

interface Overlay {
    elements: HTMLElement[];
    update(): void;
}

function makeOverlay(player: ReplayPlayer): Overlay {
    const spinner = el('div', { class: 'spinner', 'aria-hidden': 'true' });
    const title = el('p', { class: 'overlay-title' });
    const hint = el('p', { class: 'overlay-hint' });
    const message = el('div', { class: 'overlay', role: 'status', 'aria-live': 'polite',
        hidden: true }, spinner, title, hint);
    const play = labelled(el('button', { type: 'button', class: 'big-play', hidden: true,
        click: () => player.togglePause() }, icon('play')), 'tap_play', 'aria-label');
    const sound = el('button', { type: 'button', class: 'tap-sound', hidden: true,
        click: () => player.unmute() }, icon('muted'), labelled(el('span'), 'tap_sound'));
    let calm_until_ms = performance.now() + CALM_MS;

    function update(): void {
        const { phase, video } = player;
        const trouble = TROUBLES.includes(phase);
        const waiting = phase === 'loading' || phase === 'buffering';
        if (!waiting) {
            calm_until_ms = performance.now() + CALM_MS;
        }
        const visible = trouble || (waiting && performance.now() > calm_until_ms);
        show(message, visible);
        show(spinner, waiting || phase === 'network' || phase === 'making');
        setText(title, trouble ? t(`replay.${phase}` as Key) : t('replay.loading'));
        setText(hint, trouble ? t(`replay.${phase}_hint` as Key) : '');
        show(play, phase === 'gesture' || phase === 'paused' || phase === 'ended');
        show(sound, phase === 'playing' && video.muted && !visible);
    }

    return { elements: [message, play, sound], update };
}

function speedBox(player: ReplayPlayer): HTMLSelectElement {
    const box = el('select', { class: 'speed', change: () => player.setRate(Number(box.value)) },
        ...SPEEDS.map((n) => el('option', { value: String(n) }, t('speed.value', { n }))));
    box.value = '1';
    return labelled(box, 'speed.label', 'aria-label');
}

export function makeReplayStage(options: StageOptions): ReplayStage {
    const video = makeVideo();
    video.muted = false;
    video.removeAttribute('muted');
    // The server fills the cards of a recording's cues anew.
    const cards = makeCueOverlay('', options.query, ({ id, revision, kind }) =>
        kind === 'custom' ? null
            : `/${options.kind}/${options.id}/card-${id}-${revision}.svg${options.query}`);
    const element = el('section', { class: 'stage has-bar', tabindex: '-1' }, video, cards.element);
    const player: ReplayPlayer = new ReplayPlayer(options.kind, options.id, options.query, video,
        () => update(), (placed) => cues.put(placed));
    const cues: CueShow = new CueShow(video, cards, ({ media_s }) => player.cueClock_ms(media_s));
    const overlay = makeOverlay(player);

    const play = iconButton('play', 'pause');
    const back = labelled(iconButton('back'), 'seek.back', 'aria-label');
    const forward = labelled(iconButton('forward'), 'seek.forward', 'aria-label');
    const mute = iconButton('sound', 'muted');
    const pip = labelled(iconButton('pip'), 'control.pip', 'aria-label');
    const full = labelled(iconButton('full'), 'control.fullscreen', 'aria-label');
    const time = el('span', { class: 'behind' });
    const speed = speedBox(player);
    pip.classList.add('pip');
    pip.hidden = !document.pictureInPictureEnabled;

    const seekbar = makeSeekbar({
        label: (at_s) => {
            const wall_ms = player.info === null ? null : wallOf(player.info, at_s * 1000);
            return duration(at_s) + (wall_ms === null ? '' : ` · ${clockText(wall_ms)}`);
        },
        time_ms: (at_s) => at_s * 1000,
        seek: (at_s) => player.seek(at_s),
        thumbs: options.thumbs,
    });

    const jump = (by_s: number): void => player.seek(video.currentTime + by_s);
    const toggleMute = (): void => {
        if (video.muted) {
            player.unmute();
        } else {
            video.muted = true;
        }
    };
    play.addEventListener('click', () => player.togglePause());
    back.addEventListener('click', () => jump(-JUMP_S));
    forward.addEventListener('click', () => jump(JUMP_S));
    mute.addEventListener('click', toggleMute);
    pip.addEventListener('click', () => void togglePip(video));
    full.addEventListener('click', () => toggleFullscreen(element, video));
    video.addEventListener('click', () => player.togglePause());
    document.addEventListener('keydown', (event) => {
        const target = event.target as HTMLElement;
        if (event.ctrlKey || event.metaKey || event.altKey
            || ['INPUT', 'SELECT', 'TEXTAREA'].includes(target.tagName) || seekbar.onKey(event)) {
            return;
        }
        const actions: Record<string, () => void> = {
            ' ': () => player.togglePause(),
            k: () => player.togglePause(),
            j: () => jump(-JUMP_S),
            l: () => jump(JUMP_S),
            m: toggleMute,
            f: () => toggleFullscreen(element, video),
        };
        const action = actions[event.key.toLowerCase()];
        if (action && !(event.key === ' ' && target.tagName === 'BUTTON')) {
            event.preventDefault();
            action();
        }
    });

    const bar = el('div', { class: 'controls two-rows' },
        el('div', { class: 'controls-row' }, seekbar.element),
        el('div', { class: 'controls-row' }, play, back, forward, mute, volumeSlider(video), time,
            el('span', { class: 'spacer' }), speed, pip, full));
    element.append(...overlay.elements, bar);
    followShape(element, video);
    hideControlsWhenIdle(element, video);
    startInWeixin(video);

    function update(): void {
        const range = player.range();
        const running = !video.paused;
        overlay.update();
        show(bar, !TROUBLES.includes(player.phase));
        play.classList.toggle('second', running);
        setAttr(play, 'aria-label', t(running ? 'control.pause' : 'control.play'));
        mute.classList.toggle('second', video.muted);
        setAttr(mute, 'aria-label', t(video.muted ? 'control.unmute' : 'control.mute'));
        setText(time, `${duration(video.currentTime)} / ${duration(range.end_s)}`);
        seekbar.update({ ...range, position_s: video.currentTime, buffered_s: bufferedTo(video),
            gaps: (player.info?.gaps ?? []).map((gap) => gap.at_ms / 1000) });
        options.onUpdate();
    }

    return { element, player, update, redrawPreview: seekbar.redrawPreview };
}
