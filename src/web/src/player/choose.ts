// SPDX-License-Identifier: Apache-2.0
// Which player to use: what the viewer asked for, then what the browser can do.

export type PlayerName = 'llhls' | 'flv' | 'wsflv' | 'hls';
export type Choice = PlayerName | 'auto';

export interface Abilities {
    mse: boolean;
    streams: boolean;
    websocket: boolean;
    nativeHls: boolean;
}

export const CHOICES: readonly Choice[] = ['auto', 'llhls', 'flv', 'wsflv', 'hls'];

// Native HLS comes last although it is the simplest: Chromium says "maybe" to it and then
// plays far behind live. Phones without Media Source Extensions still end up there.
const PREFERENCE: readonly PlayerName[] = ['llhls', 'flv', 'wsflv', 'hls'];

export function parseChoice(value: string | null): Choice | null {
    return CHOICES.find((choice) => choice === value) ?? null;
}

export function initialChoice(query: string | null, stored: string | null): Choice {
    return parseChoice(query) ?? parseChoice(stored) ?? 'auto';
}

export function isAble(name: PlayerName, abilities: Abilities): boolean {
    switch (name) {
    case 'llhls':
        return abilities.mse;
    case 'flv':
        return abilities.mse && abilities.streams;
    case 'wsflv':
        return abilities.mse && abilities.websocket;
    case 'hls':
        return abilities.nativeHls;
    }
}

// The players to try, best first. An explicit choice only changes who goes first.
export function candidates(choice: Choice, abilities: Abilities): PlayerName[] {
    const able = PREFERENCE.filter((name) => isAble(name, abilities));
    if (choice === 'auto' || !able.includes(choice)) {
        return able;
    }
    return [choice, ...able.filter((name) => name !== choice)];
}
