// SPDX-License-Identifier: Apache-2.0

// Keeps the phone's screen on: when it sleeps, the camera does too. Browsers take the lock away
// from pages that are out of sight.
export class WakeLock {
    private wanted = false;
    private lock: WakeLockSentinel | null = null;

    constructor() {
        document.addEventListener('visibilitychange', () => void this.apply());
    }

    set(wanted: boolean): void {
        this.wanted = wanted;
        void this.apply();
    }

    private async apply(): Promise<void> {
        try {
            if (!this.wanted) {
                await this.lock?.release();
                this.lock = null;
            } else if (document.visibilityState === 'visible' && (this.lock?.released ?? true)) {
                this.lock = await navigator.wakeLock.request('screen');
            }
        } catch {
            // Low battery, or no such thing here.
        }
    }
}
