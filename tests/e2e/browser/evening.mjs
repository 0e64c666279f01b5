// SPDX-License-Identifier: Apache-2.0
// Stays on a watch page through a scheduled broadcast, from the lobby to the replay, and opens
// it once more after the end.
//
//   node tests/e2e/browser/evening.mjs '{"url": "http://…/watch/live/hq", "seconds": 40}'
//
// Fields: url, seconds (at most), pictures (a folder for screenshots), and for the second visit
// width, height, language. Prints one line of JSON: {seen: [{at_ms, lobby, state, frames, replay}],
// later, console, error}. Exit code 77: no Chromium.

import { join } from 'node:path';

import { launch } from './chromium.mjs';

// Runs in the page.
function look() {
    const lobby = document.querySelector('.lobby');
    const replay = document.querySelector('.afterwards video');
    const stats = window.branchcast?.stats();
    return {
        at_ms: Date.now(),
        lobby: lobby && !lobby.hidden ? lobby.innerText : '',
        state: stats?.state ?? '',
        frames: stats?.decoded_frames ?? 0,
        replay: replay ? replay.currentTime : -1,
    };
}

async function visit(browser, job, window) {
    const context = await browser.newContext({ locale: job.language ?? 'en-US', viewport: window });
    const page = await context.newPage();
    const said = [];
    page.on('pageerror', (e) => said.push(`exception: ${e.message}`));
    await page.goto(job.url);
    return { page, said };
}

async function main() {
    const job = JSON.parse(process.argv[2]);
    const browser = await launch();
    const result = { seen: [], later: null, console: [], error: null };
    const shoot = (page, name) => (job.pictures
        ? page.screenshot({ path: join(job.pictures, `evening-${name}.png`) }) : null);
    try {
        const first = await visit(browser, { ...job, language: 'en-US' }, { width: 1280, height: 720 });
        const end_ms = Date.now() + job.seconds * 1000;
        let shot = '';
        while (Date.now() < end_ms) {
            const now = await first.page.evaluate(look);
            result.seen.push(now);
            const name = now.replay > 0.5 ? 'replay' : now.lobby !== '' ? 'lobby'
                : now.state === 'playing' ? 'live' : shot;
            if (name !== shot) {
                shot = name;
                await shoot(first.page, name);
            }
            if (name === 'replay') {
                break;
            }
            await first.page.waitForTimeout(250);
        }
        const later = await visit(browser, job, { width: 360, height: 740 });
        await later.page.waitForFunction(() => {
            const replay = document.querySelector('.afterwards video');
            return replay && replay.currentTime > 0.3;
        }, null, { timeout: 15_000 });
        result.later = { text: await later.page.evaluate(() => document.body.innerText),
            overflow: await later.page.evaluate(() =>
                document.documentElement.scrollWidth - document.documentElement.clientWidth) };
        await shoot(later.page, 'later');
        result.console = [...first.said, ...later.said];
    } catch (error) {
        result.error = error.message;
    } finally {
        await browser.close();
    }
    console.log(JSON.stringify(result));
    return 0;
}

process.exitCode = await main();
