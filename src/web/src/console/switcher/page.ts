// SPDX-License-Identifier: Apache-2.0
// /console/switcher: several inputs, a preview and the program, and the take between them.

import { isKey, t } from '../../i18n';
import { get } from '../../json';
import { confirmed } from '../../ui/confirm';
import { el, icon, labelled, setAttr, setText, show } from '../../ui/dom';
import { channelPath } from '../../url';
import type { AdminApi } from '../api';
import { makeChannelChoice } from '../cues/channel_choice';
import { makeErrands } from '../errands';
import { makeLayers } from './layers';
import { makeLayout } from './layout';
import { type Effect, type LayerNumber, moveLayer, type Preset, PRESETS, presetBody, SceneApi, type Scene,
    type Status, type SwitchChannel, withLayer } from './model';
import { makeMonitor } from './monitor';
import { makeSetup } from './setup';

const POLL_MS = 1500;
const PICTURE_MS = 1000;
const FADE_MS = 500;
// A slider that is drawn sends no more often than that.
const SEND_MS = 150;
const KEYS = 9;

export interface SwitcherPage {
    element: HTMLElement;
    redraw(): void;
}

export function presetName(name: string): string {
    const key = `switcher.preset.${name}`;
    return isKey(key) ? t(key) : name;
}

export function makeSwitcherPage(admin: AdminApi): SwitcherPage {
    const api = new SceneApi(admin);
    const { trouble, done, tell, run } = makeErrands(() => look());
    let channels: SwitchChannel[] = [];
    let presets: readonly Preset[] = PRESETS;
    let program: Scene | null = null;
    let preview: Scene | null = null;
    let status: Status | null = null;
    // The preview is one of its own, and not only what is on air.
    let has_preview = false;
    // null: not asked yet.
    let has_scene: boolean | null = null;
    let chosen: string | null = null;
    let timer = 0;
    let send_timer = 0;
    let picture_url = '';
    let asked_presets = false;

    const channel = (): string => choice.channel();
    const isLive = (name: string): boolean => channels.some((one) => one.channel === name && one.live);

    // --- what the operator does ---

    const inputs = (): string[] => preview?.inputs ?? program?.inputs ?? [];

    function choosePreset({ name, inputs: needed }: Preset): void {
        if (inputs().length >= needed) {
            void run(() => api.setPreview(channel(), presetBody(name, inputs(), preview ?? program)));
        }
    }

    function swap(): void {
        const [first, second, ...rest] = inputs();
        const scene = preview ?? program;
        if (first === undefined || second === undefined || scene === null) {
            return;
        }
        const other: Record<string, string> = { [first]: second, [second]: first };
        const layers = scene.layers.map(({ channel: name, json }) => ({ ...json,
            ...(other[name] === undefined ? {} : { channel: other[name] }) }));
        void run(() => api.setPreview(channel(), { ...scene.json, inputs: [second, first, ...rest], layers }));
    }

    function take(effect: Effect): void {
        if (has_preview) {
            void run(async () => {
                window.clearTimeout(send_timer);
                if (send_timer !== 0 && preview !== null) {
                    await api.setPreview(channel(), preview.json);
                }
                send_timer = 0;
                await api.take(channel(), effect, effect === 'cut' ? 0 : FADE_MS);
            }, t('switcher.taken'));
        }
    }

    // Drawn at once, sent when the finger rests for a moment.
    function edit(next: Scene): void {
        preview = next;
        redraw();
        window.clearTimeout(send_timer);
        send_timer = window.setTimeout(() => void run(async () => {
            send_timer = 0;
            await api.setPreview(channel(), next.json);
        }), SEND_MS);
    }

    // --- parts ---

    const choice = makeChannelChoice('switcher_channel', () => {
        program = null;
        preview = null;
        status = null;
        has_scene = null;
        chosen = null;
        monitor.play('');
        void look().catch(tell);
    });
    const layout = makeLayout(({ id }) => {
        chosen = id;
        redraw();
    });
    const layers = makeLayers({
        change: (id: string, name: LayerNumber, value: number) =>
            preview && edit(withLayer(preview, id, name, value)),
        move: (id, by) => preview && edit(moveLayer(preview, id, by)),
        choose: (id) => {
            chosen = chosen === id ? null : id;
            redraw();
        },
    });
    const setup = makeSetup((names) => run(() => api.setProgram(channel(),
        presetBody(names.length > 1 ? 'pip-bottom-right' : 'full', names, null), 'cut')));
    const monitor = makeMonitor();
    const picture = el('img', { class: 'monitor-picture', alt: '', hidden: true });
    const input_list = el('ul', { class: 'inputs' });
    const preset_list = el('div', { class: 'presets', role: 'group' });
    const facts = el('p', { class: 'dim small switch-facts' });
    const degraded = el('p', { class: 'trouble', role: 'status', hidden: true });
    const button = (key: Parameters<typeof t>[0], kind: string, key_name: string, act: () => void): HTMLButtonElement =>
        el('button', { type: 'button', class: `button ${kind}`, click: act }, labelled(el('span'), key),
            el('kbd', {}, key_name));
    const cut = button('switcher.cut', 'danger', '↵', () => take('cut'));
    const fade = button('switcher.fade', 'strong', 'F', () => take('fade'));
    const watch = el('a', { class: 'button small', target: '_blank' }, icon('open'),
        labelled(el('span'), 'channels.watch'));
    const remove = labelled(el('button', { type: 'button', class: 'button small quiet', click: () => void onRemove() }),
        'switcher.remove');
    const none = labelled(el('p', { class: 'dim', hidden: true }), 'channels.none');
    const desk = el('div', { class: 'desk', hidden: true },
        el('div', { class: 'monitors' },
            el('section', { class: 'monitor is-preview' }, labelled(el('h2'), 'switcher.preview'),
                el('div', { class: 'monitor-box' }, layout.element, picture)),
            el('section', { class: 'monitor is-program' }, labelled(el('h2'), 'switcher.program'),
                el('div', { class: 'monitor-box' }, monitor.element)),
            el('div', { class: 'row center takes' }, cut, fade, button('switcher.swap', '', 'S', swap))),
        degraded, facts,
        el('section', { class: 'card cue-part' }, labelled(el('h2'), 'switcher.presets'),
            labelled(el('p', { class: 'dim small' }), 'switcher.presets_hint'), preset_list),
        el('div', { class: 'cue-columns' },
            el('section', { class: 'card cue-part' }, labelled(el('h2'), 'switcher.inputs'), input_list),
            layers.element));
    const element = el('div', { class: 'cue-page switcher' },
        el('div', { class: 'row cue-head' }, labelled(el('h1'), 'switcher.title'), choice.element, watch,
            el('span', { class: 'spacer' }), remove), trouble, done, none, setup.element, desk);
    let drawn = '';

    async function onRemove(): Promise<void> {
        if (await confirmed(t('switcher.remove_ask', { channel: channel() }), t('switcher.remove_detail'),
            t('switcher.remove'))) {
            await run(() => api.remove(channel()));
        }
    }

    function inputRow(name: string): HTMLElement {
        const state = status?.inputs.find((one) => one.name === name)?.state ?? (isLive(name) ? 'live' : 'away');
        const key = `switcher.${state}`;
        return el('li', { class: 'input', 'data-state': state },
            el('span', { class: 'input-picture' }, isLive(name) ? el('img', { alt: '',
                src: `/${channelPath(name)}.jpg?width=320&t=${Math.floor(Date.now() / 1000)}` }) : icon('camera')),
            el('span', { class: 'input-name' }, el('strong', {}, name),
                el('span', { class: 'small' }, isKey(key) ? t(key) : state)));
    }

    function presetButton(preset: Preset, index: number): HTMLElement {
        const possible = inputs().length >= preset.inputs;
        return el('button', { type: 'button', class: 'button preset', 'data-preset': preset.name, disabled: !possible,
            title: possible ? '' : t('switcher.needs', { n: preset.inputs }), click: () => choosePreset(preset) },
        el('i', { class: `preset-picture p-${preset.name}`, 'aria-hidden': 'true' }, el('b'), el('b'), el('b')),
        el('span', {}, presetName(preset.name)),
        index < KEYS ? el('kbd', {}, String(index + 1)) : null);
    }

    function factsText(): string {
        if (status === null || status.fps === 0) {
            return program !== null && !isLive(channel()) ? t('switcher.waiting') : '';
        }
        return [`${status.width}×${status.height}`, `${Math.round(status.fps)} fps`,
            status.delay_ms > 0 ? t('switcher.added', { n: Math.round(status.delay_ms) }) : '']
            .filter((part) => part !== '').join(' · ');
    }

    function redraw(): void {
        const name = channel();
        show(none, name === '');
        show(watch, name !== '');
        show(remove, has_scene === true);
        show(desk, has_scene === true);
        show(setup.element, name !== '' && has_scene === false);
        cut.disabled = !has_preview;
        fade.disabled = !has_preview;
        setAttr(watch, 'href', `/watch/${channelPath(name)}`);
        setup.update(channels.filter((one) => one.channel !== name));
        layout.draw(preview, isLive, chosen);
        layers.update(preview, chosen);
        setText(facts, factsText());
        show(degraded, (status?.degraded ?? '') !== '');
        setText(degraded, t('switcher.degraded', { detail: status?.degraded ?? '' }));
        const now = JSON.stringify([inputs(), inputs().map(isLive), status?.inputs, presets,
            document.documentElement.lang]);
        if (now !== drawn) {
            drawn = now;
            input_list.replaceChildren(...inputs().map(inputRow));
            preset_list.replaceChildren(...presets.map(presetButton));
        }
    }

    // --- what the server has ---

    async function look(): Promise<void> {
        window.clearTimeout(timer);
        try {
            channels = await api.channels();
            choice.update(channels.map((one) => ({ channel: one.channel, live: one.live }))
                .sort((a, b) => rank(a.channel) - rank(b.channel)));
            const name = channel();
            const composite = channels.some((one) => one.channel === name && one.composite);
            if (!asked_presets) {
                asked_presets = true;
                presets = await api.presets();
            }
            const answers = composite
                ? await Promise.all([api.program(name), api.preview(name), api.status(name)]) : [null, null, null] as const;
            if (name !== channel()) {
                return;
            }
            has_scene = answers[0] !== null;
            program = answers[0];
            // What is being changed here is newer.
            has_preview = answers[1] !== null;
            preview = send_timer === 0 ? answers[1] ?? answers[0] : preview;
            status = answers[2];
            monitor.play(has_scene && isLive(name) ? name : '');
            redraw();
        } finally {
            window.clearTimeout(timer);
            timer = window.setTimeout(() => void look().catch(tell), document.hidden ? 5 * POLL_MS : POLL_MS);
        }
    }

    const rank = (name: string): number => (channels.find((one) => one.channel === name)?.composite ? 0 : 1);

    // The composer's own picture of the preview, where it makes one; else the layout stays.
    async function refresh(): Promise<void> {
        if (!document.hidden && has_scene === true) {
            layout.refresh();
            for (const image of input_list.querySelectorAll('img')) {
                image.src = image.src.replace(/t=\d+$/, `t=${Math.floor(Date.now() / 1000)}`);
            }
            if (has_preview && status !== null && status.fps > 0) {
                await refreshPicture();
            } else {
                show(picture, false);
            }
        }
        window.setTimeout(() => void refresh(), PICTURE_MS);
    }

    async function refreshPicture(): Promise<void> {
        try {
            const response = await get(api.pictureUrl(channel()), { headers: api.headers });
            const blob = response.status === 200 ? await response.blob() : null;
            const old = picture_url;
            picture_url = blob === null || blob.size === 0 ? '' : URL.createObjectURL(blob);
            if (picture_url !== '') {
                picture.src = picture_url;
            }
            show(picture, picture_url !== '');
            URL.revokeObjectURL(old);
        } catch {
            show(picture, false);
        }
    }

    document.addEventListener('keydown', (event) => {
        const { tagName } = event.target as HTMLElement;
        if (has_scene !== true || event.ctrlKey || event.metaKey || event.altKey || event.repeat
            || ['INPUT', 'SELECT', 'TEXTAREA'].includes(tagName) || document.querySelector('dialog[open]')) {
            return;
        }
        const preset = /^[1-9]$/.test(event.key) ? presets[Number(event.key) - 1] : undefined;
        const on_button = tagName === 'BUTTON' || tagName === 'A';
        if (preset !== undefined) {
            choosePreset(preset);
        } else if (event.key === 'Enter' && !on_button) {
            take('cut');
        } else if (event.key.toLowerCase() === 'f') {
            take('fade');
        } else if (event.key.toLowerCase() === 's') {
            swap();
        }
    });
    void look().catch(tell);
    void refresh();
    document.title = `${t('switcher.title')} · Branchcast`;
    return { element, redraw };
}
