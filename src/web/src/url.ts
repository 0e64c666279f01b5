// SPDX-License-Identifier: Apache-2.0
// Addresses: which channel a page is about, and where its media is.

export type Media = 'index' | 'audio' | 'flv' | 'wsflv' | 'whep' | 'whip' | 'cues';

// Parameters that speak to the page; all others belong to the media (who sent this guest).
const PAGE_PARAMETERS = ['player', 'protocol', 'lang'];

// '/watch/live/hq' -> 'live/hq'; null when the path names no channel.
export function channelFromPath(pathname: string): string | null {
    // An app may have several levels.
    const channel = pathname.split('/').filter((part) => part !== '').slice(1);
    if (channel.length < 2) {
        return null;
    }
    try {
        return channel.map(decodeURIComponent).join('/');
    } catch {
        return null;
    }
}

export function channelPath(channel: string): string {
    return channel.split('/').map(encodeURIComponent).join('/');
}

// The query that travels on, with its '?' ('' when nothing is left).
// Works on the text, because a signature may depend on the exact spelling of the rest.
export function passedQuery(search: string): string {
    const kept = search.replace(/^\?/, '').split('&').filter((pair) => {
        const name = pair.split('=', 1)[0] ?? '';
        return name !== '' && !PAGE_PARAMETERS.includes(name);
    });
    return kept.length > 0 ? `?${kept.join('&')}` : '';
}

export function mediaUrl(origin: string, channel: string, media: Media, search = ''): string {
    const base = `${origin}/${channelPath(channel)}`;
    const query = passedQuery(search);
    switch (media) {
    case 'index':
        return `${base}/index.m3u8${query}`;
    case 'audio':
        return `${base}/audio.m3u8${query}`;
    case 'whep':
    case 'cues':
    case 'whip':
        return `${base}/${media}${query}`;
    case 'flv':
        return `${base}.flv${query}`;
    case 'wsflv':
        return `${base.replace(/^http/, 'ws')}.flv${query}`;
    }
}

export function pageUrl(origin: string, page: 'watch' | 'embed' | 'go-live', channel: string, search = ''): string {
    return `${origin}/${page}/${channelPath(channel)}${passedQuery(search)}`;
}

// What to type into OBS: the server, and the first half of the stream key.
export function pushAddress(hostname: string, port: number, channel: string):
    { server: string; key: string } {
    const [app = 'live', stream = 'hq'] = channel.split('/');
    const host = port === 1935 ? hostname : `${hostname}:${port}`;
    return { server: `rtmp://${host}/${app}`, key: `${stream}?key=` };
}
