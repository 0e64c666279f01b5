// SPDX-License-Identifier: Apache-2.0
// What went wrong, in words that help.

import { isKey, t } from '../i18n';
import { ApiError } from './api';

// By code first; what is new to this page is told by its status, with the server's own words.
export function errorText(error: unknown): string {
    if (!(error instanceof ApiError)) {
        return t('console.error.unknown', { detail: String(error) });
    }
    const params = {
        detail: error.message || String(error.status),
        ...(error.retry_s === null ? {} : { seconds: error.retry_s }),
    };
    const key = `console.error.${error.code}`;
    if (error.code !== '' && isKey(key)) {
        return t(key, params);
    }
    if (error.status === 429) {
        return t('console.error.queue_full', params);
    }
    return t(error.status >= 500 ? 'console.error.server' : 'console.error.unknown', params);
}

export function isUnauthorized(error: unknown): boolean {
    return error instanceof ApiError && (error.status === 401 || error.status === 403);
}
