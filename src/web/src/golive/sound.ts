// SPDX-License-Identifier: Apache-2.0
// How loud it is, and the screen's own sound beside the microphone's.

const FLOOR_DB = -60;

// Loudness of samples around 128 as 0 to 1 on a scale of decibels.
export function level(samples: Uint8Array): number {
    if (samples.length === 0) {
        return 0;
    }
    let sum = 0;
    for (const sample of samples) {
        sum += ((sample - 128) / 128) ** 2;
    }
    const db = 10 * Math.log10(Math.max(sum / samples.length, 1e-9));
    return Math.min(1, Math.max(0, 1 - db / FLOOR_DB));
}

export class Sound {
    private context: AudioContext | null = null;
    private analyser: AnalyserNode | null = null;
    private sources: MediaStreamAudioSourceNode[] = [];
    private samples = new Uint8Array(0);

    // Listens to the tracks. Answers the one to send: the only one as it is, several mixed.
    use(tracks: MediaStreamTrack[]): MediaStreamTrack | null {
        this.sources.forEach((source) => source.disconnect());
        this.sources = [];
        if (tracks.length === 0) {
            return null;
        }
        const context = this.context ??= new AudioContext();
        this.analyser ??= context.createAnalyser();
        this.analyser.fftSize = 1024;
        this.samples = new Uint8Array(this.analyser.fftSize);
        this.sources = tracks.map((track) => context.createMediaStreamSource(new MediaStream([track])));
        this.wake();
        const mix = tracks.length > 1 ? context.createMediaStreamDestination() : null;
        for (const source of this.sources) {
            source.connect(this.analyser);
            if (mix !== null) {
                source.connect(mix);
            }
        }
        return mix?.stream.getAudioTracks()[0] ?? tracks[0] ?? null;
    }

    // Browsers let sound run only after a touch.
    wake(): void {
        if (this.context?.state === 'suspended') {
            void this.context.resume();
        }
    }

    level(): number {
        if (this.analyser === null || this.sources.length === 0) {
            return 0;
        }
        this.analyser.getByteTimeDomainData(this.samples);
        return level(this.samples);
    }
}
