// SPDX-License-Identifier: Apache-2.0
// What sources and programs are called.

import { t } from '../../i18n';
import type { ChannelRow, Source } from './model';

function after(name: string): string {
    const colon = name.indexOf(':');
    return colon < 0 ? '' : name.slice(colon + 1);
}

export function sourceName({ kind, name }: Source): string {
    const rest = after(name);
    switch (kind) {
    case 'publisher':
        return rest === '' ? t('sources.publisher')
            : rest === 'backup' ? t('sources.backup') : t('sources.publisher_role', { role: rest });
    case 'channel':
        return t('sources.channel', { name: rest || name });
    case 'pull':
        return t('sources.pull');
    case 'file':
        return t('sources.file');
    default:
        return kind.startsWith('slate') ? t('sources.slate') : name;
    }
}

// Where it comes from, in small letters.
export function sourceDetail({ kind, name, peer, error, state }: Source): string {
    if (state === 'down' && error !== '') {
        return error;
    }
    return kind === 'pull' || kind === 'file' ? after(name) : peer;
}

export function programText({ channel, program }: ChannelRow): string {
    if (program === '') {
        return t('channels.shows_nothing');
    }
    if (program === channel) {
        return t('channels.shows_own');
    }
    return program.startsWith('_') ? t('channels.shows_slate') : t('channels.shows', { name: program });
}
