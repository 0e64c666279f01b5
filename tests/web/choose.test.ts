// SPDX-License-Identifier: Apache-2.0
import { type Abilities, candidates, carries, initialChoice, parseChoice } from '../../src/web/src/player/choose';

const desktop: Abilities = { webrtc: true, mse: true, streams: true, websocket: true, nativeHls: true };
const oldPhone: Abilities = { webrtc: false, mse: false, streams: true, websocket: true, nativeHls: true };
const nothing: Abilities = { webrtc: false, mse: false, streams: false, websocket: false, nativeHls: false };

describe('candidates', () => {
    it('takes the quickest first, and hls.js before native HLS even where both exist', () => {
        expect(candidates('auto', desktop)).toEqual(['whep', 'llhls', 'flv', 'wsflv', 'hls']);
    });

    it('leaves WebRTC out where there is none', () => {
        expect(candidates('whep', { ...desktop, webrtc: false }))
            .toEqual(['llhls', 'flv', 'wsflv', 'hls']);
    });

    it('puts what failed a while ago last, unless it is asked for', () => {
        const avoid = 'whep' as const;
        expect(candidates('auto', desktop, { avoid })).toEqual(['llhls', 'flv', 'wsflv', 'hls', 'whep']);
        expect(candidates('whep', desktop, { avoid })[0]).toBe('whep');
    });

    it('keeps to the only one wanted, if the browser can do it', () => {
        expect(candidates('flv', desktop, { only: true })).toEqual(['flv']);
        expect(candidates('flv', oldPhone, { only: true })).toEqual(['hls']);
    });

    it('takes native HLS where nothing else works', () => {
        expect(candidates('auto', oldPhone)).toEqual(['hls']);
        expect(candidates('flv', oldPhone)).toEqual(['hls']);
    });

    it('puts the wish first and keeps the rest to fall back on', () => {
        expect(candidates('wsflv', desktop)).toEqual(['wsflv', 'whep', 'llhls', 'flv', 'hls']);
    });

    it('may end up empty', () => {
        expect(candidates('auto', nothing)).toEqual([]);
    });
});

describe('carries', () => {
    it('knows what each form has a place for', () => {
        expect(carries('llhls', 'vp09.00.30.08')).toBe(true);
        expect(carries('flv', 'vp09.00.30.08')).toBe(false);
        expect(carries('wsflv', 'av01.0.04M.08')).toBe(true);
        expect(carries('hls', 'hvc1.1.6.L93.B0')).toBe(true);
        expect(['llhls', 'hls', 'flv', 'wsflv'].some((name) => carries(name as 'flv', 'vp8'))).toBe(false);
    });

    it('leaves WebRTC to the server', () => {
        expect(carries('whep', 'vp8')).toBe(true);
        expect(carries('whep', 'something new')).toBe(true);
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
        expect(['whep', 'llhls', 'flv', 'wsflv', 'hls', 'auto'].map(parseChoice)).not.toContain(null);
        expect(parseChoice('webrtc')).toBeNull();
    });
});
