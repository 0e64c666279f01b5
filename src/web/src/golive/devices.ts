// SPDX-License-Identifier: Apache-2.0
// Cameras, microphones and the screen.

import { cameraConstraints, type Facing, type Quality } from './quality';

export interface Devices {
    cameras: MediaDeviceInfo[];
    microphones: MediaDeviceInfo[];
}

// Browsers hide all of this from pages that came by plain http, but from localhost.
export function hasDevices(): boolean {
    return window.isSecureContext && navigator.mediaDevices?.getUserMedia !== undefined;
}

export function canShareScreen(): boolean {
    return navigator.mediaDevices?.getDisplayMedia !== undefined;
}

// Names are empty before the host has allowed anything.
export async function listDevices(): Promise<Devices> {
    const all = await navigator.mediaDevices.enumerateDevices();
    const of = (kind: MediaDeviceKind): MediaDeviceInfo[] =>
        all.filter((device) => device.kind === kind && device.deviceId !== '');
    return { cameras: of('videoinput'), microphones: of('audioinput') };
}

// True when the browser would not ask: then the preview may start by itself.
export async function isAllowed(): Promise<boolean> {
    try {
        const state = await navigator.permissions.query({ name: 'camera' as PermissionName });
        return state.state === 'granted';
    } catch {
        return false;
    }
}

export async function openCamera(quality: Quality, device: string, facing: Facing):
    Promise<MediaStreamTrack> {
    const stream = await navigator.mediaDevices.getUserMedia({
        video: cameraConstraints(quality, device, facing),
    });
    return stream.getVideoTracks()[0] as MediaStreamTrack;
}

function microphoneConstraints(device: string): MediaTrackConstraints {
    return {
        echoCancellation: true,
        noiseSuppression: true,
        autoGainControl: true,
        ...(device === '' ? {} : { deviceId: { exact: device } }),
    };
}

export async function openMicrophone(device: string): Promise<MediaStreamTrack> {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: microphoneConstraints(device) });
    return stream.getAudioTracks()[0] as MediaStreamTrack;
}

export interface Opened {
    camera: MediaStreamTrack | null;
    microphone: MediaStreamTrack | null;
    // Why one of the two is missing.
    error: unknown;
}

// Both by one call, so that the browser asks once. When that fails for one of them, what there is.
export async function openBoth(quality: Quality, facing: Facing): Promise<Opened> {
    try {
        const stream = await navigator.mediaDevices.getUserMedia({
            video: cameraConstraints(quality, '', facing),
            audio: microphoneConstraints(''),
        });
        return { camera: stream.getVideoTracks()[0] ?? null,
            microphone: stream.getAudioTracks()[0] ?? null, error: null };
    } catch (error) {
        if (error instanceof Error && error.name === 'NotAllowedError') {
            throw error;
        }
        const camera = await openCamera(quality, '', facing).catch(() => null);
        const microphone = await openMicrophone('').catch(() => null);
        return { camera, microphone, error };
    }
}

export interface Screen {
    video: MediaStreamTrack;
    audio: MediaStreamTrack | null;
}

export async function openScreen(quality: Quality): Promise<Screen> {
    const stream = await navigator.mediaDevices.getDisplayMedia({
        video: {
            frameRate: { ideal: 30, max: 30 },
            width: { max: quality.width },
            height: { max: quality.height },
        },
        audio: true,
    });
    const video = stream.getVideoTracks()[0] as MediaStreamTrack;
    // Letters should stay readable when bits are few.
    video.contentHint = 'detail';
    return { video, audio: stream.getAudioTracks()[0] ?? null };
}

export function facingOf(track: MediaStreamTrack): Facing | null {
    const { facingMode } = track.getSettings();
    return facingMode === 'user' || facingMode === 'environment' ? facingMode : null;
}
