// SPDX-License-Identifier: Apache-2.0

import { isKey, t } from '../i18n';
import type { Reason } from '../player/player';

// Known codes in the viewer's language, new ones in the server's English.
export function reasonText(reason: Reason | null): string {
    const key = `reason.${reason?.code ?? ''}`;
    return isKey(key) ? t(key) : reason?.message || t('reason.unknown');
}
