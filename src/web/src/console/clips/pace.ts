// SPDX-License-Identifier: Apache-2.0
// How often to ask how far the jobs are: often while they move, seldom while nothing does.

const FIRST_MS = 400;
const BUSY_MAX_MS = 4000;
const IDLE_MS = 15_000;
const GROWTH = 1.5;

export class JobPace {
    private wait_ms = FIRST_MS;
    private last = '';

    // `progress` of every job that runs or waits.
    next(progress: readonly number[]): number {
        if (progress.length === 0) {
            this.wait_ms = FIRST_MS;
            this.last = '';
            return IDLE_MS;
        }
        const now = progress.join();
        this.wait_ms = now === this.last ? Math.min(this.wait_ms * GROWTH, BUSY_MAX_MS) : FIRST_MS;
        this.last = now;
        return this.wait_ms;
    }

    failed(): number {
        this.wait_ms = Math.min(this.wait_ms * 2, IDLE_MS);
        return this.wait_ms;
    }

    wake(): void {
        this.wait_ms = FIRST_MS;
        this.last = '';
    }
}
