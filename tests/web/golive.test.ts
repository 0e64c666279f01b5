// SPDX-License-Identifier: Apache-2.0
import { Backoff } from '../../src/web/src/backoff';
import { sayingOf } from '../../src/web/src/golive/desk';
import { HealthJudge, momentaryHealth, type Outbound, readOutbound } from '../../src/web/src/golive/health';
import { type Numbers, Publisher, type PublishState } from '../../src/web/src/golive/publisher';
import { adjusted, byPreference, cameraConstraints, encodings, qualityOf } from '../../src/web/src/golive/quality';
import { level } from '../../src/web/src/golive/sound';
import type { Studio } from '../../src/web/src/golive/studio';
import { afterRefusal, deviceTrouble, trouble, type Trouble } from '../../src/web/src/golive/trouble';
import { Refusal } from '../../src/web/src/rtc/resource';
import { accepted, type Asked, FakeConnection, fakeServer, FakeTrack, refused, restoreBrowser,
    stubBrowser } from './fake_rtc';

const pass = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);

describe('Publisher', () => {
    beforeEach(() => void stubBrowser());
    afterEach(restoreBrowser);

    const camera = new FakeTrack('video');
    const microphone = new FakeTrack('audio');

    interface Seen {
        publisher: Publisher;
        states: [PublishState, string | undefined][];
        numbers: Numbers[];
    }

    function publish(simulcast = false): Seen {
        const seen: Seen = { states: [], numbers: [] } as unknown as Seen;
        seen.publisher = new Publisher({
            onState: (state, problem: Trouble | null) => seen.states.push([state, problem?.key]),
            onNumbers: (numbers) => seen.numbers.push(numbers),
        }, new Backoff(500, 4000, 2, () => 0.5));
        seen.publisher.start({ url: 'http://h/live/hq/whip', key: 'k', simulcast,
            tracks: [camera, microphone] as unknown as MediaStreamTrack[], quality: qualityOf('720p') });
        return seen;
    }

    const methods = (asked: Asked[]): string[] => asked.map(({ method }) => method);

    it('goes on the air with the key, and ends with a goodbye', async () => {
        const asked = fakeServer(accepted());
        const { publisher, states } = publish();
        await pass(1);
        const pc = FakeConnection.last;
        expect(pc.transceivers.map(({ init }) => init.direction)).toEqual(['sendonly', 'sendonly']);
        expect(pc.transceivers[0]?.init.sendEncodings).toEqual([{ maxBitrate: 2_500_000, maxFramerate: 30 }]);
        expect(pc.remote).toContain('packetization-mode=1;x-google-start-bitrate=1500');
        expect(pc.transceivers[0]?.sender.parameters).toMatchObject({ degradationPreference: 'maintain-resolution' });
        pc.become('connected');
        expect(states).toEqual([['connecting', undefined], ['live', undefined]]);
        publisher.stop();
        expect(asked.map(({ method, key }) => [method, key])).toEqual([['POST', 'Bearer k'], ['DELETE', 'Bearer k']]);
        // Closed earlier, it would be a broken line for the server.
        expect(pc.closed).toBe(false);
        await pass(1);
        expect(pc.closed).toBe(true);
        await pass(60_000);
        expect(states[2]).toEqual(['idle', undefined]);
        expect(asked).toHaveLength(2);
    });

    it('reports what is sent, once a second', async () => {
        fakeServer(accepted());
        const { numbers } = publish();
        await pass(1);
        FakeConnection.last.become('connected');
        for (let second = 1; second <= 5; second++) {
            FakeConnection.last.stats = { v: { id: 'v', type: 'outbound-rtp', kind: 'video',
                bytesSent: 125_000 * second, frameHeight: 720, frameWidth: 1280 } };
            await pass(1000);
        }
        expect(numbers.length).toBeGreaterThanOrEqual(5);
        expect(numbers[numbers.length - 1]).toMatchObject({ kbps: 1000, wanted_kbps: 2500, health: 'good' });
    });

    it('comes back without a goodbye when the line breaks', async () => {
        const asked = fakeServer(accepted());
        const { publisher, states } = publish();
        await pass(1);
        const first = FakeConnection.last;
        first.become('connected');
        first.become('disconnected');
        await pass(2000);
        expect(states[states.length - 1]?.[0]).toBe('live');
        await pass(1100);
        expect(states[states.length - 1]).toEqual(['reconnecting', undefined]);
        expect(first.closed).toBe(true);
        await pass(501);
        FakeConnection.last.become('connected');
        expect(states[states.length - 1]?.[0]).toBe('live');
        expect(methods(asked)).toEqual(['POST', 'POST']);
        publisher.stop();
    });

    it('stays when the line is back in time', async () => {
        fakeServer(accepted());
        const { states } = publish();
        await pass(1);
        FakeConnection.last.become('connected');
        FakeConnection.last.become('disconnected');
        await pass(2500);
        FakeConnection.last.become('connected');
        await pass(10_000);
        expect(states.map(([state]) => state)).toEqual(['connecting', 'live']);
    });

    it('waits longer each time nothing answers', async () => {
        const asked = fakeServer(() => Promise.reject(new Error('no route')));
        const { states } = publish();
        await pass(1);
        expect(states[states.length - 1]).toEqual(['reconnecting', 'golive.error.unreachable']);
        await pass(500 + 1000 + 2000 + 10);
        expect(asked).toHaveLength(4);
        await pass(3900);
        expect(asked).toHaveLength(4);
    });

    it('says that media is blocked when nothing connects', async () => {
        fakeServer(accepted());
        const { states } = publish();
        await pass(10_001);
        expect(states[states.length - 1]).toEqual(['reconnecting', 'golive.error.blocked']);
    });

    it('honours Retry-After', async () => {
        const asked = fakeServer(refused(503, 'draining', { 'Retry-After': '7' }), accepted());
        publish();
        await pass(6900);
        expect(asked).toHaveLength(1);
        await pass(200);
        expect(asked).toHaveLength(2);
    });

    it('stops at a wrong key', async () => {
        const asked = fakeServer(refused(401, 'unauthorized'));
        const { publisher, states } = publish();
        await pass(60_000);
        expect(states[states.length - 1]).toEqual(['refused', 'golive.error.key']);
        expect([methods(asked), publisher.isRunning]).toEqual([['POST'], false]);
    });

    it('insists on a channel that was its own a moment ago', async () => {
        const asked = fakeServer(accepted(), refused(409, 'busy'), refused(409, 'busy'), accepted());
        const { states } = publish();
        await pass(1);
        FakeConnection.last.become('connected');
        await pass(1500);
        FakeConnection.last.become('failed');
        await pass(500 + 1000 + 2000 + 10);
        FakeConnection.last.become('connected');
        expect(states[states.length - 1]?.[0]).toBe('live');
        expect(asked).toHaveLength(4);
    });

    it('ends what the server accepted without any of the media', async () => {
        const asked = fakeServer(accepted('v=0\r\nm=video 0 UDP/TLS/RTP/SAVPF 102\r\n'));
        const { states } = publish();
        await pass(1);
        expect(states[states.length - 1]).toEqual(['refused', 'golive.error.codec']);
        expect(methods(asked)).toEqual(['POST', 'DELETE']);
    });

    it('follows the goodbye of a server that restarts', async () => {
        fakeServer(accepted());
        const { states } = publish();
        await pass(1);
        FakeConnection.last.become('connected');
        const { transport } = FakeConnection.last.transceivers[0]?.sender ?? {};
        Object.assign(transport ?? {}, { state: 'closed' });
        transport?.emit('statechange');
        expect(states[states.length - 1]?.[0]).toBe('reconnecting');
    });

    it('takes another camera and another quality without a new connection', async () => {
        const asked = fakeServer(accepted());
        const { publisher } = publish(true);
        await pass(1);
        FakeConnection.last.become('connected');
        const back = new FakeTrack('video', 'back');
        publisher.replaceTrack(back as unknown as MediaStreamTrack);
        publisher.setQuality(qualityOf('360p'));
        await pass(1);
        const [video, audio] = FakeConnection.last.getSenders();
        expect([video?.track, audio?.track]).toEqual([back, microphone]);
        expect(video?.parameters.encodings[0]?.maxBitrate).toBe(800_000);
        expect(FakeConnection.last.transceivers[0]?.init.sendEncodings).toHaveLength(3);
        expect(methods(asked)).toEqual(['POST']);
        FakeConnection.last.become('failed');
        await pass(600);
        expect(FakeConnection.last.transceivers.map(({ sender }) => sender.track)).toEqual([microphone, back]);
    });
});

describe('qualities', () => {
    it('are found by name', () => {
        expect(qualityOf('540p')).toMatchObject({ width: 960, height: 540 });
        expect(qualityOf(null).name).toBe('720p');
        expect(qualityOf('9000p').name).toBe('720p');
    });

    it('ask for a device, or else for a direction', () => {
        expect(cameraConstraints(qualityOf('720p'), '', 'environment'))
            .toMatchObject({ facingMode: { ideal: 'environment' }, width: { ideal: 1280 } });
        expect(cameraConstraints(qualityOf('720p'), 'x', 'user')).toMatchObject({ deviceId: { exact: 'x' } });
    });

    it('become layers, the smallest first', () => {
        const layers = encodings(qualityOf('720p'), true);
        expect(layers.map(({ rid, scaleResolutionDownBy: by }) => [rid, by]))
            .toEqual([['q', 4], ['h', 2], ['f', 1]]);
        expect(layers[2]?.maxBitrate).toBe(2_500_000);
    });

    it('change a sender without touching the rest', () => {
        const before = { transactionId: 't', encodings: [{ active: true, maxBitrate: 1 }] };
        expect(adjusted(before as unknown as RTCRtpSendParameters, qualityOf('540p')))
            .toMatchObject({ transactionId: 't', encodings: [{ active: true, maxBitrate: 1_500_000 }] });
    });

    it('prefer H.264, then VP8, and keep all others in order', () => {
        const codecs = ['video/VP8', 'video/rtx', 'video/H264', 'video/AV1', 'video/H264'];
        expect(byPreference(codecs.map((mimeType) => ({ mimeType }))).map(({ mimeType }) => mimeType))
            .toEqual(['video/H264', 'video/H264', 'video/VP8', 'video/rtx', 'video/AV1']);
    });
});

describe('troubles', () => {
    const named = (name: string): Error => Object.assign(new Error(name), { name });

    it('of devices', () => {
        expect(deviceTrouble(named('NotAllowedError'), false)?.key).toBe('golive.error.denied');
        expect(deviceTrouble(named('NotAllowedError'), true)).toBeNull();
        expect(deviceTrouble(named('NotFoundError'), false)?.key).toBe('golive.error.no_device');
        expect(deviceTrouble(named('NotReadableError'), false)?.key).toBe('golive.error.busy_device');
        expect(deviceTrouble('odd', false)).toEqual(trouble('golive.error.device', { detail: 'odd' }));
    });

    it.each([
        [0, null, 'retry', 'unreachable'], [401, null, 'refuse', 'key'], [403, 5, 'refuse', 'key'],
        [404, null, 'refuse', 'no_whip'], [406, null, 'refuse', 'codec'],
        [409, null, 'refuse', 'busy'], [409, 29_000, 'retry', 'busy'], [409, 31_000, 'refuse', 'busy'],
        [429, null, 'retry', 'server'], [400, null, 'refuse', 'refused'],
        [500, null, 'retry', 'server'], [503, null, 'retry', 'server'],
    ] as const)('%i, last live %s ms ago: %s', (status, lost_for_ms, action, key) => {
        expect(afterRefusal(new Refusal(status, 'c', 'm'), lost_for_ms))
            .toMatchObject({ action, trouble: { key: `golive.error.${key}` } });
    });
});

describe('a server that wants a key', () => {
    it('is told from a key that is wrong', () => {
        expect(afterRefusal(new Refusal(401, 'no_key', ''), null).trouble.key).toBe('golive.error.no_key');
    });
});

describe('health of the line', () => {
    const good: Outbound = { at_ms: 0, bytes: 0, frames: 0, fps: 30, width: 1280, height: 720,
        limited_by: 'none', lost_percent: 0, rtt_ms: 30, codec: 'video/H264', transport: 'udp' };

    it('is weak with loss, delay, or too few bits', () => {
        expect(momentaryHealth(good, 200, 2500)).toBe('good');
        expect(momentaryHealth({ ...good, lost_percent: 6 }, 2500, 2500)).toBe('weak');
        expect(momentaryHealth({ ...good, rtt_ms: 700 }, 2500, 2500)).toBe('weak');
        expect(momentaryHealth({ ...good, limited_by: 'bandwidth' }, 900, 2500)).toBe('weak');
        expect(momentaryHealth({ ...good, limited_by: 'bandwidth' }, 2400, 2500)).toBe('good');
        expect(momentaryHealth({ ...good, limited_by: 'cpu' }, 2400, 2500)).toBe('cpu');
    });

    it('does not flicker', () => {
        const judge = new HealthJudge(0);
        const at = (at_ms: number, lost_percent: number): string =>
            judge.feed({ ...good, at_ms, lost_percent }, 2500, 2500);
        expect([at(5000, 50), at(8000, 9), at(10_000, 9)]).toEqual(['good', 'good', 'good']);
        expect(at(11_000, 9)).toBe('weak');
        expect([at(12_000, 0), at(14_000, 9), at(15_000, 0), at(18_000, 0)])
            .toEqual(['weak', 'weak', 'weak', 'weak']);
        expect(at(19_000, 0)).toBe('good');
    });

    it('is read from a report, of the largest layer', () => {
        const list = [
            { id: 'q', type: 'outbound-rtp', kind: 'video', bytesSent: 10, frameHeight: 180, frameWidth: 320 },
            { id: 'f', type: 'outbound-rtp', kind: 'video', bytesSent: 100, frameHeight: 720, frameWidth: 1280,
                framesPerSecond: 29, qualityLimitationReason: 'bandwidth', codecId: 'C' },
            { id: 'a', type: 'outbound-rtp', kind: 'audio', bytesSent: 1 },
            { id: 'r', type: 'remote-inbound-rtp', kind: 'video', fractionLost: 0.07 },
            { id: 'p', type: 'candidate-pair', nominated: true, currentRoundTripTime: 0.05, localCandidateId: 'L' },
            { id: 'L', type: 'local-candidate', protocol: 'tcp' },
            { id: 'C', type: 'codec', mimeType: 'video/H264' },
        ];
        const report = list.map((entry): [string, unknown] => [entry.id, entry]);
        expect(readOutbound(report, 5)).toMatchObject({ bytes: 111, width: 1280, height: 720, fps: 29,
            limited_by: 'bandwidth', lost_percent: expect.closeTo(7), rtt_ms: 50, transport: 'tcp',
            codec: 'video/H264' });
    });

    it('has the round trip of the pair that is in use', () => {
        const pair = (id: string, rtt_s: number, local: string): [string, unknown] => [id,
            { id, type: 'candidate-pair', nominated: true, currentRoundTripTime: rtt_s, localCandidateId: local }];
        const report: [string, unknown][] = [pair('P1', 0.01, 'L1'), pair('P2', 0.2, 'L2'), pair('P3', 0.3, 'L2'),
            ['T', { id: 'T', type: 'transport', selectedCandidatePairId: 'P1' }],
            ['L1', { id: 'L1', type: 'local-candidate', protocol: 'udp' }],
            ['L2', { id: 'L2', type: 'local-candidate', protocol: 'tcp' }]];
        expect(readOutbound(report, 5)).toMatchObject({ rtt_ms: 10, transport: 'udp' });
    });
});

describe('level', () => {
    it('is nothing for silence and everything for the loudest', () => {
        expect(level(new Uint8Array(0))).toBe(0);
        expect(level(new Uint8Array(64).fill(128))).toBe(0);
        expect(level(Uint8Array.from({ length: 64 }, (_, i) => (i % 2 ? 255 : 0)))).toBeCloseTo(1, 2);
        const half = level(Uint8Array.from({ length: 64 }, (_, i) => (i % 2 ? 132 : 124)));
        expect(half).toBeCloseTo(0.5, 1);
    });
});

describe('what the page says', () => {
    const base = { state: 'idle', capture: 'open', trouble: null, device_trouble: null, numbers: null,
        live_since_ms: null };
    const say = (more: object): ReturnType<typeof sayingOf> =>
        sayingOf({ ...base, ...more } as unknown as Studio);

    it('has a sentence for every state', () => {
        expect(say({})).toMatchObject({ tone: 'calm', text: 'Ready. Nobody sees you yet.' });
        expect(say({ capture: 'closed' }).text).toBe('The camera is off.');
        expect(say({ state: 'connecting' }).tone).toBe('calm');
        expect(say({ state: 'live' })).toMatchObject({ tone: 'good', text: 'You are live.' });
        expect(say({ state: 'reconnecting', live_since_ms: 1 }).hint).toContain('Stay on this page');
        expect(say({ state: 'reconnecting', trouble: trouble('golive.error.unreachable') }))
            .toMatchObject({ tone: 'warn', text: 'Trying again…', hint: expect.stringContaining('does not answer') });
        expect(say({ state: 'refused', trouble: trouble('golive.error.busy') }))
            .toMatchObject({ tone: 'bad', hint: 'Somebody else is live on this channel.' });
    });

    it('warns of a codec that few can watch', () => {
        const numbers = { health: 'good', kbps: 2400, codec: 'video/VP8', width: 1280, height: 720, fps: 30,
            rtt_ms: null };
        expect(say({ state: 'live', numbers })).toMatchObject({ tone: 'warn', hint: expect.stringContaining('VP8') });
        expect(say({ state: 'live', numbers: { ...numbers, codec: 'video/H264' } }))
            .toMatchObject({ tone: 'good', hint: '2.40 Mbit/s · 720p30 · H.264' });
    });

    it('puts numbers to a weak network', () => {
        const numbers = { health: 'weak', kbps: 640, wanted_kbps: 2500, lost_percent: 8.2, rtt_ms: 90, fps: 11 };
        expect(say({ state: 'live', numbers }).hint).toBe('640 kbit/s of 2.50 Mbit/s get through, 8 % are lost. '
            + 'Move closer to the Wi-Fi, or choose a lower quality.');
        expect(say({ state: 'live', numbers: { ...numbers, health: 'cpu' } }).hint).toContain('Only 11 pictures');
    });
});
