// SPDX-License-Identifier: Apache-2.0
// What went wrong, as the page says it.

import { isKey, type Key, type Params, t } from '../i18n';
import type { Refusal } from '../rtc/resource';

export interface Trouble {
    key: Key;
    params: Params;
}

export const trouble = (key: Key, params: Params = {}): Trouble => ({ key, params });

// getUserMedia and getDisplayMedia; null when the host only changed their mind.
export function deviceTrouble(error: unknown, is_screen: boolean): Trouble | null {
    const name = error instanceof Error ? error.name : '';
    switch (name) {
    case 'NotAllowedError':
    case 'SecurityError':
        return is_screen ? null : trouble('golive.error.denied');
    case 'NotFoundError':
    case 'OverconstrainedError':
        return trouble('golive.error.no_device');
    case 'NotReadableError':
    case 'AbortError':
        return trouble('golive.error.busy_device');
    default:
        return trouble('golive.error.device', { detail: name || String(error) });
    }
}

export type Step =
    | { action: 'retry'; trouble: Trouble }
    | { action: 'refuse'; trouble: Trouble };

// A host who comes back may find the own old connection still there, for as long as the server
// needs to see that it is dead.
const BUSY_PATIENCE_MS = 30_000;

// What to do about an offer that was not taken. `lost_for_ms`: how long ago the broadcast was
// last on the air; null: never.
export function afterRefusal(refusal: Refusal, lost_for_ms: number | null): Step {
    const { status, code, message } = refusal;
    switch (status) {
    case 0:
        return { action: 'retry', trouble: trouble('golive.error.unreachable') };
    case 401:
    case 403:
        return { action: 'refuse',
            trouble: trouble(code === 'no_key' ? 'golive.error.no_key' : 'golive.error.key') };
    case 409:
        return { action: lost_for_ms !== null && lost_for_ms < BUSY_PATIENCE_MS ? 'retry' : 'refuse',
            trouble: trouble('golive.error.busy') };
    case 404:
    case 405:
        return { action: 'refuse', trouble: trouble('golive.error.no_whip') };
    case 406:
    case 422:
        return { action: 'refuse', trouble: trouble('golive.error.codec', { detail: message }) };
    default:
        if (status === 429 || status >= 500) {
            return { action: 'retry', trouble: trouble('golive.error.server', { detail: message }) };
        }
        return { action: 'refuse', trouble: trouble('golive.error.refused', { detail: message || code }) };
    }
}

export function troubleText({ key, params }: Trouble): string {
    return isKey(key) ? t(key, params) : key;
}
