// SPDX-License-Identifier: Apache-2.0
// The browser of all programs here.

import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';

const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
const FLAGS = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
    '--disable-background-networking', '--disable-component-update', '--disable-sync',
    '--disable-backgrounding-occluded-windows', '--disable-renderer-backgrounding',
    '--disable-background-timer-throttling',
    '--autoplay-policy=no-user-gesture-required'];
const NOT_INSTALLED = 77; // the exit code of a test that can't run

// Loads packages of the pages.
export const load = createRequire(new URL('../../../src/web/package.json', import.meta.url));

function playwright() {
    try {
        return load('playwright-core');
    } catch {
        return null;
    }
}

// Runs in a page before its own code: how late the browser itself was in all, because the machine
// had no time for it. A stall of a picture within that is nobody's fault but the machine's.
export function countLateness() {
    const EVERY_MS = 20;
    const FREE_MS = 20;
    let then = performance.now();
    window.late_ms = 0;
    setInterval(() => {
        const now = performance.now();
        window.late_ms += Math.max(0, now - then - EVERY_MS - FREE_MS);
        then = now;
    }, EVERY_MS);
}

// Ends the program where there is none.
export async function launch(flags = []) {
    const found = playwright();
    if (!found || !existsSync(CHROMIUM)) {
        console.log(`${found ? CHROMIUM : 'playwright-core'} is not installed`);
        process.exit(NOT_INSTALLED);
    }
    return found.chromium.launch({ executablePath: CHROMIUM, args: [...FLAGS, ...flags] });
}
