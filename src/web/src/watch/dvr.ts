// SPDX-License-Identifier: Apache-2.0
// The bar to go back on in a live, as far as the server's window reaches.

import { t } from '../i18n';
import { el, setText, show } from '../ui/dom';
import { duration } from '../ui/format';
import { passedQuery } from '../url';
import { clockText } from '../vod/clock';
import { fetchRecording, type Recording } from '../vod/recording';
import { makeSeekbar } from '../vod/seekbar';
import { Thumbnails } from '../vod/thumbs';
import type { WatchSession } from './session';

const REFRESH_MS = 15_000;
// Less is no way back.
const MIN_WINDOW_S = 8;

export interface DvrBar {
    element: HTMLElement;
    // Where the viewer is, when not at live.
    time: HTMLElement;
    update(): void;
    onKey(event: KeyboardEvent): boolean;
}

export function makeDvrBar(session: WatchSession): DvrBar {
    const query = passedQuery(window.location.search);
    let recording: Recording | null = null;
    let asked_ms = -Infinity;
    let told_ms = 0;
    let thumbs: Thumbnails | null = null;

    const wallOf = (behind_s: number): number =>
        session.window()?.wallOf(behind_s) ?? Date.now() - behind_s * 1000;
    const label = (behind_s: number): string => (behind_s < 1 ? t('control.live')
        : t('dvr.at', { time: duration(behind_s), clock: clockText(wallOf(behind_s)) }));
    // The recording grows with the clock, so it need not be asked each time.
    const end_ms = (): number => (recording === null ? 0
        : recording.duration_ms + (recording.state === 'running' ? Date.now() - told_ms : 0));

    const seekbar = makeSeekbar({
        label: (at_s) => label(Math.max(0, -at_s)),
        time_ms: (at_s) => (recording === null ? null : Math.max(0, end_ms() + at_s * 1000)),
        seek: (at_s) => session.goBack(Math.max(0, -at_s)),
        thumbs: () => thumbs,
    });
    const element = el('div', { class: 'controls-row dvr', hidden: true }, seekbar.element);
    const time = el('span', { class: 'behind' });

    // Only for those who look for a place.
    async function learn(): Promise<void> {
        const id = session.info?.replay ?? null;
        if (id === null || Date.now() - asked_ms < REFRESH_MS) {
            return;
        }
        asked_ms = Date.now();
        try {
            const found = await fetchRecording('replay', id, query);
            if (found === null) {
                return;
            }
            told_ms = Date.now();
            if (found.id !== recording?.id) {
                thumbs?.destroy();
                thumbs = new Thumbnails(found.thumbnails_url, seekbar.redrawPreview, query);
            }
            recording = found;
            await thumbs?.refresh(true, performance.now());
        } catch {
            // The bar works without pictures.
        }
    }
    for (const event of ['pointerenter', 'pointerdown', 'pointermove', 'focusin']) {
        element.addEventListener(event, () => void learn());
    }

    // What is there before the first step back: as long as the broadcast, at most the window.
    function expected_s({ info }: WatchSession): number {
        const since_ms = info?.since ? Date.parse(info.since) : NaN;
        const on_air_ms = Number.isFinite(since_ms) ? Math.max(0, Date.now() - since_ms) : Infinity;
        const length_ms = Math.min(info?.dvr_ms ?? 0, on_air_ms);
        return Number.isFinite(length_ms) ? length_ms / 1000 : 0;
    }

    function update(): void {
        const playlist = session.window();
        const length_s = playlist?.length_s ?? expected_s(session);
        const behind_s = playlist?.behind_s ?? 0;
        const offered = session.isBack || (session.info?.state === 'live' && session.info.dvr_ms > 0);
        show(element, offered && length_s >= MIN_WINDOW_S);
        if (element.hidden) {
            return;
        }
        setText(time, session.isBack ? label(behind_s) : '');
        seekbar.update({
            start_s: -length_s,
            end_s: 0,
            position_s: -behind_s,
            buffered_s: -(playlist?.buffered_s ?? 0),
            gaps: (recording?.gaps ?? []).map((gap) => (gap.at_ms - end_ms()) / 1000)
                .filter((at_s) => at_s > -length_s),
        });
    }

    return { element, time, update, onKey: (event) => !element.hidden && seekbar.onKey(event) };
}
