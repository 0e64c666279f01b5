// SPDX-License-Identifier: Apache-2.0
import type { FailureKind, Reason } from '../../src/web/src/player/player';
import { kindOf, WhepPlayer } from '../../src/web/src/player/whep';
import { Refusal } from '../../src/web/src/rtc/resource';
import { accepted, ANSWER, FakeConnection, type FakeStream, FakeTarget, fakeServer, refused,
    restoreBrowser, stubBrowser } from './fake_rtc';

interface Seen {
    player: WhepPlayer;
    video: FakeTarget & { srcObject: FakeStream | null };
    failures: [FailureKind, Reason | undefined][];
    ends: number;
}

function watch(sound_only = false): Seen {
    const video = Object.assign(new FakeTarget(), { srcObject: null, currentTime: 3 });
    const seen: Seen = { video, failures: [], ends: 0 } as unknown as Seen;
    seen.player = new WhepPlayer({
        video: video as unknown as HTMLVideoElement,
        url: 'http://h/live/hq/whep',
        cues_url: 'http://h/live/hq/cues',
        sound_only,
        height: null, behind_s: 0,
        events: {
            onFailed: (kind, _detail, reason) => seen.failures.push([kind, reason]),
            onEnded: () => { seen.ends++; },
            onMessage: () => undefined,
            onCue: () => undefined,
        },
    });
    return seen;
}

const kinds = ({ failures }: Seen): FailureKind[] => failures.map(([kind]) => kind);
const pass = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);

function showPicture(frames = 1): void {
    FakeConnection.last.stats = { v: { id: 'v', type: 'inbound-rtp', kind: 'video',
        bytesReceived: 5000 * frames, packetsReceived: 5 * frames, framesDecoded: frames } };
}

describe('WhepPlayer', () => {
    let page = new FakeTarget();

    beforeEach(() => { page = stubBrowser(); });
    afterEach(restoreBrowser);

    it('offers to receive at once, in stereo, and plays what comes', async () => {
        const asked = fakeServer(accepted());
        const seen = watch();
        await pass(1);
        const pc = FakeConnection.last;
        expect(pc.transceivers.map(({ init, receiver }) => [receiver.track.kind, init.direction]))
            .toEqual([['video', 'recvonly'], ['audio', 'recvonly']]);
        expect(pc.transceivers.every(({ receiver }) => receiver.jitterBufferTarget === 0)).toBe(true);
        expect(pc.localDescription?.sdp).toContain('stereo=1');
        expect(asked).toEqual([{ method: 'POST', url: 'http://h/live/hq/whep', key: undefined }]);
        expect(pc.remote).toBe(ANSWER);
        expect(seen.video.srcObject?.tracks).toHaveLength(2);
        pc.become('connected');
        showPicture();
        await pass(60_000);
        expect(seen.failures).toEqual([]);
        expect(seen.player.line().first_frame_ms).toBeLessThan(300);
    });

    it('says within two and a half seconds that nothing comes through', async () => {
        fakeServer(accepted());
        const seen = watch();
        FakeConnection.last.become('checking');
        await pass(1900);
        expect(seen.failures).toEqual([]);
        await pass(600);
        expect(seen.failures[0]).toEqual(['no_media', { code: 'blocked', message: expect.any(String) }]);
    });

    it('does not wait longer for an answer either', async () => {
        vi.stubGlobal('fetch', (_url: string, { signal }: { signal: AbortSignal }) =>
            new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('')))));
        const seen = watch();
        await pass(2600);
        expect(kinds(seen)).toEqual(['no_media']);
    });

    it('bears a host who pauses', async () => {
        fakeServer(accepted());
        const seen = watch();
        await pass(1);
        FakeConnection.last.become('connected');
        showPicture(20);
        await pass(120_000);
        expect(seen.failures).toEqual([]);
    });

    it('moves with its pictures, not with the clock', async () => {
        fakeServer(accepted());
        const seen = watch();
        await pass(1);
        let shown = 0;
        Object.assign(seen.video, { getVideoPlaybackQuality: () => ({ totalVideoFrames: shown }) });
        const steps: number[] = [];
        const play = async (frames: number, counted: number, fps: number, bytes: number): Promise<void> => {
            shown = counted;
            FakeConnection.last.stats = { v: { id: 'v', type: 'inbound-rtp', kind: 'video',
                bytesReceived: bytes, packetsReceived: 9, framesDecoded: frames, framesPerSecond: fps } };
            await pass(1100);
            steps.push(seen.player.position());
        };
        await play(25, 25, 25, 1000);
        await play(50, 50, 25, 2000);
        expect(steps).toEqual([25, 50]);
        await play(50, 50, 0, 2000);
        await play(50, 50, 0, 2000);
        expect(steps.slice(2)).toEqual([50, 50]);
        await play(51, 51, 1, 3000);
        const again = seen.player.position();
        expect(again).toBeGreaterThan(50);
        await play(51, 51, 1, 4000);
        expect(seen.player.position()).toBeGreaterThan(again);
    });

    it('notices a connection that broke, after three seconds or at once', async () => {
        fakeServer(accepted());
        const seen = watch();
        await pass(1);
        FakeConnection.last.become('connected');
        showPicture();
        await pass(2000);
        FakeConnection.last.become('disconnected');
        await pass(2500);
        expect(seen.failures).toEqual([]);
        await pass(1600);
        expect(kinds(seen)[0]).toBe('network');
        const second = watch();
        await pass(1);
        FakeConnection.last.become('connected');
        showPicture();
        await pass(500);
        FakeConnection.last.become('failed');
        await pass(1);
        expect(kinds(second)[0]).toBe('network');
    });

    it('takes the goodbye of the server for an end', async () => {
        fakeServer(accepted());
        const seen = watch();
        await pass(1);
        const transport = FakeConnection.last.transceivers[0]?.receiver.transport;
        Object.assign(transport ?? {}, { state: 'closed' });
        transport?.emit('statechange');
        expect(seen.ends).toBe(1);
    });

    it('hands on why the server refused', async () => {
        fakeServer(refused(406, 'b_frames'));
        const seen = watch();
        await pass(1);
        expect(seen.failures).toEqual([['refused', { code: 'b_frames', message: 'about b_frames' }]]);
    });

    it('asks for the sound alone, and is content with it', async () => {
        fakeServer(accepted('v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\n'));
        const seen = watch(true);
        await pass(1);
        FakeConnection.last.become('connected');
        FakeConnection.last.stats = { a: { id: 'a', type: 'inbound-rtp', kind: 'audio',
            bytesReceived: 900, packetsReceived: 9 } };
        expect(FakeConnection.last.transceivers).toHaveLength(1);
        await pass(10_000);
        expect(seen.failures).toEqual([]);
    });

    it('ends its session and is silent afterwards', async () => {
        const asked = fakeServer(accepted());
        const seen = watch();
        await pass(1);
        seen.player.destroy();
        FakeConnection.last.become('failed');
        await pass(10_000);
        expect(asked.map(({ method }) => method)).toEqual(['POST', 'DELETE']);
        expect(asked[1]?.url).toMatch(/^http:\/\/h\/live\/hq\/session\//);
        expect([seen.failures, FakeConnection.last.closed, seen.video.srcObject]).toEqual([[], true, null]);
        expect([page.count, seen.video.count]).toEqual([0, 0]);
    });

    it('ends a session that came too late', async () => {
        let answer = (_response: Response): void => undefined;
        const asked = fakeServer(() => new Promise<Response>((resolve) => { answer = resolve; }));
        const seen = watch();
        await pass(1);
        seen.player.destroy();
        answer(accepted()());
        await pass(1);
        expect(asked.map(({ method }) => method)).toEqual(['POST', 'DELETE']);
    });

    it('ends its session when the page is left, once', async () => {
        const asked = fakeServer(accepted());
        const seen = watch();
        await pass(1);
        page.emit('pagehide');
        seen.player.destroy();
        expect(asked.map(({ method }) => method)).toEqual(['POST', 'DELETE']);
    });

    it('starts anew when the page comes back from the cache', async () => {
        fakeServer(accepted());
        const seen = watch();
        await pass(1);
        page.emit('pageshow', { persisted: false });
        expect(seen.failures).toEqual([]);
        page.emit('pageshow', { persisted: true });
        expect(kinds(seen)).toEqual(['network']);
    });
});

describe('answers of a WHEP endpoint', () => {
    it.each([
        [0, '', 'no_media'], [401, '', 'forbidden'], [403, '', 'forbidden'],
        [404, '', 'refused'], [404, 'not_live', 'not_found'], [405, '', 'refused'],
        [406, 'b_frames', 'refused'], [409, 'not_live', 'not_found'], [500, '', 'network'],
        [503, 'full', 'network'], [429, '', 'network'], [422, '', 'refused'],
    ] as const)('%i %s is %s', (status, code, kind) => {
        expect(kindOf(new Refusal(status, code, ''))).toBe(kind);
    });
});
