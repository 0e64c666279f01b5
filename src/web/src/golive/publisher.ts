// SPDX-License-Identifier: Apache-2.0
// Sends one host's picture and sound to a channel by WHIP, and connects anew when the line breaks.

import { Backoff } from '../backoff';
import { RateMeter } from '../player/meter';
import { endResource, postOffer, Refusal, type Resource } from '../rtc/resource';
import { acceptedKinds, startAt } from '../rtc/sdp';
import { iceServers } from '../rtc/servers';
import { type Health, HealthJudge, type Outbound, readOutbound } from './health';
import { adjusted, AUDIO_ENCODING, byPreference, encodings, type Quality } from './quality';
import { afterRefusal, trouble, type Trouble } from './trouble';

export type PublishState = 'idle' | 'connecting' | 'live' | 'reconnecting' | 'refused';

export interface PublisherEvents {
    onState(state: PublishState, trouble: Trouble | null): void;
    onNumbers(numbers: Numbers): void;
}

export interface Numbers extends Outbound {
    kbps: number | null;
    wanted_kbps: number;
    health: Health;
}

export interface Broadcast {
    url: string;
    key: string;
    tracks: MediaStreamTrack[];
    quality: Quality;
    simulcast: boolean;
}

const POST_MS = 8000;
const CONNECT_MS = 10_000;
// Phones that change from Wi-Fi to mobile are back by then.
const DISCONNECTED_MS = 3000;
const GOODBYE_MS = 2000;
const LOOK_MS = 1000;
const FIRM_MS = 10_000;

// One connection. The publisher replaces it as a whole when it breaks.
interface Link {
    pc: RTCPeerConnection;
    resource: Resource | null;
    judge: HealthJudge;
    meter: RateMeter;
    bytes: number;
    live_since_ms: number | null;
    timers: number[];
}

export class Publisher {
    state: PublishState = 'idle';
    private broadcast: Broadcast | null = null;
    private link: Link | null = null;
    private last_live_ms: number | null = null;
    private retry_timer = 0;
    private readonly backoff: Backoff;

    constructor(private readonly events: PublisherEvents, backoff = new Backoff(500, 8000)) {
        this.backoff = backoff;
    }

    get isRunning(): boolean {
        return this.state === 'connecting' || this.state === 'live' || this.state === 'reconnecting';
    }

    start(broadcast: Broadcast): void {
        this.stop();
        this.broadcast = broadcast;
        this.last_live_ms = null;
        this.backoff.reset();
        this.setState('connecting', null);
        void this.connect();
    }

    stop(): void {
        window.clearTimeout(this.retry_timer);
        this.endLink();
        this.broadcast = null;
        if (this.state !== 'idle') {
            this.setState('idle', null);
        }
    }

    // The page is being left; the browser closes the connection.
    sayGoodbye(): void {
        if (this.link !== null) {
            void endResource(this.link.resource, this.broadcast?.key ?? '');
            this.link.resource = null;
        }
    }

    // Another camera or microphone, without a new connection.
    replaceTrack(track: MediaStreamTrack): void {
        const { broadcast, link } = this;
        if (broadcast === null) {
            return;
        }
        broadcast.tracks = [...broadcast.tracks.filter(({ kind }) => kind !== track.kind), track];
        link?.pc.getTransceivers()
            .filter(({ sender, receiver }) => (sender.track ?? receiver.track).kind === track.kind)
            .forEach(({ sender }) => void sender.replaceTrack(track).catch(() => this.reconnect(null)));
    }

    setQuality(quality: Quality): void {
        if (this.broadcast !== null) {
            this.broadcast.quality = quality;
            void this.applyQuality();
        }
    }

    private setState(state: PublishState, problem: Trouble | null): void {
        this.state = state;
        this.events.onState(state, problem);
    }

    private detachLink(): Link | null {
        const { link } = this;
        this.link = null;
        link?.timers.forEach((timer) => window.clearTimeout(timer));
        return link;
    }

    // Without a goodbye: the server and the viewers wait for the host to return.
    private dropLink(): void {
        this.detachLink()?.pc.close();
    }

    // With one: the broadcast is over. A server that does not answer must not keep the line open.
    private endLink(): void {
        const link = this.detachLink();
        if (link !== null) {
            const timer = window.setTimeout(() => link.pc.close(), GOODBYE_MS);
            void endResource(link.resource, this.broadcast?.key ?? '').then(() => {
                window.clearTimeout(timer);
                link.pc.close();
            });
        }
    }

    private async connect(): Promise<void> {
        const { broadcast } = this;
        if (broadcast === null) {
            return;
        }
        const link: Link = { pc: new RTCPeerConnection({ bundlePolicy: 'max-bundle',
            iceServers: iceServers() }), resource: null, judge: new HealthJudge(performance.now()), meter: new RateMeter(3000), bytes: 0,
            live_since_ms: null, timers: [] };
        this.link = link;
        link.pc.addEventListener('connectionstatechange', () => this.onConnection(link));
        try {
            addTracks(link.pc, broadcast);
            await link.pc.setLocalDescription(await link.pc.createOffer());
            const offer = link.pc.localDescription?.sdp ?? '';
            const resource = await postOffer(broadcast.url, offer, broadcast.key, POST_MS);
            if (this.link !== link) {
                void endResource(resource, broadcast.key);
                return;
            }
            link.resource = resource;
            const kinds = acceptedKinds(resource.answer);
            if (!broadcast.tracks.some(({ kind }) => kinds.includes(kind))) {
                throw new Refusal(406, 'no_common_codec', 'nothing was accepted');
            }
            const answer = startAt(resource.answer, broadcast.quality.kbps * 0.6);
            await link.pc.setRemoteDescription({ type: 'answer', sdp: answer });
            this.watchGoodbye(link);
            this.later(link, CONNECT_MS, () => {
                if (link.live_since_ms === null) {
                    this.reconnect(trouble('golive.error.blocked'));
                }
            });
            await this.applyQuality();
        } catch (error) {
            if (this.link === link) {
                this.onConnectFailed(error);
            }
        }
    }

    // The server ended it: it restarts, or somebody else was let in.
    private watchGoodbye(link: Link): void {
        const transport = link.pc.getSenders().find((sender) => sender.transport)?.transport;
        transport?.addEventListener('statechange', () => {
            if (this.link === link && transport.state === 'closed') {
                this.reconnect(null);
            }
        });
    }

    private later(link: Link, wait_ms: number, action: () => void): void {
        link.timers.push(window.setTimeout(() => this.link === link && action(), wait_ms));
    }

    private onConnectFailed(error: unknown): void {
        const lost_for_ms = this.last_live_ms === null ? null : performance.now() - this.last_live_ms;
        const refusal = error instanceof Refusal ? error : new Refusal(400, 'browser', String(error));
        const step = afterRefusal(refusal, lost_for_ms);
        if (step.action === 'retry') {
            this.reconnect(step.trouble, (refusal.retry_after_s ?? 0) * 1000);
        } else {
            this.endLink();
            this.broadcast = null;
            this.setState('refused', step.trouble);
        }
    }

    private onConnection(link: Link): void {
        if (this.link !== link) {
            return;
        }
        switch (link.pc.connectionState) {
        case 'connected':
            if (link.live_since_ms === null) {
                link.live_since_ms = performance.now();
                this.setState('live', null);
                void this.look(link);
            }
            break;
        case 'disconnected':
            this.later(link, DISCONNECTED_MS, () => {
                if (link.pc.connectionState === 'disconnected') {
                    this.reconnect(null);
                }
            });
            break;
        case 'failed':
        case 'closed':
            this.reconnect(link.live_since_ms === null ? trouble('golive.error.blocked') : null);
            break;
        default:
            break;
        }
    }

    private reconnect(problem: Trouble | null, at_least_ms = 0): void {
        this.dropLink();
        this.setState('reconnecting', problem);
        const wait_ms = Math.max(this.backoff.next(), at_least_ms);
        window.clearTimeout(this.retry_timer);
        this.retry_timer = window.setTimeout(() => void this.connect(), wait_ms);
    }

    private async look(link: Link): Promise<void> {
        const report = await link.pc.getStats();
        if (this.link !== link || this.broadcast === null) {
            return;
        }
        const now_ms = performance.now();
        this.last_live_ms = now_ms;
        if (link.live_since_ms !== null && now_ms - link.live_since_ms > FIRM_MS) {
            this.backoff.reset();
        }
        const numbers = readOutbound(report as unknown as Iterable<[string, unknown]>, now_ms);
        link.meter.add(now_ms, Math.max(0, numbers.bytes - link.bytes));
        link.bytes = numbers.bytes;
        const kbps = link.meter.kbps(now_ms);
        const wanted_kbps = this.broadcast.quality.kbps;
        this.events.onNumbers({ ...numbers, kbps, wanted_kbps,
            health: link.judge.feed(numbers, kbps, wanted_kbps) });
        this.later(link, LOOK_MS, () => void this.look(link));
    }

    private async applyQuality(): Promise<void> {
        const { link, broadcast } = this;
        const sender = link?.pc.getSenders().find(({ track }) => track?.kind === 'video');
        if (sender && broadcast !== null) {
            const parameters = sender.getParameters();
            if (parameters.encodings.length > 0) {
                await sender.setParameters(adjusted(parameters, broadcast.quality)).catch(() => undefined);
            }
        }
    }
}

function addTracks(pc: RTCPeerConnection, { tracks, quality, simulcast }: Broadcast): void {
    const stream = new MediaStream(tracks);
    for (const track of tracks) {
        const transceiver = pc.addTransceiver(track, {
            direction: 'sendonly',
            streams: [stream],
            sendEncodings: track.kind === 'video' ? encodings(quality, simulcast) : [AUDIO_ENCODING],
        });
        if (track.kind === 'video') {
            preferH264(transceiver);
        }
    }
}

function preferH264(transceiver: RTCRtpTransceiver): void {
    const codecs = RTCRtpReceiver.getCapabilities?.('video')?.codecs ?? [];
    if (codecs.length > 0 && 'setCodecPreferences' in transceiver) {
        try {
            transceiver.setCodecPreferences(byPreference(codecs));
        } catch {
            // Some want the sender's list; the order of the browser will do.
        }
    }
}
