// SPDX-License-Identifier: Apache-2.0
// The list of thumbnails: WebVTT whose cues name a place in a sheet ("sheet-0001.jpg#xywh=…").

export interface Thumb {
    start_ms: number;
    end_ms: number;
    url: string;
    x: number;
    y: number;
    width: number;
    height: number;
}

// Years of broadcast; whatever is longer is no list of ours.
const MAX_CUES = 100_000;

const TIME = /^(?:(\d{1,6}):)?(\d{1,2}):(\d{1,2})\.(\d{3})$/;
const PLACE = /^(.+)#xywh=(?:pixel:)?(\d{1,5}),(\d{1,5}),(\d{1,5}),(\d{1,5})$/;

export function vttTime(text: string): number | null {
    const found = TIME.exec(text);
    if (found === null) {
        return null;
    }
    const [hours = 0, minutes = 0, seconds = 0, ms = 0] = found.slice(1).map((n) => Number(n ?? 0));
    return ((hours * 60 + minutes) * 60 + seconds) * 1000 + ms;
}

function parseCue(lines: string[], base: string, query: string): Thumb | null {
    const at = lines.findIndex((line) => line.includes('-->'));
    const [from = '', to = ''] = (lines[at] ?? '').split('-->');
    const start_ms = vttTime(from.trim());
    const end_ms = vttTime(to.trim().split(/\s/)[0] ?? '');
    const place = PLACE.exec((lines[at + 1] ?? '').trim());
    if (at < 0 || start_ms === null || end_ms === null || end_ms <= start_ms || place === null) {
        return null;
    }
    const [x = 0, y = 0, width = 0, height = 0] = place.slice(2).map(Number);
    const url = new URL(place[1] ?? '', base);
    // The sheets are beside their list, so nobody else's pictures come to the page.
    if (width === 0 || height === 0 || url.origin !== new URL(base).origin) {
        return null;
    }
    return { start_ms, end_ms, url: url.href + (url.search ? '' : query), x, y, width, height };
}

// `base` is the list's own address, `query` what its sheets need ('' or '?token=…').
export function parseThumbs(vtt: string, base: string, query = ''): Thumb[] {
    const text = vtt.replace(/^\uFEFF/, '').replace(/\r\n?/g, '\n');
    if (!text.startsWith('WEBVTT')) {
        return [];
    }
    const thumbs: Thumb[] = [];
    for (const block of text.split(/\n{2,}/).slice(1, MAX_CUES)) {
        const thumb = parseCue(block.split('\n'), base, query);
        if (thumb !== null) {
            thumbs.push(thumb);
        }
    }
    return thumbs.sort((a, b) => a.start_ms - b.start_ms);
}

// The picture of a moment; in a hole, and behind the last one, the one before.
export function thumbAt(thumbs: readonly Thumb[], at_ms: number): Thumb | null {
    let low = 0;
    let high = thumbs.length;
    while (low < high) {
        const middle = (low + high) >> 1;
        if ((thumbs[middle]?.start_ms ?? 0) <= at_ms) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return thumbs[low - 1] ?? thumbs[0] ?? null;
}
