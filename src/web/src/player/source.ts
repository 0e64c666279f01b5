// SPDX-License-Identifier: Apache-2.0

import { mediaUrl } from '../url';
import type { PlayerName } from './choose';

// What a player is given to play. The page's own query goes along.
export function sourceUrl({ origin, search }: Pick<Location, 'origin' | 'search'>, channel: string,
    name: PlayerName, sound_only: boolean): string {
    if (name === 'whep') {
        // What is wanted of it stands in the offer.
        return mediaUrl(origin, channel, name, search);
    }
    if (name === 'flv' || name === 'wsflv') {
        const query = sound_only ? `${search}${search ? '&' : '?'}only=audio` : search;
        return mediaUrl(origin, channel, name, query);
    }
    return mediaUrl(origin, channel, sound_only ? 'audio' : 'index', search);
}
