// SPDX-License-Identifier: Apache-2.0
// The browser's classes that the WebRTC code uses, as far as its tests need them.

export class FakeTarget {
    private readonly listeners = new Map<string, ((event: object) => void)[]>();

    addEventListener(name: string, listener: (event: object) => void): void {
        this.listeners.set(name, [...this.listeners.get(name) ?? [], listener]);
    }

    removeEventListener(name: string, listener: (event: object) => void): void {
        this.listeners.set(name, (this.listeners.get(name) ?? []).filter((l) => l !== listener));
    }

    emit(name: string, event: object = {}): void {
        this.listeners.get(name)?.forEach((listener) => listener(event));
    }

    get count(): number {
        return [...this.listeners.values()].reduce((sum, list) => sum + list.length, 0);
    }
}

export class FakeTransport extends FakeTarget {
    state = 'new';
}

export class FakeTrack extends FakeTarget {
    constructor(readonly kind: string, readonly id = kind) {
        super();
    }
}

export class FakeSender {
    readonly transport = new FakeTransport();
    parameters = { encodings: [{ maxBitrate: 0 }] };

    constructor(public track: FakeTrack | null) {}

    getParameters(): object {
        return this.parameters;
    }

    setParameters(parameters: { encodings: { maxBitrate: number }[] }): Promise<void> {
        this.parameters = parameters;
        return Promise.resolve();
    }

    replaceTrack(track: FakeTrack): Promise<void> {
        this.track = track;
        return Promise.resolve();
    }
}

interface FakeTransceiver {
    sender: FakeSender;
    receiver: { track: FakeTrack; transport: FakeTransport; jitterBufferTarget: number | null };
    init: { direction: string; sendEncodings?: object[] };
}

export class FakeConnection extends FakeTarget {
    static all: FakeConnection[] = [];

    connectionState = 'new';
    iceConnectionState = 'new';
    localDescription: { sdp: string } | null = null;
    remote: string | null = null;
    closed = false;
    stats: Record<string, object> = {};
    readonly transceivers: FakeTransceiver[] = [];

    constructor() {
        super();
        FakeConnection.all.push(this);
    }

    static get last(): FakeConnection {
        return FakeConnection.all[FakeConnection.all.length - 1] as FakeConnection;
    }

    createDataChannel(): object {
        return { addEventListener: () => undefined, close: () => undefined, readyState: 'open' };
    }

    addTransceiver(what: string | FakeTrack, init: FakeTransceiver['init']): FakeTransceiver {
        const track = typeof what === 'string' ? null : what;
        const kind = typeof what === 'string' ? what : what.kind;
        const transceiver = { sender: new FakeSender(track), init, receiver: {
            track: new FakeTrack(kind), transport: new FakeTransport(), jitterBufferTarget: null } };
        this.transceivers.push(transceiver);
        return transceiver;
    }

    getTransceivers(): FakeTransceiver[] {
        return this.transceivers;
    }

    getSenders(): FakeSender[] {
        return this.transceivers.map(({ sender }) => sender);
    }

    createOffer(): Promise<object> {
        return Promise.resolve({ type: 'offer', sdp: 'v=0\r\na=rtpmap:111 opus/48000/2\r\n' });
    }

    setLocalDescription(description: { sdp: string }): Promise<void> {
        this.localDescription = description;
        return Promise.resolve();
    }

    setRemoteDescription({ sdp }: { sdp: string }): Promise<void> {
        this.remote = sdp;
        for (const { receiver } of this.transceivers) {
            this.emit('track', { track: receiver.track, receiver });
        }
        return Promise.resolve();
    }

    getStats(): Promise<Map<string, object>> {
        return Promise.resolve(new Map(Object.entries(this.stats)));
    }

    // As a browser would: the states, and an event for each.
    become(state: string): void {
        this.connectionState = state;
        this.iceConnectionState = state;
        this.emit('iceconnectionstatechange');
        this.emit('connectionstatechange');
    }

    close(): void {
        this.closed = true;
    }
}

export class FakeStream {
    readonly tracks: object[];

    constructor(tracks: object[] = []) {
        this.tracks = [...tracks];
    }

    addTrack(track: object): void {
        this.tracks.push(track);
    }
}

export const ANSWER = 'v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 102\r\na=rtpmap:102 H264/90000\r\n'
    + 'a=fmtp:102 packetization-mode=1\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\n';

export interface Asked {
    method: string;
    url: string;
    key: string | undefined;
}

// Answers every request with what `answers` has next, the last one for ever; records them all.
export function fakeServer(...answers: (() => Response | Promise<Response>)[]): Asked[] {
    const asked: Asked[] = [];
    let turn = 0;
    vi.stubGlobal('fetch', (url: string, init: { method: string; headers: Record<string, string> }) => {
        asked.push({ method: init.method, url, key: init.headers.Authorization });
        if (init.method !== 'POST') {
            return Promise.resolve(new Response(null, { status: 200 }));
        }
        const answer = answers[Math.min(turn++, answers.length - 1)];
        return Promise.resolve(answer?.());
    });
    return asked;
}

let serial = 0;

export const accepted = (sdp = ANSWER) => (): Response => new Response(sdp,
    { status: 201, headers: { Location: `http://h/live/hq/session/${++serial}` } });

export const refused = (status: number, code = '', headers: Record<string, string> = {}) =>
    (): Response => new Response(JSON.stringify({ error: { code, message: `about ${code}` } }),
        { status, headers });

export function stubBrowser(): FakeTarget {
    const page = new FakeTarget();
    FakeConnection.all = [];
    vi.useFakeTimers();
    vi.stubGlobal('window', Object.assign(page, {
        setTimeout: (...args: Parameters<typeof setTimeout>) => setTimeout(...args),
        clearTimeout: (timer: number) => clearTimeout(timer),
    }));
    vi.stubGlobal('RTCPeerConnection', FakeConnection);
    vi.stubGlobal('RTCRtpReceiver', { getCapabilities: () => null });
    vi.stubGlobal('MediaStream', FakeStream);
    return page;
}

export function restoreBrowser(): void {
    vi.useRealTimers();
    vi.unstubAllGlobals();
}
