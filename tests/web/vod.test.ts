// SPDX-License-Identifier: Apache-2.0
import { parseChannel } from '../../src/web/src/api';
import { recordingFromPath, startFromQuery, withQuery } from '../../src/web/src/replay/place';
import { exactText, timeOf, wallOf } from '../../src/web/src/vod/clock';
import { parseRecording } from '../../src/web/src/vod/recording';
import { fractionAt, keyTarget } from '../../src/web/src/vod/seekbar';
import { wallAt } from '../../src/web/src/vod/stretches';
import { parseThumbs, thumbAt, vttTime } from '../../src/web/src/vod/vtt';

const BASE = 'https://host/replay/r1/thumbnails.vtt';
const VTT = `WEBVTT

00:00.000 --> 00:10.000
sheet-0001.jpg#xywh=0,0,160,90

7
00:00:10.000 --> 00:00:20.000
sheet-0001.jpg#xywh=160,0,160,90

01:00:00.000 --> 01:00:10.000 align:start
sheet-0002.jpg#xywh=0,90,160,90
`;

describe('thumbnails.vtt', () => {
    it('is read', () => {
        const thumbs = parseThumbs(VTT, BASE);
        expect(thumbs.map((t) => [t.start_ms, t.end_ms, t.x, t.y])).toEqual(
            [[0, 10_000, 0, 0], [10_000, 20_000, 160, 0], [3_600_000, 3_610_000, 0, 90]]);
        expect(thumbs[0]?.url).toBe('https://host/replay/r1/sheet-0001.jpg');
        expect(parseThumbs(VTT.replace(/\n/g, '\r\n'), BASE)).toEqual(thumbs);
    });

    it('hands the token on to the sheets', () => {
        expect(parseThumbs(VTT, BASE, '?token=a')[0]?.url)
            .toBe('https://host/replay/r1/sheet-0001.jpg?token=a');
    });

    it('is refused where it is none, cue by cue', () => {
        expect(parseThumbs('<html>', BASE)).toEqual([]);
        expect(parseThumbs('', BASE)).toEqual([]);
        for (let length = 0; length < VTT.length; length++) {
            expect(parseThumbs(VTT.slice(0, length), BASE).length).toBeLessThanOrEqual(3);
        }
        const strange = [
            '00:10.000 --> 00:05.000\na.jpg#xywh=0,0,1,1', '00:00.000 --> 00:01.000\na.jpg',
            '00:00.000 --> 00:01.000\na.jpg#xywh=0,0,0,0', '00:00.000\na.jpg#xywh=0,0,1,1',
            '00:00.000 --> 00:01.000\nhttps://other/a.jpg#xywh=0,0,1,1',
            '00:00.000 --> 00:01.000\n//other/a.jpg#xywh=0,0,1,1', 'NOTE what',
        ];
        expect(parseThumbs(`WEBVTT\n\n${strange.join('\n\n')}`, BASE)).toEqual([]);
    });

    it('finds the picture of a moment', () => {
        const thumbs = parseThumbs(VTT, BASE);
        const at = (ms: number): number | undefined => thumbAt(thumbs, ms)?.start_ms;
        expect([-5, 0, 9999, 10_000, 500_000, 3_600_000, 9e9].map(at))
            .toEqual([0, 0, 0, 10_000, 10_000, 3_600_000, 3_600_000]);
        expect(thumbAt([], 5)).toBeNull();
    });

    it('knows times', () => {
        expect(vttTime('01:02:03.004')).toBe(3_723_004);
        expect(vttTime('02:03.004')).toBe(123_004);
        expect(vttTime('123:00:00.000')).toBe(442_800_000);
        expect(vttTime('1:2')).toBeNull();
    });
});

describe('recording time and the wall', () => {
    const timed = { started_ms: 1000, gaps: [{ at_ms: 100, duration_ms: 50 }, { at_ms: 300, duration_ms: 7 }] };

    it('differ by the gaps', () => {
        expect([0, 99, 100, 299, 300].map((at) => wallOf(timed, at))).toEqual(
            [1000, 1099, 1150, 1349, 1357]);
    });

    it('come back, and a moment in a gap is its place', () => {
        for (const at of [0, 99, 101, 299, 301]) {
            expect(timeOf(timed, wallOf(timed, at) ?? 0)).toBe(at);
        }
        expect([1100, 1120, 1149].map((wall) => timeOf(timed, wall))).toEqual([100, 100, 100]);
        expect(timeOf({ started_ms: null, gaps: [] }, 5)).toBeNull();
        expect(wallOf({ started_ms: null, gaps: [] }, 5)).toBeNull();
    });

    it('is written to the frame', () => {
        expect(exactText(4120)).toBe('0:04.120');
        expect(exactText(3_723_004)).toBe('1:02:03.004');
        expect(exactText(59_999.7)).toBe('1:00.000');
        expect(exactText(-3)).toBe('0:00.000');
    });
});

describe('places in a playlist', () => {
    const stretches = [
        { start_s: 10, duration_s: 2, wall_ms: 50_000 },
        { start_s: 12, duration_s: 2, wall_ms: 60_000 },
    ];

    it('have a wall clock', () => {
        expect([9, 10, 11.5, 12, 15].map((s) => wallAt(stretches, s)))
            .toEqual([49_000, 50_000, 51_500, 60_000, 63_000]);
        expect(wallAt([], 3)).toBeNull();
    });
});

describe('the seek bar', () => {
    const state = { start_s: 100, end_s: 200, position_s: 103, buffered_s: 110, gaps: [] };

    it('moves by keys, inside its range', () => {
        expect(['ArrowLeft', 'ArrowRight', 'PageUp', 'PageDown', 'Home', 'End', 'x']
            .map((key) => keyTarget(key, state))).toEqual([100, 108, 163, 100, 100, 200, null]);
    });

    it('knows where a finger is', () => {
        expect(fractionAt(150, 100, 200)).toBe(0.25);
        expect(fractionAt(0, 100, 200)).toBe(0);
        expect(fractionAt(900, 100, 200)).toBe(1);
        expect(fractionAt(5, 0, 0)).toBe(0);
    });
});

describe('what the server tells of a recording', () => {
    it('is read with care', () => {
        const recording = parseRecording({ id: 'a', state: 'new', duration_ms: -4, gaps: [null,
            { at_ms: 9, duration_ms: 1 }, { at_ms: 5, duration_ms: 'x' }],
        mp4_url: 'javascript:alert(1)', hls_url: '//other/x', poster_url: '/p.jpg' }, 'clip');
        expect(recording).toMatchObject({ kind: 'clip', state: 'ready', duration_ms: 0, mp4_url: '',
            hls_url: '', poster_url: '/p.jpg', started_ms: null });
        expect(recording.gaps).toEqual([{ at_ms: 5, duration_ms: 0 }, { at_ms: 9, duration_ms: 1 }]);
        expect(parseRecording(null, 'replay').gaps).toEqual([]);
    });

    it('has the window of a live', () => {
        expect(parseChannel({ dvr: { window_ms: 5000, replay: 'r1' } })).toMatchObject(
            { dvr_ms: 5000, replay: 'r1' });
        expect(parseChannel({ dvr: null, replay: 'r2' })).toMatchObject({ dvr_ms: 0, replay: 'r2' });
        expect(parseChannel({})).toMatchObject({ dvr_ms: 0, replay: null });
    });
});

describe('the page of a recording', () => {
    it('is about what its address says', () => {
        expect(recordingFromPath('/watch/replay/20261122-153111-4f2a9c1b')).toEqual(
            { kind: 'replay', id: '20261122-153111-4f2a9c1b' });
        expect(recordingFromPath('/watch/clip/a/')).toEqual({ kind: 'clip', id: 'a' });
        expect(recordingFromPath('/watch/replay/')).toBeNull();
        expect(recordingFromPath('/watch/replay/a/b')).toBeNull();
    });

    it('begins where it was told to', () => {
        expect(startFromQuery('?t=95.5')).toBe(95.5);
        expect(['', '?t=', '?t=x', '?t=-1', '?t=Infinity'].map(startFromQuery))
            .toEqual([null, null, null, null, null]);
    });

    it('hands its query on', () => {
        expect(withQuery('/a.mp4', '', 'download=1')).toBe('/a.mp4?download=1');
        expect(withQuery('/a.mp4', '?token=x', 'download=1')).toBe('/a.mp4?token=x&download=1');
        expect(withQuery('/a.mp4?format=1', '', 'download=1')).toBe('/a.mp4?format=1&download=1');
    });
});
