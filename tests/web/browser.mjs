// SPDX-License-Identifier: Apache-2.0
// Watches a channel through the watch page in a real Chromium and judges what it sees.
//
//   node tests/web/browser.mjs --base http://127.0.0.1:8080 --channel live/hq
//       [--player llhls] [--seconds 60] [--max-stalls 0] [--max-latency 2] [--screenshot FILE]
//
// Prints the page's last statistics as one line of JSON. Exit code 0: frames grew all the
// time; 1: they did not, or a limit was broken; 77: Chromium or playwright-core is missing.

import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { parseArgs } from 'node:util';

const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
const FLAGS = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
    '--disable-background-networking', '--disable-component-update', '--disable-sync',
    '--autoplay-policy=no-user-gesture-required', '--ignore-certificate-errors'];
const FIRST_FRAME_MS = 20_000;
const STEP_MS = 2000;

const { values: options } = parseArgs({ options: {
    base: { type: 'string', default: 'http://127.0.0.1:8080' },
    channel: { type: 'string', default: 'live/hq' },
    player: { type: 'string', default: 'auto' },
    seconds: { type: 'string', default: '20' },
    'max-stalls': { type: 'string', default: '0' },
    'max-latency': { type: 'string', default: 'Infinity' },
    screenshot: { type: 'string' },
} });

function loadPlaywright() {
    try {
        return createRequire(new URL('../../src/web/package.json', import.meta.url))('playwright-core');
    } catch {
        return null;
    }
}

function judge(stats, frames) {
    if (options.player !== 'auto' && stats.player !== options.player) {
        return `plays with ${stats.player} instead of ${options.player}`;
    }
    if (stats.stalls > Number(options['max-stalls'])) {
        return `${stats.stalls} stalls, ${stats.stall_ms} ms`;
    }
    if (!(stats.latency_s === null || stats.latency_s <= Number(options['max-latency']))) {
        return `${stats.latency_s} s behind live`;
    }
    const stood = frames.findIndex((count, i) => i > 0 && count <= frames[i - 1]);
    return stood > 0 ? `no new frame in step ${stood} of ${frames.length - 1}` : null;
}

async function watch(page) {
    const numbers = () => page.evaluate(() => window.branchcast.stats());
    await page.goto(`${options.base}/watch/${options.channel}?player=${options.player}`);
    await page.waitForFunction(() => window.branchcast?.stats().decoded_frames > 0, null,
        { timeout: FIRST_FRAME_MS });
    const frames = [(await numbers()).decoded_frames];
    const end_ms = Date.now() + Number(options.seconds) * 1000;
    let stats = await numbers();
    while (Date.now() < end_ms) {
        await page.waitForTimeout(STEP_MS);
        stats = await numbers();
        frames.push(stats.decoded_frames);
    }
    if (options.screenshot) {
        await page.screenshot({ path: options.screenshot });
    }
    return { stats, problem: judge(stats, frames) };
}

async function main() {
    const playwright = loadPlaywright();
    if (!playwright || !existsSync(CHROMIUM)) {
        console.log(`SKIP: ${playwright ? CHROMIUM : 'playwright-core'} is not installed`);
        return 77;
    }
    const browser = await playwright.chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
    try {
        const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
        page.on('console', (message) => console.error(`${message.type()}: ${message.text()}`));
        const { stats, problem } = await watch(page);
        console.log(JSON.stringify(stats));
        if (problem) {
            console.error(`FAIL: ${problem}`);
        }
        return problem ? 1 : 0;
    } catch (error) {
        console.error(`FAIL: ${error.message}`);
        return 1;
    } finally {
        await browser.close();
    }
}

process.exitCode = await main();
