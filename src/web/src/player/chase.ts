// SPDX-License-Identifier: Apache-2.0
// Keeps a stream without its own live edge (FLV) close to live.

const FIRST_TARGET_S = 0.8;
const MAX_TARGET_S = 3.0;
const STALL_STEP_S = 0.4;
const CALM_MS = 60_000;
const JUMP_BEYOND_S = 3.0;

export interface ChaseStep {
    rate: number;
    jump: boolean;
}

// How far behind live to stay, and how to get there. A fixed distance either stalls on bad
// networks or wastes seconds on good ones, so every stall widens it and a calm minute narrows it.
export class Chaser {
    private target = FIRST_TARGET_S;
    private calm_since_ms = 0;
    private rate = 1;
    private stalled = false;

    get target_s(): number {
        return this.target;
    }

    onStall(now_ms: number): void {
        this.stalled = true;
        this.target = Math.min(this.target + STALL_STEP_S, MAX_TARGET_S);
        this.calm_since_ms = now_ms;
    }

    step(now_ms: number, latency_s: number): ChaseStep {
        if (now_ms - this.calm_since_ms > CALM_MS) {
            this.calm_since_ms = now_ms;
            this.target = Math.max(this.target - STALL_STEP_S / 2, FIRST_TARGET_S);
        }
        const excess_s = latency_s - this.target;
        if (excess_s > JUMP_BEYOND_S) {
            this.rate = 1;
            return { rate: 1, jump: true };
        }
        if (excess_s > 1.5) {
            this.rate = 1.2;
        } else if (excess_s > 0.4) {
            this.rate = 1.1;
        } else if (excess_s < -0.3 && this.stalled) {
            // The network has shown that it needs the distance; nobody hears 5 % less.
            this.rate = 0.95;
        } else if (excess_s < 0.1 && (this.rate > 1 || excess_s > -0.1)) {
            this.rate = 1;
        }
        return { rate: this.rate, jump: false };
    }
}
