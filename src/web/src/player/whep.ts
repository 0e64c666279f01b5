// SPDX-License-Identifier: Apache-2.0
// WebRTC by WHEP: a fraction of a second behind the host, by UDP or TCP to the server's one port.

import { codecName } from '../codecs';
import { ChannelCues } from '../cues/channel_cues';
import type { ShownFrame } from '../cues/frames';
import { type Inbound, readInbound, Recent } from '../rtc/inbound';
import { SideChannel } from '../rtc/messages';
import { endResource, postOffer, Refusal, type Resource } from '../rtc/resource';
import { acceptedKinds, wantStereo } from '../rtc/sdp';
import { iceServers } from '../rtc/servers';
import { Watchdog } from '../rtc/watchdog';
import type { FailureKind, LineNumbers, LivePlayer, PlayerOptions } from './player';

const POST_MS = 2500;
const LOOK_MS = 250;
const CALM_LOOK_MS = 1000;
// Shared screens send a picture when something moved, so a pause between two is no stall.
const SLOW_FPS = 8;

export function kindOf({ status, code }: Refusal): FailureKind {
    switch (status) {
    case 0:
        return 'no_media';
    case 401:
    case 403:
        return 'forbidden';
    case 409:
        return 'not_found';
    case 404:
        // A server without WebRTC, unless it says that it means the channel.
        return code === 'not_live' || code === 'no_channel' ? 'not_found' : 'refused';
    default:
        // Full, or about to restart: that may be over in a moment.
        return status >= 500 || status === 429 ? 'network' : 'refused';
    }
}

type PromptReceiver = RTCRtpReceiver & { playoutDelayHint?: number; jitterBufferTarget?: number | null };

// Whatever arrives is shown at once; the server has nothing to smooth.
function hurry(receiver: PromptReceiver): void {
    if ('jitterBufferTarget' in receiver) {
        receiver.jitterBufferTarget = 0;
    }
    if ('playoutDelayHint' in receiver) {
        receiver.playoutDelayHint = 0;
    }
}

export class WhepPlayer implements LivePlayer {
    readonly name = 'whep';
    private readonly video: HTMLVideoElement;
    private readonly pc: RTCPeerConnection;
    private readonly side: SideChannel;
    private readonly stream = new MediaStream();
    private readonly cues: ChannelCues;
    private picture: RTCRtpReceiver | null = null;
    private readonly watchdog = new Watchdog();
    private readonly recent = new Recent();
    private readonly opened_ms = performance.now();
    private readonly servers = iceServers();
    private resource: Resource | null = null;
    private has_picture = true;
    private first_frame_ms: number | null = null;
    private timer = 0;
    private beats = 0;
    private alive = true;

    constructor(private readonly options: PlayerOptions) {
        this.video = options.video;
        const pc = new RTCPeerConnection({ bundlePolicy: 'max-bundle', iceServers: this.servers });
        this.pc = pc;
        this.cues = new ChannelCues(options.events.onCue);
        this.side = new SideChannel(pc, (message) => {
            if (this.alive) {
                this.cues.hear(message, performance.now());
                options.events.onMessage(message);
            }
        });
        for (const kind of options.sound_only ? ['audio'] : ['video', 'audio']) {
            hurry(pc.addTransceiver(kind, { direction: 'recvonly' }).receiver);
        }
        pc.addEventListener('track', (event) => this.onTrack(event));
        pc.addEventListener('connectionstatechange', () => void this.look());
        pc.addEventListener('iceconnectionstatechange', () => void this.look());
        this.video.addEventListener('loadeddata', this.onFirstFrame);
        window.addEventListener('pagehide', this.onPageHide);
        window.addEventListener('pageshow', this.onPageShow);
        void this.open();
    }

    // The offer goes out without candidates: the server has a public address and learns the
    // browser's from its first packet.
    private async open(): Promise<void> {
        const { pc } = this;
        try {
            const { sdp = '' } = await pc.createOffer();
            const offer = wantStereo(sdp);
            await pc.setLocalDescription({ type: 'offer', sdp: offer });
            const resource = await postOffer(this.options.url, offer, '', POST_MS);
            if (!this.alive) {
                void endResource(resource, '');
                return;
            }
            this.resource = resource;
            this.has_picture = acceptedKinds(resource.answer).includes('video');
            await pc.setRemoteDescription({ type: 'answer', sdp: resource.answer });
            this.attach();
        } catch (error) {
            this.onOpenFailed(error);
        }
    }

    private attach(): void {
        if (this.alive) {
            this.video.srcObject = this.stream;
            this.watchdog.start(performance.now());
            void this.look();
        }
    }

    private onOpenFailed(error: unknown): void {
        if (error instanceof Refusal) {
            const { code, message, status } = error;
            this.fail(kindOf(error), `${status} ${code}: ${message}`, { code, message });
        } else {
            this.fail('unsupported', String(error));
        }
    }

    private onTrack({ track, receiver }: RTCTrackEvent): void {
        this.stream.addTrack(track);
        this.picture = track.kind === 'video' ? receiver : this.picture;
        // The server's goodbye; a connection that merely broke is the watchdog's.
        receiver.transport?.addEventListener('statechange', () => {
            if (this.alive && receiver.transport?.state === 'closed') {
                this.resource = null;
                this.options.events.onEnded();
            }
        });
    }

    private readonly onFirstFrame = (): void => {
        this.first_frame_ms ??= Math.round(performance.now() - this.opened_ms);
    };

    private readonly onPageHide = (): void => {
        void endResource(this.resource, '');
        this.resource = null;
    };

    // Back out of the browser's cache of pages: that session is over.
    private readonly onPageShow = (event: PageTransitionEvent): void => {
        if (event.persisted) {
            this.fail('network', 'back from the page cache');
        }
    };

    private fail(kind: FailureKind, detail: string,
        reason?: { code: string; message: string }): void {
        if (this.alive) {
            this.options.events.onFailed(kind, detail, reason);
        }
    }

    private async look(): Promise<void> {
        window.clearTimeout(this.timer);
        if (!this.alive) {
            return;
        }
        const now_ms = performance.now();
        const seen = readInbound(await this.pc.getStats() as unknown as Iterable<[string, unknown]>,
            now_ms);
        if (!this.alive) {
            return;
        }
        this.recent.add(seen);
        this.judge(now_ms, seen);
        window.clearTimeout(this.timer);
        this.timer = window.setTimeout(() => void this.look(),
            this.watchdog.hasShown ? CALM_LOOK_MS : LOOK_MS);
    }

    private judge(now_ms: number, seen: Inbound): void {
        const { connectionState: connection, iceConnectionState: ice } = this.pc;
        const shown = this.has_picture ? seen.frames > 0 : seen.received > 0;
        if (shown) {
            this.onFirstFrame();
        }
        const verdict = this.watchdog.look(now_ms, { connection, ice, bytes: seen.bytes, shown });
        if (verdict === 'no_media' && iceServers() !== this.servers && this.servers.length === 0) {
            this.fail('network', 'nothing arrived, trying again by the recommended servers');
        } else if (verdict === 'no_media') {
            this.fail('no_media', `nothing arrived (ICE ${ice})`,
                { code: 'blocked', message: 'no media arrived' });
        } else if (verdict === 'lost') {
            this.fail('network', `the connection broke (ICE ${ice})`);
        }
    }

    // Not every browser tells of the frame which one it is, but of what it shows, all do.
    cueClock_ms({ rtp_timestamp }: ShownFrame): number {
        const source = rtp_timestamp === null ? this.picture?.getSynchronizationSources?.()[0] : undefined;
        return this.cues.clock_ms(rtp_timestamp ?? source?.rtpTimestamp ?? null, performance.now());
    }

    latency(): number | null {
        return this.recent.delay_s();
    }

    bitrate_kbps(): number | null {
        return this.recent.kbps();
    }

    codecs(): string {
        return (this.recent.last?.codecs ?? [])
            .map((mime) => codecName(mime.replace(/^\w+\//, ''))).join(' · ');
    }

    line(): LineNumbers {
        const { last } = this.recent;
        return {
            transport: last?.transport ?? '',
            frames: last?.frames ?? 0,
            rtt_ms: last?.rtt_ms ?? null,
            loss_percent: this.recent.loss_percent(),
            freezes: last?.freezes ?? 0,
            freeze_ms: last?.freeze_ms ?? 0,
            first_frame_ms: this.first_frame_ms,
        };
    }

    // The element's clock goes on whether pictures come or not, so they are counted. Where the
    // element does not count them (Firefox), where they are rare or where there are none, bytes do.
    position(): number {
        const frames = this.video.getVideoPlaybackQuality?.().totalVideoFrames ?? 0;
        const fps = this.recent.last?.fps ?? null;
        if (frames > 0 && fps !== null && fps >= SLOW_FPS) {
            return frames;
        }
        if (this.recent.isFlowing()) {
            this.beats = Math.max(this.beats + 1, frames);
        }
        return Math.max(this.beats, frames);
    }

    // There is nothing between the server and the screen that could be skipped.
    jumpToLive(): void {}

    onStall(): void {}

    tick(): void {}

    destroy(): void {
        this.alive = false;
        window.clearTimeout(this.timer);
        this.video.removeEventListener('loadeddata', this.onFirstFrame);
        window.removeEventListener('pagehide', this.onPageHide);
        window.removeEventListener('pageshow', this.onPageShow);
        void endResource(this.resource, '');
        this.side.close();
        this.pc.close();
        this.video.srcObject = null;
    }
}
