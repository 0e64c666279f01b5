// SPDX-License-Identifier: Apache-2.0
import { changesOf, countdownOf, visibleOf } from '../../src/web/src/cues/cards';
import { ChannelCues } from '../../src/web/src/cues/channel_cues';
import { cardUrl, type Cue, linkOf, parseCue, pictureOf, type PlacedCue } from '../../src/web/src/cues/cue';
import { placeCuePoint } from '../../src/web/src/cues/cue_point';
import { placeRange, RangeReader, wallOfPlace } from '../../src/web/src/cues/dateranges';
import { FlvTime, listenToSegments } from '../../src/web/src/cues/flv_time';
import { RtpTime } from '../../src/web/src/cues/rtp_time';
import { placeOnWall } from '../../src/web/src/cues/socket';
import { CueTimeline } from '../../src/web/src/cues/timeline';

const AT = '2026-03-01T12:00:00.500Z';
const AT_MS = Date.parse(AT);

function cue(id: string, more: object = {}): Cue {
    const made = parseCue({ id, kind: 'product', revision: 1, data: { title: id }, ...more });
    if (made === null) {
        throw new Error(id);
    }
    return made;
}

function placed(id: string, from_ms: number, until_ms: number | null = null, more: object = {}): PlacedCue {
    const made = cue(id, more);
    return { cue: made, key: `${id}.${made.revision}${made.ended ? '.end' : ''}`, from_ms, until_ms };
}

const ids = (line: CueTimeline, now_ms: number): string[] => line.at(now_ms).map(({ cue: { id } }) => id);

describe('a cue', () => {
    it('is read with care', () => {
        expect(parseCue({ id: 'c1', kind: 'draw', revision: 2, at: AT, at_ms: 7, duration_ms: 5000,
            data: '{"title":"咖啡"}' })).toEqual({ id: 'c1', kind: 'draw', revision: 2, ended: false,
            wall_ms: AT_MS, at_ms: 7, duration_ms: 5000, data: { title: '咖啡' } });
        expect(cue('x', { kind: 'what', data: '[', revision: -1 }))
            .toMatchObject({ kind: 'custom', data: {}, revision: 1 });
        for (const bad of [null, 7, {}, { id: '' }, { id: 'a b' }, { id: 'x'.repeat(41) }, { id: '"><b' }]) {
            expect(parseCue(bad)).toBeNull();
        }
    });

    it('opens nothing but pages', () => {
        const link = (url: unknown): string | null => linkOf(cue('c', { data: { url } }));
        expect(link('https://shop.example/a?b=1')).toBe('https://shop.example/a?b=1');
        for (const bad of ['javascript:alert(1)', ' javascript:x', '//x', '/a', 'data:text/html,x', 7, 'http://']) {
            expect(link(bad)).toBeNull();
        }
    });

    it('has its card where the channel is, and its own picture', () => {
        expect(cardUrl('live/hq', cue('c1', { revision: 3 }), '?player=flv&token=t'))
            .toBe('/live/hq/cues/c1.svg?rev=3&token=t');
        expect(cardUrl('live/hq', cue('c1', { kind: 'text' }), '')).toBeNull();
        expect(pictureOf(cue('c', { data: { picture: 'ab12' } }))).toBe('/pictures/ab12');
        expect(pictureOf(cue('c', { data: { picture: 'data:image/png;base64,AA' } }))).toContain('data:');
        expect(pictureOf(cue('c', { data: { picture: 'http://x/track.png' } }))).toBeNull();
    });
});

describe('CueTimeline', () => {
    it('shows from the first picture up to the last', () => {
        const line = new CueTimeline();
        line.put(placed('a', 1000, 3000));
        expect([999, 1000, 2999, 3000].map((ms) => ids(line, ms).length)).toEqual([0, 1, 1, 0]);
    });

    it('takes the latest revision that has begun', () => {
        const line = new CueTimeline();
        line.put(placed('a', 1000, null));
        line.put(placed('a', 2000, null, { revision: 2, data: { price: '89' } }));
        expect(line.at(1500)[0]?.cue.revision).toBe(1);
        expect(line.at(2500)[0]).toMatchObject({ cue: { revision: 2 }, begun_ms: 1000 });
        line.put(placed('a', 3000, null, { revision: 3, ended: true }));
        expect(ids(line, 2999)).toEqual(['a']);
        expect(ids(line, 3000)).toEqual([]);
        // Back in the recording it is there again.
        expect(ids(line, 1500)).toEqual(['a']);
    });

    it('learns when one is over, and shows one that comes back', () => {
        const line = new CueTimeline();
        expect(line.put(placed('a', 1000))).toBe(true);
        expect(line.put(placed('a', 1000))).toBe(false);
        expect(line.put(placed('a', 1000, 1500))).toBe(true);
        expect(ids(line, 1600)).toEqual([]);
        line.put(placed('b', 1000));
        line.put(placed('b', 2000, null, { ended: true }));
        line.put(placed('b', 3000));
        expect([ids(line, 2500), ids(line, 3000)]).toEqual([[], ['b']]);
    });

    it('keeps a bounded number', () => {
        const line = new CueTimeline();
        for (let i = 0; i < 2000; i++) {
            line.put(placed(`c${i}`, i));
        }
        expect(ids(line, 5000).length).toBe(512);
    });
});

describe('cues of HLS', () => {
    const range = (id: string, more: object = {}, end: Date | null = null): Parameters<typeof placeRange>[0] =>
        ({ id, startDate: new Date(AT), endDate: end, attr: { 'X-CUE': 'c1', 'X-KIND': 'product',
            'X-REVISION': '2', 'X-DATA': '{%22title%22:%22100%25 咖啡%22}', ...more } });

    it('are read out of a range', () => {
        expect(placeRange(range('c1.2'))).toMatchObject({ key: 'c1.2', from_ms: AT_MS, until_ms: null,
            cue: { id: 'c1', kind: 'product', revision: 2, data: { title: '100% 咖啡' } } });
        expect(placeRange(range('c1', { 'PLANNED-DURATION': '2.5' }))?.until_ms).toBe(AT_MS + 2500);
        expect(placeRange(range('c1', { 'PLANNED-DURATION': '2.5' }, new Date(AT_MS + 900)))?.until_ms)
            .toBe(AT_MS + 900);
        expect(placeRange(range('ad', { 'X-CUE': undefined }))).toBeNull();
        expect(placeRange(range('x', { 'X-DATA': '%E0%' }))?.cue.data).toEqual({});
    });

    it('are told once, and again with their end', () => {
        const seen: PlacedCue[] = [];
        const reader = new RangeReader((one) => seen.push(one));
        const details = (...ranges: ReturnType<typeof range>[]): Parameters<typeof reader.read>[0] =>
            ({ fragments: [], dateRanges: Object.fromEntries(ranges.map((r) => [r.id, r])) });
        reader.read(details(range('c1')));
        reader.read(details(range('c1')));
        reader.read(details(range('c1', {}, new Date(AT_MS + 10)), range('c2', { 'X-CUE': 'c2' })));
        expect(seen.map(({ key, until_ms }) => [key, until_ms]))
            .toEqual([['c1', null], ['c1', AT_MS + 10], ['c2', null]]);
    });

    it('have the clock of the playlist, the open segment included', () => {
        const details = { dateRanges: {}, fragments: [
            { start: 10, duration: 2, programDateTime: AT_MS },
            { start: 12, duration: 2, programDateTime: AT_MS + 60_000 }],
        fragmentHint: { start: 14, duration: 1, programDateTime: AT_MS + 62_000 } };
        expect(wallOfPlace(details, 11.5)).toBe(AT_MS + 1500);
        expect(wallOfPlace(details, 12)).toBe(AT_MS + 60_000);
        expect(wallOfPlace(details, 14.25)).toBe(AT_MS + 62_250);
        expect(wallOfPlace({ dateRanges: {}, fragments: [] }, 1)).toBeNull();
    });
});

describe('cues of FLV', () => {
    it('have the time of the connection, over closed gaps too', () => {
        const time = new FlvTime();
        expect(time.of(0)).toBeNull();
        time.add(0, 50_000);
        time.add(1000, 51_001);
        time.add(2000, 58_000);
        expect([time.of(500), time.of(1999.9), time.of(2500)]).toEqual([50_500, 57_999.9, 58_500]);
        expect(time.newest_ms).toBe(58_000);
    });

    it('learn it from what mpegts.js appends', () => {
        const time = new FlvTime();
        let told = (_type: string, _segment: object): void => undefined;
        const engine = { _player_engine: { _transmuxer: {
            on: (_name: string, listener: typeof told): void => { told = listener; },
            _controller: { _remuxer: { getTimestampBase: () => 7000 } } } } };
        expect(listenToSegments(engine, time)).toBe(true);
        told('audio', { info: { beginDts: 0, originalBeginDts: 900 } });
        told('video', { info: { beginDts: 40, originalBeginDts: 40 } });
        expect(time.of(1040)).toBe(8040);
        expect(listenToSegments({}, time)).toBe(false);
    });

    it('are script tags with our parameters', () => {
        const tag = (more: object = {}, time = 12.5): object => ({ name: 'c1', time, type: 'event',
            parameters: { id: 'c1', kind: 'text', revision: 1, data: '{"text":"hi"}', ...more } });
        expect(placeCuePoint(tag({ duration_ms: 4000 }), 12_000)).toMatchObject({ from_ms: 12_500,
            until_ms: 16_500, cue: { kind: 'text', data: { text: 'hi' } } });
        expect(placeCuePoint(tag({ revision: 2 }), 14_000)?.from_ms).toBe(14_000);
        expect(placeCuePoint(tag({ ended: true, duration_ms: 1500 }), 13_800))
            .toMatchObject({ from_ms: 14_000, cue: { ended: true } });
        // Taken away by another program: at once, not when it would have ended.
        expect(placeCuePoint(tag({ ended: true, duration_ms: 60_000 }), 13_800)?.from_ms).toBe(13_800);
        for (const other of [null, {}, { name: 'x', time: 1 }, { name: 'x', time: 1, parameters: 'y' }]) {
            expect(placeCuePoint(other, 0)).toBeNull();
        }
    });
});

describe('cues of WebRTC', () => {
    const message = (id: string, more: object = {}): { type: string } =>
        ({ type: 'cue', id, kind: 'product', revision: 1, data: {}, ...more } as { type: string });

    it('count on where 32 bits end', () => {
        const time = new RtpTime();
        expect(time.of(5)).toBeNull();
        expect(time.shown(0xffffffff - 8999)).toBe(0);
        expect(time.of(0)).toBe(100);
        expect(time.shown(9000)).toBe(200);
        expect(time.of(0)).toBe(100);
    });

    it('wait for the first frame, then for theirs', () => {
        const seen: PlacedCue[] = [];
        const cues = new ChannelCues((one) => seen.push(one));
        cues.hear(message('a', { rtp_time: 90_000 }), 0);
        cues.hear({ type: 'text' }, 0);
        expect(seen).toEqual([]);
        expect(cues.clock_ms(45_000, 10)).toBe(0);
        expect(seen.map(({ from_ms }) => from_ms)).toEqual([500]);
        expect(cues.clock_ms(90_000, 510)).toBe(500);
        // A timer between two frames moves nothing.
        expect(cues.clock_ms(null, 9999)).toBe(500);
        cues.hear(message('a', { rtp_time: 90_000, revision: 2 }), 600);
        cues.clock_ms(180_000, 1510);
        expect(seen[1]).toMatchObject({ from_ms: 1500, cue: { revision: 2 } });
    });

    it('are shown about when they come where the browser tells no timestamps', () => {
        const seen: PlacedCue[] = [];
        const cues = new ChannelCues((one) => seen.push(one));
        cues.clock_ms(null, 1000);
        cues.hear(message('a', { rtp_time: 1 }), 2000);
        expect(cues.clock_ms(null, 2600)).toBe(2600);
        expect(seen[0]?.from_ms).toBe(2120);
    });
});

describe('cues of the socket', () => {
    it('are on the wall clock of the server', () => {
        const json = { id: 'a', kind: 'product', revision: 1, at: AT, duration_ms: 1000, data: {} };
        expect(placeOnWall(json, AT_MS - 5)).toMatchObject({ from_ms: AT_MS, until_ms: AT_MS + 1000 });
        expect(placeOnWall({ ...json, revision: 2 }, AT_MS + 300)?.from_ms).toBe(AT_MS + 300);
        expect(placeOnWall({ ...json, ended: true, duration_ms: 200 }, AT_MS + 300)?.from_ms).toBe(AT_MS + 200);
        expect(placeOnWall({ id: '?' }, 0)).toBeNull();
    });
});

describe('cards', () => {
    const shown = (id: string, more: object = {}): { cue: Cue; begun_ms: number } =>
        ({ cue: cue(id, more), begun_ms: 0 });

    it('come, change and go', () => {
        const first = changesOf(new Map(), [shown('a'), shown('b')]);
        expect(first.entered.map((one) => one.cue.id)).toEqual(['a', 'b']);
        const next = changesOf(first.now, [shown('b', { revision: 2 }), shown('c')]);
        expect([next.left, next.changed.map((one) => one.cue.id), next.entered.map((one) => one.cue.id)])
            .toEqual([['a'], ['b'], ['c']]);
        expect(changesOf(next.now, [...next.now.values()]))
            .toMatchObject({ left: [], changed: [], entered: [] });
    });

    it('leave room for the picture, and scripts have none', () => {
        const many = [...'abcde'].map((id) => shown(id));
        const all = visibleOf([shown('x', { kind: 'custom' }), shown('t', { kind: 'text' }), ...many]);
        expect(all.map((one) => one.cue.id)).toEqual(['t', 'c', 'd', 'e']);
        // What a composite has in its picture is not shown once more.
        expect(visibleOf([shown('b', { data: { title: 'b', burnt: true } }), shown('p')])
            .map((one) => one.cue.id)).toEqual(['p']);
    });

    it('count down', () => {
        const draw = cue('d', { kind: 'draw', data: { ends_in_ms: 30_000 } });
        expect(countdownOf(draw, 1000, 1000, 0)).toBe('0:30');
        expect(countdownOf(draw, 1000, 25_500, 0)).toBe('0:06');
        expect(countdownOf(draw, 1000, 99_000, 0)).toBe('0:00');
        const coupon = cue('c', { kind: 'coupon', data: { until: AT } });
        expect(countdownOf(coupon, 0, 0, AT_MS - 61_000)).toBe('1:01');
        expect(countdownOf(coupon, 0, 0, AT_MS - 7_200_000)).toBeNull();
        expect(countdownOf(cue('p'), 0, 0, 0)).toBeNull();
    });
});
