// SPDX-License-Identifier: Apache-2.0
import { Backoff } from '../../src/web/src/backoff';
import type { PlayerName } from '../../src/web/src/player/choose';
import { grudgeAgainst, holdGrudge, type TabStore } from '../../src/web/src/watch/grudge';
import { phaseOf, type Situation } from '../../src/web/src/watch/phase';
import { Recovery } from '../../src/web/src/watch/recovery';

const flat = (): Backoff => new Backoff(500, 500, 1, () => 0.5);

describe('Recovery', () => {
    it('tries again before it tries another', () => {
        const recovery = new Recovery(['llhls', 'flv'], flat());
        expect(recovery.failed('network').action).toBe('retry');
        expect(recovery.failed('network').action).toBe('retry');
        expect(recovery.failed('network')).toEqual({ action: 'switch', wait_ms: 500 });
        expect(recovery.current()).toBe('flv');
    });

    it('comes back to the first when all others failed too', () => {
        const recovery = new Recovery(['llhls', 'flv'], flat());
        for (let i = 0; i < 4; i++) {
            recovery.failed('media');
        }
        expect(recovery.current()).toBe('llhls');
    });

    it('forgets failures once the picture moves', () => {
        const recovery = new Recovery(['llhls', 'flv'], flat());
        for (let i = 0; i < 9; i++) {
            recovery.failed('stuck');
            recovery.progressed();
        }
        expect(recovery.current()).toBe('llhls');
    });

    it('drops what the browser cannot do, and gives up on the last', () => {
        const recovery = new Recovery(['llhls', 'hls'], flat());
        expect(recovery.failed('unsupported')).toEqual({ action: 'switch', wait_ms: 0 });
        expect(recovery.failed('unsupported')).toEqual({ action: 'give_up', reason: 'unsupported' });
        expect(recovery.current()).toBeNull();
    });

    it('is patient with a stream that is not there yet', () => {
        const recovery = new Recovery(['llhls', 'flv'], flat());
        for (let i = 0; i < 5; i++) {
            expect(recovery.failed('not_found').action).toBe('retry');
        }
        expect(recovery.failed('not_found').action).toBe('switch');
        expect(recovery.failed('forbidden')).toEqual({ action: 'give_up', reason: 'forbidden' });
    });
});

describe('Recovery with WebRTC', () => {
    const players = (): PlayerName[] => ['whep', 'llhls', 'flv'];

    it('leaves a blocked way at once and without waiting', () => {
        const recovery = new Recovery(players(), flat());
        expect(recovery.failed('no_media')).toEqual({ action: 'switch', wait_ms: 0 });
        expect(recovery.current()).toBe('llhls');
    });

    it('connects anew after a break, and leaves when that brings nothing', () => {
        const recovery = new Recovery(players(), flat());
        expect(recovery.failed('network').action).toBe('retry');
        expect(recovery.current()).toBe('whep');
        expect(recovery.failed('no_media').action).toBe('switch');
        expect(recovery.current()).toBe('llhls');
    });

    it('does not come back to what the server refused', () => {
        const recovery = new Recovery(['whep', 'llhls'], flat());
        expect(recovery.failed('refused')).toEqual({ action: 'switch', wait_ms: 0 });
        for (let i = 0; i < 5; i++) {
            expect(recovery.failed('media').action).toBe('retry');
        }
        expect(recovery.current()).toBe('llhls');
    });

    it('gives up with the reason when nothing else is wanted', () => {
        expect(new Recovery(['whep'], flat()).failed('refused'))
            .toEqual({ action: 'give_up', reason: 'refused' });
        expect(new Recovery(['whep'], flat()).failed('no_media').action).toBe('retry');
    });
});

describe('grudges', () => {
    const store = (): TabStore => {
        const all = new Map<string, string>();
        return { read: (name) => all.get(name) ?? null, write: (name, value) => all.set(name, value) };
    };

    it('lasts for all channels when the network blocks', () => {
        const tab = store();
        holdGrudge(tab, 'whep', 'no_media', 'live/hq', 1000);
        expect(grudgeAgainst(tab, 'live/other', 500_000)).toBe('whep');
        expect(grudgeAgainst(tab, 'live/other', 700_000)).toBeNull();
    });

    it('is about one broadcast when the server refused it', () => {
        const tab = store();
        holdGrudge(tab, 'whep', 'refused', 'live/hq', 1000);
        expect(grudgeAgainst(tab, 'live/hq', 60_000)).toBe('whep');
        expect(grudgeAgainst(tab, 'live/other', 60_000)).toBeNull();
        expect(grudgeAgainst(tab, 'live/hq', 130_000)).toBeNull();
    });

    it('is held for nothing else, and survives nonsense in the store', () => {
        const tab = store();
        holdGrudge(tab, 'whep', 'network', 'live/hq', 1000);
        expect(grudgeAgainst(tab, 'live/hq', 1001)).toBeNull();
        tab.write('failed_player', '{oops');
        expect(grudgeAgainst(tab, 'live/hq', 1001)).toBeNull();
    });
});

describe('phaseOf', () => {
    const calm: Situation = { blocked: null, channel: 'live', progressing: false, paused: false,
        needs_gesture: false, has_played: false, seen_live: true };

    it('believes a moving picture first', () => {
        expect(phaseOf({ ...calm, channel: 'offline', progressing: true })).toBe('playing');
    });

    it('tells a broadcast that ended from one that has not begun', () => {
        expect(phaseOf({ ...calm, channel: 'offline', seen_live: false })).toBe('offline');
        expect(phaseOf({ ...calm, channel: 'offline' })).toBe('ended');
    });

    it('names what the viewer is waiting for', () => {
        expect(phaseOf({ ...calm, channel: 'asking' })).toBe('connecting');
        expect(phaseOf({ ...calm, channel: 'waiting', has_played: true })).toBe('waiting');
        expect(phaseOf({ ...calm, channel: 'unreachable' })).toBe('reconnecting');
        expect(phaseOf({ ...calm, channel: 'unreachable', seen_live: false })).toBe('unreachable');
        expect(phaseOf(calm)).toBe('connecting');
        expect(phaseOf({ ...calm, has_played: true })).toBe('buffering');
        expect(phaseOf({ ...calm, paused: true })).toBe('paused');
        expect(phaseOf({ ...calm, needs_gesture: true })).toBe('gesture');
        expect(phaseOf({ ...calm, blocked: 'codec' })).toBe('codec');
    });
});
