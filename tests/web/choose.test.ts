// SPDX-License-Identifier: Apache-2.0
import { type Abilities, candidates, initialChoice, parseChoice } from '../../src/web/src/player/choose';

const desktop: Abilities = { mse: true, streams: true, websocket: true, nativeHls: true };
const oldPhone: Abilities = { mse: false, streams: true, websocket: true, nativeHls: true };
const nothing: Abilities = { mse: false, streams: false, websocket: false, nativeHls: false };

describe('candidates', () => {
    it('takes hls.js before native HLS even where both exist', () => {
        expect(candidates('auto', desktop)).toEqual(['llhls', 'flv', 'wsflv', 'hls']);
    });

    it('takes native HLS where nothing else works', () => {
        expect(candidates('auto', oldPhone)).toEqual(['hls']);
        expect(candidates('flv', oldPhone)).toEqual(['hls']);
    });

    it('puts the wish first and keeps the rest to fall back on', () => {
        expect(candidates('wsflv', desktop)).toEqual(['wsflv', 'llhls', 'flv', 'hls']);
    });

    it('may end up empty', () => {
        expect(candidates('auto', nothing)).toEqual([]);
    });
});

describe('initialChoice', () => {
    it('prefers the address to memory and ignores nonsense', () => {
        expect(initialChoice('flv', 'hls')).toBe('flv');
        expect(initialChoice('nonsense', 'hls')).toBe('hls');
        expect(initialChoice(null, 'constructor')).toBe('auto');
        expect(initialChoice('auto', 'hls')).toBe('auto');
    });

    it('knows the names of the interface', () => {
        expect(['llhls', 'flv', 'wsflv', 'hls', 'auto'].map(parseChoice)).not.toContain(null);
        expect(parseChoice('webrtc')).toBeNull();
    });
});
