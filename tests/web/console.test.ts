// SPDX-License-Identifier: Apache-2.0
import { ApiError, AdminApi, errorOf, parseClip, parseLive, parseReplay } from '../../src/web/src/console/api';
import { cutTitle } from '../../src/web/src/console/clips/form';
import { FrameTimes } from '../../src/web/src/console/clips/frames';
import { actionOf, HELP, isTaken, type Pressed } from '../../src/web/src/console/clips/keys';
import { JobPace } from '../../src/web/src/console/clips/pace';
import { pinchOf } from '../../src/web/src/console/clips/pinch';
import { boundsOf, isChosen, lastSeconds, loopTarget, NOTHING, setIn, setOut }
    from '../../src/web/src/console/clips/range';
import { fits } from '../../src/web/src/console/clips/sources';
import { atX, clampView, filmSlots, follow, panBy, ticks, viewOf, wholeView, xOf, zoomAt }
    from '../../src/web/src/console/clips/view';
import { errorText, isUnauthorized } from '../../src/web/src/console/errors';

const HOUR = 3_600_000;

describe('the timeline', () => {
    it('shows all of it at first, and never more', () => {
        expect(wholeView(HOUR)).toEqual({ from_ms: 0, to_ms: HOUR });
        expect(clampView({ from_ms: -50, to_ms: 2 * HOUR }, HOUR)).toEqual({ from_ms: 0, to_ms: HOUR });
        expect(wholeView(0)).toEqual({ from_ms: 0, to_ms: 2000 });
    });

    it('zooms around the place that is pointed at', () => {
        const view = zoomAt(wholeView(HOUR), HOUR / 4, 0.5, HOUR);
        expect(view.to_ms - view.from_ms).toBe(HOUR / 2);
        expect(xOf(view, 1000, HOUR / 4)).toBeCloseTo(250);
        expect(zoomAt(view, HOUR / 4, 1e-9, HOUR).to_ms - zoomAt(view, HOUR / 4, 1e-9, HOUR).from_ms)
            .toBe(2000);
        expect(zoomAt(view, HOUR / 4, 1e9, HOUR)).toEqual(wholeView(HOUR));
    });

    it('is dragged to its ends and no further', () => {
        const view = { from_ms: 1000, to_ms: 11_000 };
        expect(panBy(view, -5000, HOUR)).toEqual({ from_ms: 0, to_ms: 10_000 });
        expect(panBy(view, 9 * HOUR, HOUR)).toEqual({ from_ms: HOUR - 10_000, to_ms: HOUR });
    });

    it('keeps what plays in sight', () => {
        const view = { from_ms: 10_000, to_ms: 20_000 };
        expect(follow(view, 15_000, HOUR)).toBe(view);
        expect(follow(view, 20_500, HOUR)).toEqual({ from_ms: 19_500, to_ms: 29_500 });
        expect(follow(view, 5000, HOUR).to_ms).toBeGreaterThan(5000);
    });

    it('shows a stretch with room on both sides', () => {
        const view = viewOf(100_000, 110_000, HOUR);
        expect(view.from_ms).toBeLessThan(100_000);
        expect(view.to_ms).toBeGreaterThan(110_000);
    });

    it('goes from pixels to moments and back', () => {
        const view = { from_ms: 5000, to_ms: 15_000 };
        for (const x of [0, 13, 500, 1000]) {
            expect(xOf(view, 1000, atX(view, 1000, x))).toBeCloseTo(x);
        }
        expect(atX(view, 0, 10)).toBe(5000);
    });

    it('has a ruler that can be read', () => {
        for (const span of [2000, 45_000, HOUR, 24 * HOUR, 300 * HOUR]) {
            const list = ticks({ from_ms: 777, to_ms: 777 + span }, 1000, 84);
            expect(list.length).toBeGreaterThan(1);
            expect(list.length).toBeLessThanOrEqual(13);
        }
        expect(ticks({ from_ms: 0, to_ms: 10_000 }, 1000, 84)).toEqual(
            [0, 1000, 2000, 3000, 4000, 5000, 6000, 7000, 8000, 9000, 10_000]);
    });

    it('has film whose pictures move with it', () => {
        const at = (from: number): number[] =>
            filmSlots({ from_ms: from, to_ms: from + 10_000 }, 1000, 100).map((slot) => slot.at_ms);
        expect(at(0)).toEqual([500, 1500, 2500, 3500, 4500, 5500, 6500, 7500, 8500, 9500]);
        expect(at(300)).toEqual([...at(0), 10_500]);
        expect(filmSlots({ from_ms: 0, to_ms: 1 }, 0, 100)).toEqual([]);
    });

    it('is pinched by two fingers', () => {
        expect(pinchOf([{ x: 100, y: 0 }, { x: 200, y: 0 }], [{ x: 100, y: 0 }, { x: 300, y: 0 }]))
            .toEqual({ from_x: 150, to_x: 200, factor: 0.5 });
        expect(pinchOf([{ x: 100, y: 0 }, { x: 101, y: 90 }], [{ x: 100, y: 0 }, { x: 110, y: 90 }]).factor)
            .toBe(1);
    });
});

describe('the chosen stretch', () => {
    it('has a start and an end', () => {
        let range = setIn(NOTHING, 4000);
        expect(isChosen(NOTHING)).toBe(false);
        expect(boundsOf(range, 60_000)).toEqual({ from_ms: 4000, to_ms: 60_000 });
        range = setOut(range, 9000);
        expect(boundsOf(range, 60_000)).toEqual({ from_ms: 4000, to_ms: 9000 });
    });

    it('gives up the other end when they would cross', () => {
        const range = { in_ms: 4000, out_ms: 9000 };
        expect(setIn(range, 9000)).toEqual({ in_ms: 9000, out_ms: null });
        expect(setOut(range, 4000)).toEqual({ in_ms: null, out_ms: 4000 });
        expect(setIn(range, -5)).toEqual({ in_ms: 0, out_ms: 9000 });
    });

    it('is the last seconds of a live', () => {
        expect(lastSeconds(30, 100_000)).toEqual({ in_ms: 70_000, out_ms: 100_000 });
        expect(lastSeconds(180, 100_000)).toEqual({ in_ms: 0, out_ms: 100_000 });
    });

    it('is never outside what there is', () => {
        expect(boundsOf({ in_ms: 90_000, out_ms: 99_000 }, 50_000)).toEqual({ from_ms: 50_000, to_ms: 50_000 });
    });

    it('plays in a loop', () => {
        const bounds = { from_ms: 1000, to_ms: 5000 };
        expect([1000, 3000, 4998].map((at) => loopTarget(bounds, at, false))).toEqual([null, null, null]);
        expect([4999.5, 7000, 100].map((at) => loopTarget(bounds, at, false))).toEqual([1000, 1000, 1000]);
        expect(loopTarget(bounds, 3000, true)).toBe(1000);
        expect(loopTarget({ from_ms: 5, to_ms: 5 }, 9, true)).toBeNull();
    });
});

describe('keys', () => {
    const press = (key: string, more: Partial<Pressed> = {}): Pressed =>
        ({ key, shiftKey: false, ctrlKey: false, metaKey: false, altKey: false, ...more });

    it('do what the help says', () => {
        expect(['i', 'I', 'o', 'ArrowLeft', 'ArrowRight', ' ', 'j', 'k', 'l', 'Home', 'End', '?', 'p', '+', '-']
            .map((key) => actionOf(press(key)))).toEqual(['in', 'in', 'out', 'frame_back', 'frame_on',
            'toggle', 'back', 'pause', 'faster', 'start', 'end', 'help', 'loop', 'zoom_in', 'zoom_out']);
        expect(['ArrowLeft', 'ArrowRight', 'I', 'O', 'Z', '?']
            .map((key) => actionOf(press(key, { shiftKey: true })))).toEqual(
            ['second_back', 'second_on', 'go_in', 'go_out', 'zoom_whole', 'help']);
        expect(HELP.length).toBeGreaterThan(10);
    });

    it('leave the browser its own', () => {
        expect(actionOf(press('i', { ctrlKey: true }))).toBeNull();
        expect(actionOf(press('l', { metaKey: true }))).toBeNull();
        expect(actionOf(press('toString'))).toBeNull();
        expect(actionOf(press('q'))).toBeNull();
    });

    it('belong to whoever is typed into', () => {
        expect(isTaken('INPUT', 'text', 'in')).toBe(true);
        expect(isTaken('INPUT', 'radio', 'in')).toBe(false);
        expect(isTaken('INPUT', 'radio', 'frame_on')).toBe(true);
        expect(isTaken('BUTTON', '', 'toggle')).toBe(true);
        expect(isTaken('BUTTON', '', 'frame_on')).toBe(false);
        expect(isTaken('BODY', '', 'toggle')).toBe(false);
    });
});

describe('frame times', () => {
    const at30 = (from: number, count: number): { at_ms: number; keyframe: boolean }[] =>
        Array.from({ length: count }, (_x, i) => ({ at_ms: Math.round((from + i) * 1e6 / 30) / 1000,
            keyframe: (from + i) % 30 === 0 }));

    it('come from the server', async () => {
        const asked: number[] = [];
        const frames = new FrameTimes((at) => {
            asked.push(at);
            return Promise.resolve(at30(Math.max(0, Math.floor(at / 1000) * 30 - 30), 120));
        });
        await frames.load(1500);
        expect(asked).toEqual([1500]);
        expect(frames.at(1500)).toEqual({ at_ms: 1500, next_ms: 1533.333, keyframe: false });
        expect(frames.at(1499.8).at_ms).toBe(1500);
        expect(frames.at(1532).at_ms).toBe(1500);
        expect(frames.step(1500, 1).at_ms).toBe(1533.333);
        expect(frames.step(1500, -15)).toMatchObject({ at_ms: 1000, keyframe: true });
        await frames.load(1600);
        expect(asked).toEqual([1500]);
        await frames.load(50_000);
        expect(asked).toEqual([1500, 50_000]);
        expect(frames.at(50_000).at_ms).toBe(50_000);
        expect(frames.at(1500).at_ms).toBe(1500);
    });

    it('grow together', () => {
        const frames = new FrameTimes(() => Promise.reject(new Error()));
        frames.add(at30(0, 60));
        frames.add(at30(50, 60));
        expect(frames.step(1000, 60).at_ms).toBe(3000);
    });

    it('may be uneven', () => {
        const frames = new FrameTimes(() => Promise.resolve([]));
        frames.add([{ at_ms: 0, keyframe: true }, { at_ms: 40, keyframe: false },
            { at_ms: 200, keyframe: false }, { at_ms: 233.4, keyframe: false }]);
        expect(frames.at(199)).toMatchObject({ at_ms: 40, next_ms: 200 });
        expect(frames.step(40, 1).at_ms).toBe(200);
    });

    it('are guessed where the server does not tell, and asked again later', async () => {
        let now = 0;
        let asked = 0;
        const frames = new FrameTimes(() => {
            asked++;
            return Promise.reject(new Error('404'));
        }, () => now);
        await frames.load(1000);
        await frames.load(2000);
        expect(asked).toBe(1);
        expect(frames.at(1013)).toEqual({ at_ms: 1000, next_ms: 1040, keyframe: false });
        expect(frames.step(1000, 1).at_ms).toBe(1040);
        expect(frames.step(1000, -1).at_ms).toBe(960);
        expect(frames.step(0, -1).at_ms).toBe(0);
        now = 20_000;
        await frames.load(1000);
        expect(asked).toBe(2);
    });
});

describe('the name of a clip', () => {
    it('is cut to whole signs', () => {
        expect(cutTitle('  羽绒服 ')).toBe('羽绒服');
        expect(cutTitle('羽绒服', 7)).toBe('羽绒');
        expect(cutTitle('ab😀', 5)).toBe('ab');
    });
});

describe('the list of sources', () => {
    it('is searched by channel and title', () => {
        const replay = { channel: 'store/0571', title: 'Evening Show' };
        expect(['', '0571', 'evening', ' STORE/ '].map((words) => fits(replay, words)))
            .toEqual([true, true, true, true]);
        expect(fits(replay, 'live')).toBe(false);
    });
});

describe('jobs', () => {
    it('are asked after often while they move, seldom when nothing does', () => {
        const pace = new JobPace();
        expect(pace.next([])).toBe(15_000);
        expect([pace.next([0]), pace.next([5])]).toEqual([400, 400]);
        const waits = Array.from({ length: 9 }, () => pace.next([5]));
        expect(waits[8]).toBe(4000);
        expect(waits.every((wait, i) => i === 0 || wait >= (waits[i - 1] ?? 0))).toBe(true);
        expect(pace.failed()).toBe(8000);
        pace.wake();
        expect(pace.next([7])).toBe(400);
    });
});

describe('what the API says', () => {
    it('is read with care', () => {
        for (const value of [null, 3, [], {}, { export: 7, progress: 900, gaps: 'x' }]) {
            expect(parseReplay(value).export.state).toBe('none');
            expect(parseClip(value).progress).toBeLessThanOrEqual(100);
        }
        expect(parseReplay({ export: { state: 'running', progress: 40 } }).export.progress).toBe(40);
        expect(parseLive({ channel: 'a/b', recording: { state: 'running', id: 'r' } }).recording)
            .toEqual({ state: 'running', id: 'r', trouble: '' });
        expect(parseLive({}).recording).toEqual({ state: 'off', id: null, trouble: '' });
    });

    it('is told in plain words when it is no', async () => {
        const refuse = async (status: number, body: string, headers = {}): Promise<ApiError> =>
            errorOf(new Response(body, { status, headers }));
        const full = await refuse(429, '{"error":{"code":"queue_full","message":"64 wait"}}',
            { 'retry-after': '5' });
        expect(errorText(full)).toContain('5 s');
        expect(errorText(await refuse(429, 'busy'))).toContain('Too many clips');
        expect(errorText(await refuse(400, '{"error":{"code":"bad_range","message":"m"}}')))
            .toBe('The end must come after the beginning.');
        expect(errorText(await refuse(400, '{"error":{"code":"brand_new","message":"do this"}}')))
            .toContain('do this');
        expect(errorText(await refuse(502, '<html>'))).toContain('502');
        expect(errorText(new ApiError(0, 'unreachable', 'x'))).toContain('does not answer');
        expect(errorText('boom')).toContain('boom');
        expect(isUnauthorized(await refuse(401, '{}'))).toBe(true);
        expect(isUnauthorized(full)).toBe(false);
    });

    it('never has the token in an address', async () => {
        const seen: { path: string; init: RequestInit }[] = [];
        vi.stubGlobal('fetch', (path: string, init: RequestInit) => {
            seen.push({ path, init });
            return Promise.resolve(new Response('{"replays":[{"id":"a"}],"cursor":"c"}'));
        });
        try {
            const api = new AdminApi('secret');
            const page = await api.replays(5, 'x y', 'live/hq');
            expect(page.cursor).toBe('c');
            expect(page.items[0]?.id).toBe('a');
            expect(seen[0]?.path).toBe('/api/v1/replays?limit=5&cursor=x+y&channel=live%2Fhq');
            expect((seen[0]?.init.headers as Record<string, string>).authorization).toBe('Bearer secret');
            await api.cut('r/1', { from: 1, to: 2, title: 't', precision: 'frame' });
            expect(seen[1]?.path).toBe('/api/v1/replays/r%2F1/clips');
            expect(seen[1]?.init.body).toBe('{"from":1,"to":2,"title":"t","precision":"frame"}');
        } finally {
            vi.unstubAllGlobals();
        }
    });
});
