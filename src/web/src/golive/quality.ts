// SPDX-License-Identifier: Apache-2.0
// How large and how fine the picture is.

export type QualityName = '360p' | '540p' | '720p' | '1080p';

export interface Quality {
    name: QualityName;
    width: number;
    height: number;
    kbps: number;
}

export const QUALITIES: readonly Quality[] = [
    { name: '360p', width: 640, height: 360, kbps: 800 },
    { name: '540p', width: 960, height: 540, kbps: 1500 },
    { name: '720p', width: 1280, height: 720, kbps: 2500 },
    { name: '1080p', width: 1920, height: 1080, kbps: 4500 },
];

const DEFAULT: QualityName = '720p';
const FPS = 30;
const AUDIO_KBPS = 96;

export function qualityOf(name: string | null): Quality {
    const find = (wanted: string): Quality | undefined => QUALITIES.find((q) => q.name === wanted);
    return find(name ?? '') ?? find(DEFAULT) as Quality;
}

// Sizes are wishes: phones turn them by themselves when they are held upright.
export function cameraConstraints(quality: Quality, device: string, facing: Facing): MediaTrackConstraints {
    return {
        width: { ideal: quality.width },
        height: { ideal: quality.height },
        frameRate: { ideal: FPS, max: FPS },
        ...(device === '' ? { facingMode: { ideal: facing } } : { deviceId: { exact: device } }),
    };
}

export type Facing = 'user' | 'environment';

// For a track that runs: the device is chosen and stays.
export function sizeConstraints(quality: Quality): MediaTrackConstraints {
    return {
        width: { ideal: quality.width },
        height: { ideal: quality.height },
        frameRate: { ideal: FPS, max: FPS },
    };
}

// Three layers, each of half the size and about a third of the bitrate of the next. A browser
// drops from the last when it has to, so the smallest comes first.
export function encodings(quality: Quality, simulcast: boolean): RTCRtpEncodingParameters[] {
    const maxBitrate = quality.kbps * 1000;
    if (!simulcast) {
        return [{ maxBitrate, maxFramerate: FPS }];
    }
    return [
        { rid: 'q', scaleResolutionDownBy: 4, maxBitrate: Math.round(maxBitrate / 9), maxFramerate: FPS },
        { rid: 'h', scaleResolutionDownBy: 2, maxBitrate: Math.round(maxBitrate / 3), maxFramerate: FPS },
        { rid: 'f', scaleResolutionDownBy: 1, maxBitrate, maxFramerate: FPS },
    ];
}

// A sender's parameters for another quality. The size stays when the line gets thin: every change
// of it would be a new beginning for those who watch by HLS or FLV.
export function adjusted(parameters: RTCRtpSendParameters, quality: Quality): RTCRtpSendParameters {
    const wanted = encodings(quality, parameters.encodings.length > 1);
    return {
        ...parameters,
        degradationPreference: 'maintain-resolution',
        encodings: parameters.encodings.map((encoding, i) =>
            ({ ...encoding, maxBitrate: wanted[i]?.maxBitrate ?? encoding.maxBitrate })),
    };
}

export const AUDIO_ENCODING: RTCRtpEncodingParameters = { maxBitrate: AUDIO_KBPS * 1000 };

// H.264 first, since every way to watch can carry it; then VP8, then whatever else there is.
export function byPreference<T extends { mimeType: string }>(codecs: readonly T[]): T[] {
    const rank = ({ mimeType }: T): number => {
        const at = ['video/h264', 'video/vp8'].indexOf(mimeType.toLowerCase());
        return at < 0 ? 2 : at;
    };
    return [...codecs].sort((a, b) => rank(a) - rank(b));
}
