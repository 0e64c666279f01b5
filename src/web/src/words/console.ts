// SPDX-License-Identifier: Apache-2.0
// The operator's pages.

import type { Words } from './words';

export const CONSOLE = {
    'console.title': { en: 'Console', zh: '控制台' },
} as const satisfies Words;
