// SPDX-License-Identifier: Apache-2.0
import { parseChannel } from '../../src/web/src/api';
import { Backoff } from '../../src/web/src/backoff';
import { codecName } from '../../src/web/src/codecs';
import { Chaser } from '../../src/web/src/player/chase';
import { RateMeter } from '../../src/web/src/player/meter';
import { bitrate, duration, picture, since } from '../../src/web/src/ui/format';
import { RunningCount, StallMeter } from '../../src/web/src/watch/stats';

describe('Backoff', () => {
    it('grows to its limit and starts over', () => {
        const backoff = new Backoff(1000, 4000, 2, () => 0.5);
        expect([1, 2, 3, 4].map(() => backoff.next())).toEqual([1000, 2000, 4000, 4000]);
        backoff.reset();
        expect(backoff.next()).toBe(1000);
    });

    it('spreads by a fifth', () => {
        expect(new Backoff(1000, 9000, 2, () => 0).next()).toBe(800);
        expect(new Backoff(1000, 9000, 2, () => 1).next()).toBe(1200);
    });
});

describe('StallMeter', () => {
    it('counts one stall from the moment the clock stood still', () => {
        const meter = new StallMeter();
        meter.feed(0, 1.0, true);
        meter.feed(200, 1.2, true);
        expect(meter.feed(400, 1.2, true)).toBe(false);
        expect(meter.feed(600, 1.2, true)).toBe(true);
        expect(meter.feed(800, 1.2, true)).toBe(false);
        expect(meter.total_ms(1000)).toBe(800);
        meter.feed(1200, 1.4, true);
        expect(meter.stalls).toBe(1);
        expect(meter.total_ms(9999)).toBe(1000);
    });

    it('leaves pauses and seeks alone', () => {
        const meter = new StallMeter();
        for (let now_ms = 0; now_ms < 3000; now_ms += 200) {
            meter.feed(now_ms, 5, false);
        }
        expect(meter.stalls).toBe(0);
        meter.feed(3000, 5, true);
        meter.feed(3200, 5, true);
        expect(meter.stalls).toBe(0);
    });
});

describe('RunningCount', () => {
    it('runs on when the browser starts again from zero', () => {
        const count = new RunningCount();
        expect([10, 50, 0, 5, 60].map((value) => count.feed(value))).toEqual([10, 50, 50, 55, 110]);
    });
});

describe('RateMeter', () => {
    it('measures the last seconds', () => {
        const meter = new RateMeter(5000);
        expect(meter.kbps(0)).toBeNull();
        for (let now_ms = 0; now_ms <= 10_000; now_ms += 200) {
            meter.add(now_ms, 25_000);
        }
        expect(meter.kbps(10_000)).toBeCloseTo(1000);
        expect(meter.kbps(20_000)).toBeNull();
    });
});

describe('Chaser', () => {
    it('speeds up, jumps when far behind, and rests when close', () => {
        const chaser = new Chaser();
        expect(chaser.step(0, 9)).toEqual({ rate: 1, jump: true });
        expect(chaser.step(0, 2.6)).toEqual({ rate: 1.2, jump: false });
        expect(chaser.step(0, 1.3).rate).toBe(1.1);
        expect(chaser.step(0, 1.1).rate).toBe(1.1);
        expect(chaser.step(0, 0.85).rate).toBe(1);
        expect(chaser.step(0, 0.2).rate).toBe(1);
    });

    it('keeps more distance after a stall and gives it back in calm times', () => {
        const chaser = new Chaser();
        chaser.onStall(1000);
        expect(chaser.target_s).toBeCloseTo(1.2);
        expect(chaser.step(1100, 0.3).rate).toBe(0.95);
        expect(chaser.step(1200, 1.15).rate).toBe(1);
        chaser.step(70_000, 1.2);
        expect(chaser.target_s).toBeCloseTo(1.0);
        for (let i = 0; i < 20; i++) {
            chaser.onStall(80_000);
        }
        expect(chaser.target_s).toBe(3);
    });
});

describe('words for numbers', () => {
    it('writes durations', () => {
        expect([0, 65.9, 3723, -4].map(duration)).toEqual(['0:00', '1:05', '1:02:03', '0:00']);
        expect(since('2030-01-01T10:00:00Z', Date.parse('2030-01-01T11:00:05Z'))).toBe('1:00:05');
        expect(since('not a date', 0)).toBeNull();
        expect(since(null, 0)).toBeNull();
    });

    it('writes pictures and rates', () => {
        expect(picture(1280, 720, 29.97)).toBe('720p30');
        expect(picture(1080, 1920, 30)).toBe('1080×1920 30 fps');
        expect(picture(0, 0, 30)).toBe('');
        expect([96, 2534].map(bitrate)).toEqual(['96 kbit/s', '2.53 Mbit/s']);
    });

    it('names codecs', () => {
        expect(['avc1.64001f', 'hvc1.1.6.L93.B0', 'mp4a.40.2', 'opus', 'new1'].map(codecName))
            .toEqual(['H.264', 'H.265', 'AAC', 'Opus', 'new1']);
    });
});

describe('parseChannel', () => {
    it('survives whatever a server sends', () => {
        const empty = { channel: '', state: 'offline', viewers: 0, since: null, video: null,
            audio: null, qualities: [], advice: [],
            dvr_ms: 0, replay: null };
        for (const value of [null, 3, 'x', [], {}, { state: 'odd', viewers: 'many', advice: 7 }]) {
            expect(parseChannel(value)).toEqual(empty);
        }
    });

    it('reads a full answer', () => {
        const channel = parseChannel({ channel: 'live/hq', state: 'live', viewers: 3,
            since: '2030-01-01T10:00:00Z', video: { codec: 'avc1', width: 1, height: 2, fps: 3 },
            audio: { codec: 'mp4a.40.2' }, advice: [{ code: 'b_frames' }, null] });
        expect(channel.video?.fps).toBe(3);
        expect(channel.audio?.sample_rate).toBe(0);
        expect(channel.advice).toEqual([{ code: 'b_frames', params: {}, message: '' }]);
    });
});
