// SPDX-License-Identifier: Apache-2.0
// The browser of all programs here.

import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';

const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
const FLAGS = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
    '--disable-background-networking', '--disable-component-update', '--disable-sync',
    '--disable-backgrounding-occluded-windows', '--disable-renderer-backgrounding',
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

// Ends the program where there is none.
export async function launch(flags = []) {
    const found = playwright();
    if (!found || !existsSync(CHROMIUM)) {
        console.log(`${found ? CHROMIUM : 'playwright-core'} is not installed`);
        process.exit(NOT_INSTALLED);
    }
    return found.chromium.launch({ executablePath: CHROMIUM, args: [...FLAGS, ...flags] });
}
