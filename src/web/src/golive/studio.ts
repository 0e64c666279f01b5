// SPDX-License-Identifier: Apache-2.0
// One host in front of a camera: what is captured, and whether it is on the air. The page shows
// what it finds here whenever onChange() is called.

import { type Devices, facingOf, listDevices, openBoth, openCamera, openMicrophone, openScreen,
    type Screen } from './devices';
import { Publisher, type Numbers, type PublishState } from './publisher';
import { type Facing, type Quality, sizeConstraints } from './quality';
import { Sound } from './sound';
import { deviceTrouble, trouble, type Trouble } from './trouble';

export type Capture = 'closed' | 'opening' | 'open';

export class Studio {
    capture: Capture = 'closed';
    devices: Devices = { cameras: [], microphones: [] };
    camera: MediaStreamTrack | null = null;
    microphone: MediaStreamTrack | null = null;
    screen: Screen | null = null;
    muted = false;
    facing: Facing = 'user';
    // What is wrong with the devices, and with the broadcast.
    device_trouble: Trouble | null = null;
    trouble: Trouble | null = null;
    numbers: Numbers | null = null;
    live_since_ms: number | null = null;
    readonly sound = new Sound();
    private sound_track: MediaStreamTrack | null = null;
    private readonly publisher: Publisher;

    constructor(
        private readonly url: string,
        public quality: Quality,
        private readonly simulcast: boolean,
        private readonly onChange: () => void,
    ) {
        this.publisher = new Publisher({
            onState: (state, problem) => this.onState(state, problem),
            onNumbers: (numbers) => {
                this.numbers = numbers;
                this.onChange();
            },
        });
        navigator.mediaDevices.addEventListener?.('devicechange', () => void this.refreshDevices());
    }

    get state(): PublishState {
        return this.publisher.state;
    }

    get isOnAir(): boolean {
        return this.publisher.isRunning;
    }

    // What the preview shows and the viewers see.
    get picture(): MediaStreamTrack | null {
        return this.screen?.video ?? this.camera;
    }

    private onState(state: PublishState, problem: Trouble | null): void {
        this.trouble = problem;
        if (state === 'live') {
            this.live_since_ms ??= Date.now();
        } else {
            this.numbers = null;
        }
        if (state === 'idle' || state === 'refused') {
            this.live_since_ms = null;
        }
        this.onChange();
    }

    // --- devices ---

    async open(): Promise<void> {
        this.capture = 'opening';
        this.onChange();
        await this.attempt(async () => {
            const { camera, microphone, error } = await openBoth(this.quality, this.facing);
            if (camera !== null) {
                this.takeCamera(camera);
            }
            if (microphone !== null) {
                this.takeMicrophone(microphone);
            }
            if (error !== null) {
                throw error;
            }
        });
        await this.refreshDevices();
    }

    async refreshDevices(): Promise<void> {
        this.devices = await listDevices().catch(() => this.devices);
        this.onChange();
    }

    private takeCamera(track: MediaStreamTrack): void {
        this.camera = track;
        this.facing = facingOf(track) ?? this.facing;
        track.addEventListener('ended', () => this.onDeviceLost(track));
        this.publisher.replaceTrack(track);
    }

    private takeMicrophone(track: MediaStreamTrack): void {
        this.microphone = track;
        track.enabled = !this.muted;
        track.addEventListener('ended', () => this.onDeviceLost(track));
        this.sendSound();
    }

    private sendSound(): void {
        const track = this.sound.use(
            [this.microphone, this.screen?.audio].filter((t): t is MediaStreamTrack => !!t));
        if (track !== null) {
            this.publisher.replaceTrack(track);
        }
        this.sound_track = track;
    }

    private onDeviceLost(track: MediaStreamTrack): void {
        if (track === this.camera || track === this.microphone) {
            this.device_trouble = trouble('golive.error.lost_device');
            void this.refreshDevices();
        }
    }

    private async attempt(action: () => Promise<void>, is_screen = false): Promise<void> {
        this.device_trouble = null;
        try {
            await action();
        } catch (error) {
            this.device_trouble = deviceTrouble(error, is_screen);
        }
        this.capture = this.picture || this.microphone ? 'open' : 'closed';
        this.onChange();
    }

    // The old one is closed first: phones open one camera at a time.
    chooseCamera(device: string, facing: Facing = this.facing): Promise<void> {
        return this.attempt(async () => {
            this.camera?.stop();
            this.camera = null;
            this.facing = facing;
            this.takeCamera(await openCamera(this.quality, device, facing));
            this.closeScreen();
        });
    }

    chooseMicrophone(device: string): Promise<void> {
        return this.attempt(async () => {
            this.microphone?.stop();
            this.microphone = null;
            this.takeMicrophone(await openMicrophone(device));
        });
    }

    flip(): Promise<void> {
        return this.chooseCamera('', this.facing === 'user' ? 'environment' : 'user');
    }

    shareScreen(): Promise<void> {
        return this.attempt(async () => {
            const screen = await openScreen(this.quality);
            this.screen = screen;
            // The browser has a button of its own to end it.
            screen.video.addEventListener('ended', () => {
                if (this.screen === screen) {
                    void this.chooseCamera('');
                }
            });
            this.camera?.stop();
            this.camera = null;
            this.publisher.replaceTrack(screen.video);
            this.sendSound();
        }, true);
    }

    private closeScreen(): void {
        const { screen } = this;
        this.screen = null;
        if (screen !== null) {
            screen.video.stop();
            screen.audio?.stop();
            this.sendSound();
        }
    }

    setMuted(muted: boolean): void {
        this.muted = muted;
        if (this.microphone !== null) {
            this.microphone.enabled = !muted;
        }
        this.onChange();
    }

    setQuality(quality: Quality): void {
        this.quality = quality;
        this.camera?.applyConstraints(sizeConstraints(quality)).catch(() => undefined);
        this.publisher.setQuality(quality);
        this.onChange();
    }

    // --- on the air ---

    start(key: string): void {
        const tracks = [this.picture, this.sound_track].filter((t): t is MediaStreamTrack => !!t);
        this.sound.wake();
        this.publisher.start({ url: this.url, key, tracks, quality: this.quality,
            simulcast: this.simulcast });
    }

    stop(): void {
        this.publisher.stop();
    }

    sayGoodbye(): void {
        this.publisher.sayGoodbye();
    }
}
