// SPDX-License-Identifier: Apache-2.0
import { type Inbound, readInbound, Recent } from '../../src/web/src/rtc/inbound';
import { parseMessage, SideChannel } from '../../src/web/src/rtc/messages';
import { endResource, postOffer, Refusal } from '../../src/web/src/rtc/resource';
import { acceptedKinds, startAt, wantStereo } from '../../src/web/src/rtc/sdp';
import { parseLinks } from '../../src/web/src/rtc/servers';
import { type Sight, Watchdog } from '../../src/web/src/rtc/watchdog';

const OFFER = [
    'v=0', 'o=- 1 2 IN IP4 127.0.0.1', 's=-', 't=0 0',
    'm=audio 9 UDP/TLS/RTP/SAVPF 111 63 0',
    'a=rtpmap:111 opus/48000/2', 'a=fmtp:111 minptime=10;useinbandfec=1',
    'a=rtpmap:63 red/48000/2', 'a=fmtp:63 111/111',
    'm=video 9 UDP/TLS/RTP/SAVPF 102 96',
    'a=rtpmap:102 H264/90000', 'a=fmtp:102 packetization-mode=1;profile-level-id=42e01f',
    'a=rtpmap:96 VP8/90000', '',
].join('\r\n');

describe('session descriptions', () => {
    it('asks for stereo', () => {
        const lines = wantStereo(OFFER).split('\r\n');
        expect(lines).toContain('a=fmtp:111 minptime=10;useinbandfec=1;stereo=1');
        expect(lines.length).toBe(OFFER.split('\r\n').length);
    });

    it('does so once, and where Opus had no parameters', () => {
        expect(wantStereo(wantStereo(OFFER))).toBe(wantStereo(OFFER));
        const bare = OFFER.replace('a=fmtp:111 minptime=10;useinbandfec=1\r\n', '');
        expect(wantStereo(bare)).toContain('a=rtpmap:111 opus/48000/2\r\na=fmtp:111 stereo=1\r\n');
        expect(wantStereo(OFFER.replace('useinbandfec=1', 'stereo=0'))).not.toContain('stereo=1');
    });

    it('leaves alone what has no Opus', () => {
        const video = OFFER.replace(/opus/g, 'PCMU');
        expect(wantStereo(video)).toBe(video);
        expect(wantStereo('')).toBe('');
    });

    it('starts every picture codec at a rate', () => {
        const answer = startAt(OFFER, 1499.6);
        expect(answer).toContain('profile-level-id=42e01f;x-google-start-bitrate=1500\r\n');
        expect(answer).toContain('a=rtpmap:96 VP8/90000\r\na=fmtp:96 x-google-start-bitrate=1500\r\n');
        expect(answer).not.toMatch(/fmtp:111.*google/);
    });

    it('tells what was accepted', () => {
        expect(acceptedKinds(OFFER)).toEqual(['audio', 'video']);
        expect(acceptedKinds(OFFER.replace('m=video 9', 'm=video 0'))).toEqual(['audio']);
        expect(acceptedKinds(`${OFFER}a=inactive\r\n`)).toEqual(['audio']);
        expect(acceptedKinds('')).toEqual([]);
    });
});

describe('Link headers', () => {
    it('name STUN and TURN servers', () => {
        expect(parseLinks('<stun:a:3478>; rel="ice-server", <turn:b?transport=udp>; rel="ice-server"; '
            + 'username="u,1"; credential="c\\"d;"; credential-type="password"')).toEqual([
            { urls: 'stun:a:3478' },
            { urls: 'turn:b?transport=udp', username: 'u,1', credential: 'c"d;' },
        ]);
        expect(parseLinks('<turns:b>;rel=ice-server;username=u;credential=c'))
            .toEqual([{ urls: 'turns:b', username: 'u', credential: 'c' }]);
    });

    it('may say something else, or nothing', () => {
        expect(parseLinks(null)).toEqual([]);
        expect(parseLinks('<https://a/>; rel="next", <javascript:1>; rel="ice-server", <')).toEqual([]);
        expect(parseLinks('<stun:a>; rel=ice-server,'.repeat(99))).toHaveLength(8);
    });
});

describe('Watchdog', () => {
    const up: Sight = { connection: 'connected', ice: 'connected', bytes: 9000, shown: true };
    const blocked: Sight = { connection: 'connecting', ice: 'checking', bytes: 0, shown: false };

    it('waits for the answer before it counts', () => {
        expect(new Watchdog().look(90_000, blocked)).toBe('fine');
    });

    it('says within two seconds that nothing comes', () => {
        const dog = new Watchdog();
        dog.start(1000);
        expect(dog.look(2999, blocked)).toBe('fine');
        expect(dog.look(3000, blocked)).toBe('no_media');
    });

    it('also when the connection stands but stays silent', () => {
        const dog = new Watchdog();
        dog.start(0);
        expect(dog.look(2000, { ...up, bytes: 0, shown: false })).toBe('no_media');
    });

    it('gives a large first picture more time', () => {
        const dog = new Watchdog();
        dog.start(0);
        expect(dog.look(4900, { ...up, shown: false })).toBe('fine');
        expect(dog.look(5000, { ...up, shown: false })).toBe('no_media');
    });

    it('does not mind a silence later', () => {
        const dog = new Watchdog();
        dog.start(0);
        expect(dog.look(400, up)).toBe('fine');
        expect(dog.look(400_000, { ...up, shown: false })).toBe('fine');
    });

    it('forgives three seconds without a path', () => {
        const dog = new Watchdog();
        dog.start(0);
        dog.look(400, up);
        const away: Sight = { ...up, ice: 'disconnected' };
        expect(dog.look(10_000, away)).toBe('fine');
        expect(dog.look(13_000, away)).toBe('fine');
        expect(dog.look(13_100, up)).toBe('fine');
        expect(dog.look(14_000, away)).toBe('fine');
        expect(dog.look(17_001, away)).toBe('lost');
    });

    it('believes a failure at once', () => {
        const dog = new Watchdog();
        dog.start(0);
        expect(dog.look(100, { ...blocked, connection: 'failed' })).toBe('no_media');
        dog.look(200, up);
        expect(dog.look(300, { ...up, ice: 'failed' })).toBe('lost');
    });
});

describe('statistics', () => {
    const entries = (list: object[]): [string, unknown][] =>
        list.map((entry) => [(entry as { id: string }).id, entry]);
    const REPORT = entries([
        { id: 'A', type: 'inbound-rtp', kind: 'audio', bytesReceived: 500, packetsReceived: 50,
            packetsLost: 1, codecId: 'CA', jitterBufferDelay: 9, jitterBufferEmittedCount: 9600 },
        { id: 'V', type: 'inbound-rtp', kind: 'video', bytesReceived: 9000, packetsReceived: 90,
            packetsLost: -1, framesDecoded: 25, framesPerSecond: 24, freezeCount: 2,
            totalFreezesDuration: 0.5, codecId: 'CV', jitterBufferDelay: 1, jitterBufferEmittedCount: 20 },
        { id: 'CA', type: 'codec', mimeType: 'audio/opus' },
        { id: 'CV', type: 'codec', mimeType: 'video/H264' },
        { id: 'T', type: 'transport', selectedCandidatePairId: 'P2' },
        { id: 'P1', type: 'candidate-pair', nominated: true, state: 'succeeded', localCandidateId: 'L1' },
        { id: 'P2', type: 'candidate-pair', localCandidateId: 'L2', currentRoundTripTime: 0.0421 },
        { id: 'L1', type: 'local-candidate', protocol: 'udp' },
        { id: 'L2', type: 'local-candidate', protocol: 'tcp' },
    ]);

    it('are read from a report', () => {
        expect(readInbound(REPORT, 7)).toEqual({ at_ms: 7, bytes: 9500, received: 140, lost: 1,
            frames: 25, fps: 24, freezes: 2, freeze_ms: 500, waited_s: 1, emitted: 20, rtt_ms: 42,
            transport: 'tcp', codecs: ['video/H264', 'audio/opus'] });
    });

    it('do without a transport, and without anything', () => {
        const firefox = REPORT.filter(([id]) => id !== 'T');
        expect(readInbound(firefox, 0).transport).toBe('udp');
        expect(readInbound([], 0)).toMatchObject({ bytes: 0, rtt_ms: null, transport: '', fps: null });
    });

    it('become numbers of the last seconds', () => {
        const recent = new Recent(5000);
        const at = (at_ms: number, more: Partial<Inbound>): Inbound =>
            ({ ...readInbound([], at_ms), ...more });
        expect([recent.kbps(), recent.loss_percent(), recent.delay_s()]).toEqual([null, null, null]);
        recent.add(at(0, { bytes: 999_999, received: 5, lost: 500 }));
        recent.add(at(6000, { bytes: 1_000_000, received: 1000, lost: 500 }));
        recent.add(at(8000, { bytes: 1_250_000, received: 1095, lost: 505, waited_s: 2, emitted: 50,
            rtt_ms: 40 }));
        expect(recent.kbps()).toBe(1000);
        expect(recent.loss_percent()).toBe(5);
        expect(recent.delay_s()).toBeCloseTo(0.06);
        expect(recent.isFlowing()).toBe(true);
        recent.add(at(8200, { bytes: 1_250_000 }));
        expect(recent.isFlowing()).toBe(false);
    });
});

describe('messages', () => {
    it('are JSON objects with a type, nothing else', () => {
        expect(parseMessage('{"type":"text","text":"hi"}')).toEqual({ type: 'text', text: 'hi' });
        for (const bad of ['', '{', 'null', '7', '[]', '{"text":"hi"}', new ArrayBuffer(3),
            `{"type":"${'x'.repeat(70_000)}"}`]) {
            expect(parseMessage(bad)).toBeNull();
        }
    });

    it('make the page ping once they are used', () => {
        vi.useFakeTimers();
        const sent: string[] = [];
        let receive = (_event: { data: unknown }): void => undefined;
        const channel = { readyState: 'open', send: (data: string) => sent.push(data), close: vi.fn(),
            addEventListener: (_name: string, listener: typeof receive) => { receive = listener; } };
        const pc = { createDataChannel: vi.fn(() => channel) };
        const seen: unknown[] = [];
        const side = new SideChannel(pc as unknown as RTCPeerConnection, (m) => seen.push(m));
        expect(pc.createDataChannel).toHaveBeenCalledWith('branchcast');
        receive({ data: 'nonsense' });
        vi.advanceTimersByTime(20_000);
        expect(sent).toEqual([]);
        receive({ data: '{"type":"card"}' });
        receive({ data: '{"type":"card"}' });
        vi.advanceTimersByTime(10_000);
        expect(seen).toHaveLength(2);
        expect(sent.map((text) => (JSON.parse(text) as { type: string }).type)).toEqual(['ping', 'ping']);
        side.close();
        vi.advanceTimersByTime(10_000);
        expect(sent).toHaveLength(2);
        vi.useRealTimers();
    });
});

describe('WHEP and WHIP over HTTP', () => {
    afterEach(() => vi.unstubAllGlobals());

    const answerWith = (status: number, body: string, headers: Record<string, string> = {}):
        ReturnType<typeof vi.fn> => {
        const fetched = vi.fn(() => Promise.resolve(new Response(body, { status, headers })));
        vi.stubGlobal('fetch', fetched);
        return fetched;
    };

    it('posts the offer and finds the resource', async () => {
        const fetched = answerWith(201, 'v=0', { Location: '/live/hq/whep/x1' });
        const resource = await postOffer('http://h:1/live/hq/whep', 'offer', 'k e', 1000);
        expect(resource).toEqual({ answer: 'v=0', url: 'http://h:1/live/hq/whep/x1' });
        expect(fetched.mock.calls[0]?.[1]).toMatchObject({ method: 'POST', body: 'offer',
            headers: { 'Content-Type': 'application/sdp', Authorization: 'Bearer k e' } });
        endResource(resource, '');
        expect(fetched.mock.calls[1]).toEqual(['http://h:1/live/hq/whep/x1',
            { method: 'DELETE', headers: {}, keepalive: true }]);
        endResource(null, '');
        expect(fetched).toHaveBeenCalledTimes(2);
    });

    it('reads the reason of a refusal', async () => {
        answerWith(409, '{"error":{"code":"not_live","message":"nothing is live"}}',
            { 'Retry-After': '3' });
        const refusal = await postOffer('/whep', '', '', 1000).catch((error: unknown) => error);
        expect(refusal).toBeInstanceOf(Refusal);
        expect(refusal).toMatchObject({ status: 409, code: 'not_live', message: 'nothing is live',
            retry_after_s: 3 });
    });

    it('copes with answers of proxies', async () => {
        answerWith(502, '<html>');
        await expect(postOffer('/whep', '', '', 1000)).rejects
            .toMatchObject({ status: 502, code: '', message: 'HTTP 502', retry_after_s: null });
        answerWith(200, 'v=0');
        await expect(postOffer('/whep', '', '', 1000)).rejects.toMatchObject({ status: 200 });
    });

    it('does not wait for ever', async () => {
        vi.stubGlobal('fetch', (_url: string, { signal }: { signal: AbortSignal }) =>
            new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('late')))));
        await expect(postOffer('/whep', '', '', 10)).rejects.toMatchObject({ status: 0 });
    });
});
