// SPDX-License-Identifier: Apache-2.0

// '4:05', '1:02:03'
export function duration(total_s: number): string {
    const whole = Math.max(0, Math.floor(total_s));
    const two = (value: number): string => String(value).padStart(2, '0');
    const hours = Math.floor(whole / 3600);
    const minutes = Math.floor(whole / 60) % 60;
    const tail = two(whole % 60);
    return hours > 0 ? `${hours}:${two(minutes)}:${tail}` : `${minutes}:${tail}`;
}

// Time since an RFC 3339 instant; null when there is none. Clocks differ, so never negative.
export function since(instant: string | null, now_ms: number): string | null {
    const start_ms = instant === null ? NaN : Date.parse(instant);
    return Number.isFinite(start_ms) ? duration((now_ms - start_ms) / 1000) : null;
}

export function bitrate(kbps: number): string {
    return kbps >= 1000 ? `${(kbps / 1000).toFixed(2)} Mbit/s` : `${Math.round(kbps)} kbit/s`;
}

// '720p30' for what people know, '1080×1920' upright as it is.
export function picture(width: number, height: number, fps: number): string {
    const rate = fps > 0 ? String(Math.round(fps)) : '';
    if (width > 0 && height > 0) {
        return height <= width ? `${height}p${rate}` : `${width}×${height}${rate && ` ${rate} fps`}`;
    }
    return '';
}

// '48 MB', '1.2 GB'
export function bytes(count: number): string {
    if (count >= 1e9) {
        return `${(count / 1e9).toFixed(1)} GB`;
    }
    return count >= 1e6 ? `${Math.round(count / 1e6)} MB` : `${Math.max(0, Math.ceil(count / 1000))} kB`;
}
