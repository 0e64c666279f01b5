// SPDX-License-Identifier: Apache-2.0
// The cues of a picture: what a player tells, shown with the frames it belongs to.

import type { Cue, PlacedCue } from './cue';
import { onEachFrame, type ShownFrame } from './frames';
import type { CueOverlay } from './overlay';
import { CueTimeline } from './timeline';

export type CueListener = (event: { state: 'begun' | 'changed' | 'over'; cue: Cue }) => void;

// Owned by the page of a picture, and lives as long.
export class CueShow {
    private readonly timeline = new CueTimeline();
    private readonly listeners = new Set<CueListener>();
    private running = new Map<string, Cue>();

    constructor(video: HTMLVideoElement, private readonly overlay: CueOverlay,
        // The moment of a frame on the clock of the player in use; null: not known.
        private readonly clockOf: (frame: ShownFrame) => number | null) {
        onEachFrame(video, (frame) => this.onFrame(frame));
    }

    put(placed: PlacedCue): void {
        if (this.timeline.put(placed)) {
            this.overlay.prepare(placed.cue);
        }
    }

    // Another player, whose clock is another one. Cards stay until its first picture.
    reset(): void {
        this.timeline.clear();
    }

    // There is no picture any more.
    clear(): void {
        this.timeline.clear();
        this.tell([], 0);
    }

    // The answer ends that.
    listen(listener: CueListener): () => void {
        this.listeners.add(listener);
        return () => void this.listeners.delete(listener);
    }

    private onFrame(frame: ShownFrame): void {
        const now_ms = this.clockOf(frame);
        if (now_ms !== null) {
            this.tell(this.timeline.at(now_ms), now_ms);
        }
    }

    private tell(shown: ReturnType<CueTimeline['at']>, now_ms: number): void {
        this.overlay.show(shown, now_ms);
        const now = new Map(shown.map(({ cue }) => [cue.id, cue]));
        this.running.forEach((cue, id) => !now.has(id) && this.call('over', cue));
        now.forEach((cue, id) => {
            const old = this.running.get(id);
            if (old === undefined) {
                this.call('begun', cue);
            } else if (old !== cue && old.revision !== cue.revision) {
                this.call('changed', cue);
            }
        });
        this.running = now;
    }

    private call(state: 'begun' | 'changed' | 'over', cue: Cue): void {
        this.listeners.forEach((listener) => listener({ state, cue }));
    }
}
