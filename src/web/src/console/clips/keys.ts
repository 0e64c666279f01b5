// SPDX-License-Identifier: Apache-2.0
// The keys of the clip page.

import type { Key } from '../../i18n';

export type Action = 'toggle' | 'pause' | 'faster' | 'back' | 'in' | 'out' | 'go_in' | 'go_out'
    | 'frame_back' | 'frame_on' | 'second_back' | 'second_on' | 'start' | 'end' | 'loop' | 'zoom_in'
    | 'zoom_out' | 'zoom_range' | 'zoom_whole' | 'name' | 'clear' | 'help';

export interface Pressed {
    key: string;
    shiftKey: boolean;
    ctrlKey: boolean;
    metaKey: boolean;
    altKey: boolean;
}

const PLAIN: Record<string, Action> = {
    ' ': 'toggle', k: 'pause', l: 'faster', j: 'back', i: 'in', o: 'out', arrowleft: 'frame_back',
    arrowright: 'frame_on', home: 'start', end: 'end', p: 'loop', '+': 'zoom_in', '=': 'zoom_in',
    '-': 'zoom_out', z: 'zoom_range', n: 'name', x: 'clear', '?': 'help', '？': 'help',
};

const SHIFTED: Record<string, Action> = {
    arrowleft: 'second_back', arrowright: 'second_on', i: 'go_in', o: 'go_out', z: 'zoom_whole',
    '+': 'zoom_in', '?': 'help', '？': 'help', '/': 'help',
};

// Shown by "?", in this order.
export const HELP: readonly [string[], Key][] = [
    [['Space'], 'keys.toggle'], [['J', 'K', 'L'], 'keys.jkl'], [['←', '→'], 'keys.frame'],
    [['⇧ ←', '⇧ →'], 'keys.second'], [['Home', 'End'], 'keys.ends'], [['I', 'O'], 'keys.range'],
    [['⇧ I', '⇧ O'], 'keys.go_range'], [['P'], 'keys.loop'], [['X'], 'keys.clear'],
    [['+', '−'], 'keys.zoom'], [['Z', '⇧ Z'], 'keys.zoom_range'], [['N'], 'keys.name'], [['?'], 'keys.help'],
];

// null: the key is not for us.
export function actionOf(event: Pressed): Action | null {
    if (event.ctrlKey || event.metaKey || event.altKey) {
        return null;
    }
    const name = event.key.toLowerCase();
    const table = event.shiftKey ? SHIFTED : PLAIN;
    return Object.prototype.hasOwnProperty.call(table, name) ? table[name] ?? null : null;
}

// Keys belong to whoever is typed into or works by them.
export function isTaken(tag: string, type: string, action: Action): boolean {
    if (tag === 'TEXTAREA' || tag === 'SELECT') {
        return true;
    }
    if (tag === 'INPUT' && type === 'radio') {
        return ['toggle', 'frame_back', 'frame_on'].includes(action);
    }
    if (tag === 'INPUT') {
        return true;
    }
    return (tag === 'BUTTON' || tag === 'A') && action === 'toggle';
}
