// SPDX-License-Identifier: Apache-2.0
// The statistics, on demand.

import { type Key, t } from '../i18n';
import { el, labelled, setText, show } from '../ui/dom';
import { bitrate } from '../ui/format';
import { reasonText } from './reason';
import type { WatchSession } from './session';
import type { Stats } from './stats';

// null: does not apply to this player.
type Row = [Key, (stats: Stats) => string | null];

const orUnknown = (text: string): string => text || t('unknown');
const seconds = (value: number | null): string => {
    if (value === null) {
        return t('unknown');
    }
    return value < 0.1 ? t('milliseconds', { n: Math.max(1, Math.round(value * 1000)) })
        : t('seconds', { n: value.toFixed(2) });
};

const ROWS: Row[] = [
    ['stats.player', (s) => (s.player === null ? t('unknown')
        : t(`player.${s.player}` as Key) + (s.transport && ` · ${s.transport.toUpperCase()}`))],
    ['stats.latency', (s) => seconds(s.latency_s)],
    ['stats.buffer', (s) => (s.freezes === null ? seconds(s.buffer_s) : null)],
    ['stats.rtt', (s) => (s.rtt_ms === null ? null : t('milliseconds', { n: s.rtt_ms }))],
    ['stats.loss', (s) => (s.loss_percent === null ? null : `${s.loss_percent.toFixed(1)} %`)],
    ['stats.freezes', (s) => (s.freezes === null ? null : t('stats.stalls_value',
        { n: s.freezes, time: ((s.freeze_ms ?? 0) / 1000).toFixed(1) }))],
    ['stats.stalls', (s) => t('stats.stalls_value',
        { n: s.stalls, time: (s.stall_ms / 1000).toFixed(1) })],
    ['stats.resolution', (s) => (s.width > 0 ? `${s.width} × ${s.height}` : t('unknown'))],
    ['stats.bitrate', (s) => (s.bitrate_kbps === null ? t('unknown') : bitrate(s.bitrate_kbps))],
    ['stats.frames', (s) => String(s.decoded_frames)],
    ['stats.dropped', (s) => String(s.dropped_frames)],
    ['stats.codecs', (s) => orUnknown(s.codecs)],
    ['stats.reason', (s) => (s.reason === null ? null
        : reasonText({ code: s.reason, message: s.reason }))],
];

export interface Panel {
    element: HTMLElement;
    update(session: WatchSession): void;
}

export function makePanel(id: string): Panel {
    const values = ROWS.map(() => el('dd'));
    const rows = ROWS.map(([key], i) =>
        el('div', { class: 'stat' }, labelled(el('dt'), key), values[i] ?? null));
    const element = el('dl', { class: 'panel', id, hidden: true }, ...rows);

    function update(session: WatchSession): void {
        if (element.hidden) {
            return;
        }
        const stats = session.stats();
        ROWS.forEach(([, text], i) => {
            const value = values[i];
            const row = rows[i];
            if (value && row) {
                const words = text(stats);
                show(row, words !== null);
                setText(value, words ?? '');
            }
        });
    }

    return { element, update };
}
