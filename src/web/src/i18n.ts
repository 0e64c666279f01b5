// SPDX-License-Identifier: Apache-2.0
// Every word on the pages, in every language they speak; the words themselves are in words/.

import { remember, remembered } from './store';
import { CHANNELS } from './words/channels';
import { COMMON } from './words/common';
import { CONSOLE } from './words/console';
import { CUES } from './words/cues';
import { SWITCHER } from './words/switcher';
import { GOLIVE } from './words/golive';
import { REPLAY } from './words/replay';
import { START } from './words/start';
import { WATCH } from './words/watch';
import type { Lang, Words } from './words/words';

export type { Lang } from './words/words';

export const TABLE = {
    ...COMMON, ...WATCH, ...REPLAY, ...START, ...GOLIVE, ...CONSOLE, ...CHANNELS, ...CUES, ...SWITCHER,
} as const satisfies Words;

export type Key = keyof typeof TABLE;
export type Params = Record<string, string | number>;

let current: Lang = 'en';

export function fill(template: string, params: Params): string {
    const value = (name: string): string | null => {
        const known = Object.prototype.hasOwnProperty.call(params, name) ? params[name] : undefined;
        return known === undefined ? null : String(known);
    };
    return template
        .replace(/\[\[(.*?)\]\]/g, (_all, inner: string) => {
            const names = [...inner.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? '');
            return names.every((name) => value(name) !== null) ? inner : '';
        })
        .replace(/\{(\w+)\}/g, (all, name: string) => value(name) ?? all);
}

export function t(key: Key, params: Params = {}): string {
    return fill(TABLE[key][current], params);
}

export function isKey(key: string): key is Key {
    return Object.prototype.hasOwnProperty.call(TABLE, key);
}

export function language(): Lang {
    return current;
}

// The address decides, then what the viewer chose before, then the browser.
export function pickLanguage(query: string | null, stored: string | null,
    preferred: readonly string[]): Lang {
    for (const candidate of [query, stored, ...preferred]) {
        const code = candidate?.toLowerCase() ?? '';
        if (code.startsWith('zh')) {
            return 'zh';
        }
        if (code.startsWith('en')) {
            return 'en';
        }
    }
    return 'en';
}

export function initLanguage(): void {
    const query = new URLSearchParams(window.location.search).get('lang');
    const preferred = navigator.languages?.length ? navigator.languages : [navigator.language];
    apply(pickLanguage(query, remembered('lang'), preferred));
}

export function switchLanguage(): void {
    const next = current === 'en' ? 'zh' : 'en';
    remember('lang', next);
    apply(next);
}

function apply(lang: Lang): void {
    current = lang;
    document.documentElement.lang = lang === 'zh' ? 'zh-CN' : 'en';
}
