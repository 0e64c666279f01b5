// SPDX-License-Identifier: Apache-2.0
// How long until the start, in words.

import { type Key, language, type Params, t } from '../i18n';

const SECOND_MS = 1000;
const DAY_S = 86_400;

export function countdownWords(left_ms: number): { key: Key; params: Params } {
    const left_s = Math.ceil(left_ms / SECOND_MS);
    if (left_s <= 0) {
        return { key: 'lobby.now', params: {} };
    }
    const d = Math.floor(left_s / DAY_S);
    const h = Math.floor(left_s / 3600) % 24;
    const m = Math.floor(left_s / 60) % 60;
    const s = left_s % 60;
    if (d > 0) {
        return { key: 'lobby.in_days', params: { d, h } };
    }
    if (h > 0) {
        return { key: 'lobby.in_hours', params: { h, m } };
    }
    return m > 0 ? { key: 'lobby.in_minutes', params: { m, s } } : { key: 'lobby.in_seconds', params: { s } };
}

export function countdownText(left_ms: number): string {
    const { key, params } = countdownWords(left_ms);
    return t(key, params);
}

// '3月1日 20:00', 'Sun 1 Mar, 20:00'
export function startText(starts_ms: number): string {
    return new Intl.DateTimeFormat(language() === 'zh' ? 'zh-CN' : 'en-GB', {
        month: language() === 'zh' ? 'long' : 'short', day: 'numeric', weekday: 'short',
        hour: '2-digit', minute: '2-digit', hour12: false,
    }).format(new Date(starts_ms));
}
