// SPDX-License-Identifier: Apache-2.0
// Which player to use: what the viewer asked for, then what the browser can do.

// "dvr" plays the window behind a live. Nobody chooses it by name: it comes with going back.
export type PlayerName = 'whep' | 'llhls' | 'flv' | 'wsflv' | 'hls' | 'dvr';
export type Choice = Exclude<PlayerName, 'dvr'> | 'auto';

export interface Abilities {
    webrtc: boolean;
    mse: boolean;
    streams: boolean;
    websocket: boolean;
    nativeHls: boolean;
}

export const CHOICES: readonly Choice[] = ['auto', 'whep', 'llhls', 'flv', 'wsflv', 'hls'];

// WebRTC is the quickest, but there are networks that block it, and pictures that it cannot carry.
// Native HLS comes last although it is the simplest: Chromium says "maybe" to it and then
// plays far behind live. Phones without Media Source Extensions still end up there.
const PREFERENCE: readonly PlayerName[] = ['whep', 'llhls', 'flv', 'wsflv', 'hls'];

export function parseChoice(value: string | null): Choice | null {
    return CHOICES.find((choice) => choice === value) ?? null;
}

export function initialChoice(query: string | null, stored: string | null): Choice {
    return parseChoice(query) ?? parseChoice(stored) ?? 'auto';
}

export function isAble(name: PlayerName, abilities: Abilities): boolean {
    switch (name) {
    case 'whep':
        return abilities.webrtc;
    case 'llhls':
        return abilities.mse;
    case 'flv':
        return abilities.mse && abilities.streams;
    case 'wsflv':
        return abilities.mse && abilities.websocket;
    case 'hls':
        return abilities.nativeHls;
    case 'dvr':
        return abilities.mse || abilities.nativeHls;
    }
}

// What the server can put into each form. By WebRTC it offers what the browser can take, or says
// why not.
const IN_MP4 = /^(avc|hvc|hev|av01|vp09)/i;
const IN_FLV = /^(avc|hvc|hev|av01)/i;
const CARRIED: Partial<Record<PlayerName, RegExp>> = { llhls: IN_MP4, hls: IN_MP4, dvr: IN_MP4,
    flv: IN_FLV, wsflv: IN_FLV };

export function carries(name: PlayerName, codec: string): boolean {
    return CARRIED[name]?.test(codec) ?? true;
}

// The players to try, best first. An explicit choice only changes who goes first, unless it is the
// only one wanted. What failed a short while ago goes last when nobody asked for it.
export function candidates(choice: Choice, abilities: Abilities,
    { only = false, avoid = null }: { only?: boolean; avoid?: PlayerName | null } = {}): PlayerName[] {
    const able = PREFERENCE.filter((name) => isAble(name, abilities));
    const first = choice === 'auto' ? null : choice;
    if (first === null || !able.includes(first)) {
        const last = able.filter((name) => name === avoid);
        return [...able.filter((name) => name !== avoid), ...last];
    }
    return only ? [first] : [first, ...able.filter((name) => name !== first)];
}
