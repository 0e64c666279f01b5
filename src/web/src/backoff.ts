// SPDX-License-Identifier: Apache-2.0

// Waiting times that grow, spread by chance so that a thousand viewers of a broadcast
// that broke do not all come back in the same moment.
export class Backoff {
    private wait_ms: number;

    constructor(
        private readonly first_ms = 1000,
        private readonly max_ms = 10000,
        private readonly factor = 1.6,
        private readonly random: () => number = Math.random,
    ) {
        this.wait_ms = first_ms;
    }

    next(): number {
        const spread = 0.8 + 0.4 * this.random();
        const wait_ms = Math.round(this.wait_ms * spread);
        this.wait_ms = Math.min(this.wait_ms * this.factor, this.max_ms);
        return wait_ms;
    }

    reset(): void {
        this.wait_ms = this.first_ms;
    }
}
