// SPDX-License-Identifier: Apache-2.0

import { mediaUrl } from '../url';
import type { PlayerName } from './choose';

// What a player is given to play. The page's own query goes along.
export function sourceUrl({ origin, search }: Pick<Location, 'origin' | 'search'>, channel: string,
    name: PlayerName, sound_only: boolean, rendition: number | null = null): string {
    const add = (query: string, pair: string): string => `${query}${query ? '&' : '?'}${pair}`;
    const query = rendition === null ? search : add(search, `rendition=${rendition}`);
    if (name === 'whep') {
        // Whether sound alone is wanted stands in the offer.
        return mediaUrl(origin, channel, name, query);
    }
    if (name === 'flv' || name === 'wsflv') {
        return mediaUrl(origin, channel, name, sound_only ? add(query, 'only=audio') : query);
    }
    if (name === 'dvr') {
        return mediaUrl(origin, channel, 'index', add(search, 'dvr=1'));
    }
    return mediaUrl(origin, channel, sound_only ? 'audio' : 'index', search);
}
