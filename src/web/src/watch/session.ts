// SPDX-License-Identifier: Apache-2.0
// One viewer on one channel: follows the channel's state, keeps a player running while it
// is live, and brings it back after every kind of break without a reload.

import type { Channel } from '../api';
import { canDecode } from '../codecs';
import type { PlacedCue } from '../cues/cue';
import type { ShownFrame } from '../cues/frames';
import { detectAbilities } from '../player/abilities';
import { candidates, carries, type Choice, type PlayerName } from '../player/choose';
import { type DvrWindow, type FailureKind, type LivePlayer, loadPlayer, type Reason } from '../player/player';
import { sourceUrl } from '../player/source';
import type { Message } from '../rtc/messages';
import { mediaUrl } from '../url';
import { rememberedInTab, rememberInTab } from '../store';
import { type ChannelNow, ChannelWatch, POLL_WAITING_MS } from './channel';
import { grudgeAgainst, holdGrudge } from './grudge';
import { Numbers } from './numbers';
import { type Blocked, type Phase, phaseOf } from './phase';
import { Recovery } from './recovery';
import type { Stats } from './stats';

const TICK_MS = 200;
const FIRST_FRAME_MS = 12_000;
const STUCK_MS = 8000;
// A picture that stands for so long does not play, even if nobody expected it to move.
const STANDS_MS = 1500;
const DRAIN_MS = 2000;
const FIRM_MS = 5000;
// A viewer who pauses for longer leaves the server alone and joins live again later.
const RELEASE_PAUSED_MS = 30_000;
const STALE_TAB_S = 4;
// Nearer to live than this is live.
const LIVE_S = 4;
const MAX_BACK_FAILURES = 3;

export interface SessionView {
    // The element is about to lose its picture.
    freeze(): void;
    update(session: WatchSession): void;
    // Another player took over.
    onSwitched(player: PlayerName, reason: Reason | null): void;
    onMessage(message: Message): void;
    onCue(placed: PlacedCue): void;
    // Another player, with a clock of its own for its cues.
    onCueReset(): void;
    // Going back in time did not work.
    onBackFailed(): void;
}

export interface Wish {
    choice: Choice;
    // No other player may take its place.
    only: boolean;
}

const TAB_STORE = { read: rememberedInTab, write: rememberInTab };

export class WatchSession {
    phase: Phase = 'connecting';
    choice: Choice;
    listen_only = false;
    // The height of the picture that was asked for; null: what fits.
    quality: number | null = null;
    // Why the player before this one was left, or why there is none.
    reason: Reason | null = null;

    private player: LivePlayer | null = null;
    private opening = false;
    // Counts players, so that one that is still loading knows it is no longer wanted.
    private generation = 0;
    private recovery: Recovery;
    private only: boolean;
    private blocked: Blocked | null = null;
    private readonly air: ChannelWatch;
    private has_played = false;
    private user_paused = false;
    private needs_gesture = false;
    // How far behind live the viewer wants to be; null: not at all.
    private back_s: number | null = null;
    private back_failures = 0;
    // Between live and the past: the wait is the viewer's own wish and no stall.
    private moving_on = false;

    private reopen_at_ms = 0;
    private still_since_ms = 0;
    private moving_since_ms = 0;
    private paused_since_ms = 0;
    private last_position_s = -1;
    private steps = 0;
    private readonly numbers = new Numbers();

    constructor(
        readonly channel: string,
        readonly video: HTMLVideoElement,
        private readonly view: SessionView,
        wish: Wish,
    ) {
        this.choice = wish.choice;
        this.only = wish.only;
        this.recovery = this.newRecovery();
        this.air = new ChannelWatch(channel, (before, codec) => this.onAnswer(before, codec));
        // A player that attaches its media later finds the element paused again.
        video.addEventListener('loadedmetadata', () => this.play());
        video.addEventListener('canplay', () => this.play());
        document.addEventListener('visibilitychange', () => this.onVisible());
    }

    start(): void {
        this.preload();
        void this.air.ask();
        window.setInterval(() => this.tick(), TICK_MS);
    }

    // --- what the viewer does ---

    choose(choice: Choice): void {
        this.choice = choice;
        this.only = false;
        this.reason = null;
        this.has_played = false;
        this.blocked = null;
        this.recovery = this.newRecovery();
        this.reopen(0);
    }

    chooseQuality(height: number | null): void {
        this.quality = height;
        if (this.player?.chooseQuality) {
            this.player.chooseQuality(height);
        } else {
            this.reopen(0);
        }
    }

    // What the server is asked for, where the player cannot choose by itself.
    private rendition(name: PlayerName): number | null {
        const asks = name === 'whep' || name === 'flv' || name === 'wsflv';
        const found = asks && this.info?.qualities.find((q) => q.height === this.quality);
        return found ? found.rendition : null;
    }

    retry(): void {
        this.blocked = null;
        this.recovery = this.newRecovery();
        this.reopen(0);
        void this.air.ask();
    }

    listenOnly(): void {
        this.listen_only = true;
        this.retry();
    }

    togglePause(): void {
        if (this.video.paused) {
            this.user_paused = false;
            this.needs_gesture = false;
            if (this.back_s === null) {
                this.jumpToLive();
            }
            this.play();
        } else {
            this.user_paused = true;
            this.paused_since_ms = performance.now();
            this.video.pause();
        }
    }

    // So many seconds before live, out of what is recorded.
    goBack(behind_s: number): void {
        if (behind_s < LIVE_S) {
            this.jumpToLive();
            return;
        }
        this.user_paused = false;
        if (this.back_s !== null && this.player?.seekBehind) {
            this.player.seekBehind(behind_s);
            this.still_since_ms = performance.now();
            this.play();
        } else {
            this.back_failures = 0;
            this.moving_on = true;
            this.recovery = new Recovery(['dvr']);
            this.reopen(0);
        }
        this.back_s = behind_s;
    }

    private leaveBack(): void {
        this.back_s = null;
        this.reason = null;
        this.moving_on = true;
        this.recovery = this.newRecovery();
        this.reopen(0);
    }

    jumpToLive(): void {
        if (this.back_s !== null) {
            this.leaveBack();
        }
        this.player?.jumpToLive();
        if (this.user_paused) {
            this.user_paused = false;
            this.play();
        }
    }

    unmute(): void {
        this.video.muted = false;
        if (this.video.volume === 0) {
            this.video.volume = 1;
        }
        this.user_paused = false;
        this.play();
    }

    // --- numbers ---

    get info(): Channel | null {
        return this.air.info;
    }

    get playerName(): PlayerName | null {
        return this.player?.name ?? null;
    }

    qualities(): readonly number[] {
        if (this.player?.qualities) {
            return this.player.qualities();
        }
        const asked = this.player?.name !== 'hls' && this.info ? this.info.qualities : [];
        return asked.map((q) => q.height);
    }

    get isBack(): boolean {
        return this.back_s !== null;
    }

    cueClock_ms(frame: ShownFrame): number | null {
        return this.player?.cueClock_ms?.(frame) ?? null;
    }

    // null: the player in use has none.
    window(): DvrWindow | null {
        return this.player?.window?.() ?? null;
    }

    get isPaused(): boolean {
        return this.user_paused;
    }

    stats(): Stats {
        return this.numbers.read(this.video, this.player, this);
    }

    // --- the channel ---

    private onAnswer(before: ChannelNow, codec_before: string | undefined): void {
        const { state, info } = this.air;
        // The server was away. A player whose picture stands may not notice, or late.
        if (before === 'unreachable' && this.player !== null && this.back_s === null
            && performance.now() - this.still_since_ms > STANDS_MS) {
            this.reopen(0);
        }
        if (state === 'live' && before !== 'live') {
            this.still_since_ms = performance.now();
            this.reopen_at_ms = 0;
        }
        if (codec_before !== info?.video?.codec && this.blocked === 'codec') {
            this.blocked = null;
            this.recovery = this.newRecovery();
        }
    }

    // --- the player ---

    private newRecovery(): Recovery {
        const avoid = grudgeAgainst(TAB_STORE, this.channel, Date.now());
        return new Recovery(candidates(this.choice, detectAbilities(), { only: this.only, avoid }));
    }

    // The code comes while the server is asked. When that fails, open() says so.
    private preload(): void {
        const name = this.recovery.current();
        if (name !== null) {
            loadPlayer(name).catch(() => undefined);
        }
    }

    private async open(): Promise<void> {
        const name = this.recovery.current();
        if (name === null) {
            this.blocked = 'unsupported';
            return;
        }
        if (!this.canShow(name)) {
            this.passOver();
            return;
        }
        const generation = ++this.generation;
        const wanted = (): boolean => generation === this.generation;
        this.opening = true;
        try {
            const player = (await loadPlayer(name))({
                video: this.video,
                url: sourceUrl(window.location, this.channel, name, this.listen_only,
                    this.rendition(name)),
                cues_url: mediaUrl(window.location.origin, this.channel, 'cues', window.location.search),
                sound_only: this.listen_only,
                height: this.quality,
                behind_s: this.back_s ?? 0,
                events: {
                    onFailed: (kind, detail, reason) =>
                        wanted() && void this.onPlayerFailed(kind, detail, reason),
                    onEnded: () => wanted() && this.onEnded(),
                    onMessage: (message) => wanted() && this.view.onMessage(message),
                    onCue: (placed) => wanted() && this.view.onCue(placed),
                },
            });
            if (!wanted()) {
                player.destroy();
                return;
            }
            this.player = player;
            this.numbers.rebuilds++;
            this.still_since_ms = performance.now();
            this.moving_since_ms = 0;
            // Without this a player that waits for the element would wait for "canplay" forever.
            this.play();
        } catch (error) {
            // The code of the player did not load: the network, or a new release.
            if (wanted()) {
                this.onFailed('network', String(error));
            }
        } finally {
            if (wanted()) {
                this.opening = false;
            }
        }
    }

    private canShow(name: PlayerName): boolean {
        const codec = this.info?.video?.codec;
        return !codec || name === 'whep' || this.listen_only
            || (carries(name, codec) && canDecode(codec));
    }

    // This way cannot bring the picture to this browser; another may.
    private passOver(): void {
        if (this.recovery.failed('unsupported').action === 'give_up') {
            this.blocked = 'codec';
            return;
        }
        const next = this.recovery.current();
        if (next !== null && this.choice !== 'auto' && this.canShow(next)) {
            this.reason = { code: 'codec', message: '' };
            this.view.onSwitched(next, this.reason);
        }
    }

    private close(): void {
        this.generation++;
        this.opening = false;
        if (this.player !== null) {
            this.view.freeze();
            this.player.destroy();
            this.view.onCueReset();
            this.player = null;
        }
        this.moving_since_ms = 0;
        this.last_position_s = -1;
    }

    private reopen(wait_ms: number): void {
        this.close();
        this.reopen_at_ms = performance.now() + wait_ms;
    }

    private async onPlayerFailed(kind: FailureKind, detail: string, reason?: Reason): Promise<void> {
        if (kind === 'no_media') {
            // A host who pauses must not look like a network that blocks.
            this.close();
            this.reopen_at_ms = Infinity;
            const { generation } = this;
            await this.air.ask();
            if (generation !== this.generation) {
                return;
            }
            if (this.air.state !== 'live') {
                this.reopen(0);
                return;
            }
        }
        this.onFailed(kind, detail, reason);
    }

    private onFailed(kind: FailureKind, detail: string, reason?: Reason): void {
        const failed = this.recovery.current();
        console.warn(`player ${failed}: ${kind} (${detail})`);
        if (failed !== null) {
            holdGrudge(TAB_STORE, failed, kind, this.channel, Date.now());
        }
        const verdict = this.recovery.failed(kind);
        if (this.back_s !== null
            && (verdict.action === 'give_up' || ++this.back_failures >= MAX_BACK_FAILURES)) {
            this.leaveBack();
            this.view.onBackFailed();
            return;
        }
        this.reason = reason ?? this.reason;
        if (verdict.action === 'give_up') {
            this.close();
            this.blocked = verdict.reason;
            return;
        }
        this.reopen(verdict.wait_ms);
        const next = this.recovery.current();
        if (verdict.action === 'switch' && next !== null) {
            this.preload();
            // That a server has no WebRTC is no trouble, unless somebody asked for it.
            const no_trouble = this.choice === 'auto' && reason?.code === 'webrtc_off';
            // One that cannot show it either is passed over, and that is told in its place.
            if (!no_trouble && this.canShow(next)) {
                this.view.onSwitched(next, reason ?? null);
            }
        }
        if (kind === 'not_found' || kind === 'network') {
            void this.air.ask();
        }
    }

    // The stream closed properly. The API says whether that was the end of the broadcast.
    private onEnded(): void {
        if (this.back_s !== null) {
            this.leaveBack();
        }
        this.reopen(300);
        void this.air.ask();
    }

    private play(): void {
        if (this.user_paused || this.player === null || !this.video.paused) {
            return;
        }
        this.video.play().then(
            () => { this.needs_gesture = false; },
            (error: unknown) => {
                if (error instanceof DOMException && error.name === 'NotAllowedError') {
                    this.needs_gesture = true;
                }
            },
        );
    }

    private onVisible(): void {
        if (document.hidden) {
            return;
        }
        this.still_since_ms = performance.now();
        void this.air.ask();
        this.play();
        if (!this.user_paused && this.back_s === null && (this.player?.latency() ?? 0) > STALE_TAB_S) {
            this.player?.jumpToLive();
        }
    }

    // --- the regular check ---

    private tick(): void {
        const now_ms = performance.now();
        const progressing = this.watchProgress(now_ms);
        this.player?.tick(now_ms);
        this.keepPlayer(now_ms, progressing);
        this.phase = phaseOf({
            blocked: this.blocked,
            channel: this.air.state,
            progressing,
            paused: this.user_paused,
            needs_gesture: this.needs_gesture,
            has_played: this.has_played,
            seen_live: this.air.seen_live,
        });
        this.view.update(this);
    }

    private watchProgress(now_ms: number): boolean {
        const { video } = this;
        const position_s = this.player?.position() ?? -1;
        const moved = this.player !== null && !video.paused && this.last_position_s >= 0
            && position_s > this.last_position_s;
        this.last_position_s = this.player === null ? -1 : position_s;
        if (moved && video.readyState >= 2) {
            this.has_played = true;
            this.moving_on = false;
            this.still_since_ms = now_ms;
            this.moving_since_ms ||= now_ms;
            // A player that takes over begins here.
            this.back_s = this.back_s === null ? null : this.window()?.behind_s ?? this.back_s;
            if (now_ms - this.moving_since_ms > FIRM_MS) {
                this.recovery.progressed();
            }
        }
        this.steps += moved ? 1 : 0;
        if (this.numbers.stall.feed(now_ms, this.steps, this.isExpected())) {
            this.player?.onStall();
        }
        return this.player !== null && this.moving_since_ms > 0 && !video.paused
            && !this.numbers.stall.isStalled && now_ms - this.still_since_ms < STANDS_MS;
    }

    // Should the picture move now? Also while a broken player is being replaced.
    private isExpected(): boolean {
        const { video, player } = this;
        const at_rest = this.moving_on || this.user_paused || this.needs_gesture || this.blocked !== null
            || (player !== null && (video.paused || video.seeking));
        const on_air = this.air.state === 'live' || this.air.state === 'unreachable';
        return this.has_played && on_air && !at_rest;
    }

    // Level-triggered on purpose: whatever happened, the next tick compares what should be
    // with what is.
    private keepPlayer(now_ms: number, progressing: boolean): void {
        const still_ms = now_ms - this.still_since_ms;
        // Perhaps the server is away, which not every connection tells.
        if (this.player !== null && this.moving_since_ms > 0 && this.air.state === 'live'
            && !document.hidden && !progressing && still_ms > STANDS_MS
            && now_ms - this.air.asked_ms > POLL_WAITING_MS) {
            void this.air.ask();
        }
        if (this.user_paused || this.needs_gesture) {
            this.still_since_ms = now_ms;
            if (this.user_paused && this.back_s === null && this.player && now_ms - this.paused_since_ms > RELEASE_PAUSED_MS) {
                this.close();
                this.has_played = false;
            }
        }
        if (this.player === null) {
            const wanted = this.air.state === 'live' && !this.user_paused
                && this.blocked === null;
            if (wanted && !this.opening && now_ms >= this.reopen_at_ms) {
                void this.open();
            }
        } else if (this.air.state === 'offline' && !progressing && still_ms > DRAIN_MS) {
            this.close();
        } else if (this.air.state === 'live' && !document.hidden && !progressing
            && still_ms > (this.moving_since_ms > 0 ? STUCK_MS : FIRST_FRAME_MS)) {
            this.onFailed('stuck', `no progress for ${Math.round(still_ms)} ms`);
        }
    }
}
