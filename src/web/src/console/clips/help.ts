// SPDX-License-Identifier: Apache-2.0

import { t } from '../../i18n';
import { showBox } from '../../ui/confirm';
import { el } from '../../ui/dom';
import { HELP } from './keys';

export function showHelp(): void {
    const rows = HELP.map(([keys, words]) => el('div', { class: 'key-row' },
        el('dt', {}, ...keys.flatMap((key) => [el('kbd', {}, key), ' '])), el('dd', {}, t(words))));
    showBox(t('keys.title'), el('dl', { class: 'keys' }, ...rows));
}
