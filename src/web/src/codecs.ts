// SPDX-License-Identifier: Apache-2.0
// Codec strings (RFC 6381) in words, and whether this browser decodes them.

import type { Audio, Video } from './api';

const NAMES: [RegExp, string][] = [
    // As RTP calls them, they stand for themselves.
    [/^(avc[13]|h264$)/i, 'H.264'],
    [/^(hvc1|hev1|h265$)/i, 'H.265'],
    [/^(av01|av1$)/i, 'AV1'],
    [/^(vp09|vp9$)/i, 'VP9'],
    [/^(vp08|vp8$)/i, 'VP8'],
    [/^mp4a\.(40\.34|6b|69)/i, 'MP3'],
    [/^mp4a/, 'AAC'],
    [/^opus/i, 'Opus'],
    [/^flac/i, 'FLAC'],
    [/^(mp3|\.mp3)/, 'MP3'],
    [/^e?c-3/, 'Dolby'],
];

export function codecName(codec: string): string {
    const known = NAMES.find(([pattern]) => pattern.test(codec));
    return known ? known[1] : codec;
}

export function codecsOf(tracks: { video: Video | null; audio: Audio | null }): string {
    return [tracks.video?.codec, tracks.audio?.codec]
        .filter((codec): codec is string => !!codec).map(codecName).join(' · ');
}

export function canDecode(codec: string): boolean {
    const type = `video/mp4; codecs="${codec}"`;
    const scope = window as unknown as Record<string, typeof MediaSource | undefined>;
    const source = scope.MediaSource ?? scope.ManagedMediaSource;
    if (source?.isTypeSupported(type)) {
        return true;
    }
    return document.createElement('video').canPlayType(type) !== '';
}
