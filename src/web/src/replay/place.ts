// SPDX-License-Identifier: Apache-2.0
// What the address of the page says.

import type { RecordingKind } from '../vod/recording';

export function recordingFromPath(pathname: string): { kind: RecordingKind; id: string } | null {
    const found = /^\/watch\/(replay|clip)\/([\w-]{1,40})\/?$/.exec(pathname);
    return found === null ? null
        : { kind: found[1] === 'clip' ? 'clip' : 'replay', id: found[2] ?? '' };
}

// '?t=95' or '?t=95.5': where to begin, in seconds.
export function startFromQuery(search: string): number | null {
    const text = new URLSearchParams(search).get('t');
    const at_s = text === null || text === '' ? NaN : Number(text);
    return Number.isFinite(at_s) && at_s >= 0 ? at_s : null;
}

// An address with the page's own query and one more pair.
export function withQuery(url: string, query: string, pair: string): string {
    const first = query !== '' && !url.includes('?') ? `${url}${query}` : url;
    return `${first}${first.includes('?') ? '&' : '?'}${pair}`;
}
