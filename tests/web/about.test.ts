// SPDX-License-Identifier: Apache-2.0
import { fromLocalInput, localInput, parsePush, parseRow, parseSchedule, scheduleBody }
    from '../../src/web/src/console/channels/model';
import { nextAsk_ms, parseAbout } from '../../src/web/src/watch/about';
import { countdownWords } from '../../src/web/src/watch/countdown';

const NOW_MS = Date.parse('2026-03-01T12:00:00Z');

describe('about.json', () => {
    it('is read with care', () => {
        const about = parseAbout({ state: 'lobby', title: '开业', starts_at: '2026-03-01T12:05:00.000Z',
            now: '2026-03-01T12:00:02.000Z', replay_url: null }, NOW_MS);
        expect(about).toEqual({ state: 'lobby', title: '开业', starts_ms: NOW_MS + 300_000,
            replay: null, ahead_ms: 2000 });
        for (const odd of [null, [], 'x', {}, { state: 'new', replay_url: 7, now: 'soon' }]) {
            expect(parseAbout(odd, NOW_MS)).toMatchObject({ state: 'offline', replay: null, ahead_ms: 0 });
        }
    });

    it('takes only a replay of this server', () => {
        const replay = (replay_url: string): string | null =>
            parseAbout({ state: 'ended', replay_url }, NOW_MS).replay;
        expect(replay('/watch/replay/20260301-120000-aa')).toBe('20260301-120000-aa');
        expect(replay('//evil/watch/replay/a')).toBeNull();
        expect(replay('/watch/replay/../../x')).toBeNull();
        expect(replay('javascript:alert(1)')).toBeNull();
    });

    it('is asked for often only when something is about to happen', () => {
        const about = (state: string, starts_at: string | null = null): ReturnType<typeof parseAbout> =>
            parseAbout({ state, starts_at }, NOW_MS);
        expect(nextAsk_ms(about('lobby', '2026-03-01T12:00:10Z'), NOW_MS, true)).toBe(1000);
        expect(nextAsk_ms(about('lobby', '2026-03-01T13:00:00Z'), NOW_MS, false)).toBe(5000);
        expect(nextAsk_ms(about('live'), NOW_MS, false)).toBe(8000);
        expect(nextAsk_ms(about('ended'), NOW_MS, false)).toBe(3000);
        expect(nextAsk_ms(null, NOW_MS, true)).toBe(24_000);
    });
});

describe('the countdown', () => {
    it('speaks in two units', () => {
        expect(countdownWords(2 * 86_400_000 + 3_600_000)).toEqual({ key: 'lobby.in_days', params: { d: 2, h: 1 } });
        expect(countdownWords(3_600_000)).toEqual({ key: 'lobby.in_hours', params: { h: 1, m: 0 } });
        expect(countdownWords(61_000)).toEqual({ key: 'lobby.in_minutes', params: { m: 1, s: 1 } });
        expect(countdownWords(500)).toEqual({ key: 'lobby.in_seconds', params: { s: 1 } });
        expect(countdownWords(0).key).toBe('lobby.now');
        expect(countdownWords(-5000).key).toBe('lobby.now');
    });
});

describe('the console’s channels', () => {
    it('are read with care', () => {
        const row = parseRow({ channel: 'store/0571', state: 'live', viewers: 3, open: false,
            source: { mode: 'manual', on_air: 1, program: 'live/hq', list: [
                { index: 0, kind: 'publisher', name: 'publisher', state: 'down', error: 'gone' },
                { index: 1, kind: 'channel', name: 'channel:live/hq', state: 'on_air' }, 7] },
            schedule: { starts_at: '2026-03-01T12:00:00Z', record: true, phase: 'lobby' } });
        expect(row).toMatchObject({ open: false, manual: true, on_air: 1, program: 'live/hq' });
        expect(row.sources.map(({ state }) => state)).toEqual(['down', 'on_air']);
        expect(row.schedule).toMatchObject({ record: true, phase: 'lobby', ends_ms: null });
        expect(parseRow({})).toMatchObject({ open: true, manual: false, on_air: -1, sources: [], schedule: null });
        expect(parsePush({ id: 3, url: 'rtmp://a/b', direction: 'push' })).toMatchObject({ id: '3', name: 'rtmp://a/b' });
    });

    it('schedules travel as the server has them', () => {
        const schedule = parseSchedule({ starts_at: '2026-03-01T12:00:00.000Z', ends_at: null, title: 'x' });
        expect(schedule).not.toBeNull();
        expect(scheduleBody(schedule!)).toEqual({ starts_at: '2026-03-01T12:00:00.000Z', ends_at: null,
            keys_from: null, record: null, title: 'x' });
    });

    it('times go through an input and back', () => {
        expect(fromLocalInput(localInput(NOW_MS))).toBe(NOW_MS);
        expect(localInput(NOW_MS)).toMatch(/^2026-03-0\dT\d\d:00$/);
        expect(localInput(null)).toBe('');
        expect(fromLocalInput('')).toBeNull();
        expect(fromLocalInput('soon')).toBeNull();
    });
});
