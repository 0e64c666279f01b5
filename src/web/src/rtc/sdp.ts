// SPDX-License-Identifier: Apache-2.0
// The few things in session descriptions that browsers offer no call for.

const eol = (sdp: string): string => (sdp.includes('\r\n') ? '\r\n' : '\n');

function payloadsOf(lines: string[], codec: RegExp): string[] {
    return lines.flatMap((line) => {
        const match = /^a=rtpmap:(\d+) ([^/]+)\//.exec(line);
        return match?.[1] !== undefined && codec.test(match[2] ?? '') ? [match[1]] : [];
    });
}

// Adds format parameters to every payload type of a codec, unless they are there already.
function withParameter(sdp: string, codec: RegExp, name: string, value: string): string {
    const lines = sdp.split(/\r?\n/);
    for (const payload of payloadsOf(lines, codec)) {
        const prefix = `a=fmtp:${payload} `;
        const at = lines.findIndex((line) => line.startsWith(prefix));
        const rtpmap = lines.findIndex((line) => line.startsWith(`a=rtpmap:${payload} `));
        const line = lines[at];
        if (line === undefined) {
            lines.splice(rtpmap + 1, 0, `${prefix}${name}=${value}`);
        } else if (!line.slice(prefix.length).split(';').some((p) => p.trim().startsWith(`${name}=`))) {
            lines[at] = `${line};${name}=${value}`;
        }
    }
    return lines.join(eol(sdp));
}

// Chromium plays stereo only if its own offer said that it wants to (RFC 7587, 7.1).
export function wantStereo(offer: string): string {
    return withParameter(offer, /^opus$/i, 'stereo', '1');
}

// Chromium would begin at 300 kbit/s and spend the first ten seconds of a broadcast finding out
// that there is room for more.
export function startAt(answer: string, kbps: number): string {
    return withParameter(answer, /^(h264|h265|vp8|vp9|av1)$/i, 'x-google-start-bitrate',
        String(Math.round(kbps)));
}

// The kinds of media that an answer accepts.
export function acceptedKinds(answer: string): string[] {
    return answer.split(/\r?\n(?=m=)/).slice(1).flatMap((section) => {
        const [, kind, port] = /^m=(\w+) (\d+)/.exec(section) ?? [];
        const idle = port === '0' || /^a=inactive\s*$/m.test(section);
        return kind === undefined || idle ? [] : [kind];
    });
}
