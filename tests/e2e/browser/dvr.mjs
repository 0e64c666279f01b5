// SPDX-License-Identifier: Apache-2.0
// Goes back in a live on the watch page and returns, in Chromium, and reports what was seen.
//
//   node tests/e2e/browser/dvr.mjs '{"url": "http://…/watch/live/hq", "picture": "dvr.png"}'
//
// Prints {live, back, again}: {player, number, at_ms}, what played and the number in its picture
// at a wall clock. Exit code 77: no Chromium.

import { launch } from './chromium.mjs';

const WAIT_MS = 30_000;

// Runs in the page: the number in the strip along the picture's bottom (tools/make-testdata),
// once the wanted kind of player shows one.
function look(back) {
    const now = window.branchcast.stats();
    if (now.state !== 'playing' || (now.player === 'dvr') !== back) {
        return null;
    }
    const video = document.querySelector('video');
    const canvas = document.createElement('canvas');
    canvas.width = 160;
    canvas.height = 4;
    const context = canvas.getContext('2d');
    context.drawImage(video, 0, video.videoHeight * 0.935, video.videoWidth, video.videoHeight * 0.045,
        0, 0, 160, 4);
    const { data } = context.getImageData(0, 2, 160, 1);
    let value = 0;
    for (let i = 0; i < 16; i++) {
        value = (value << 1) | (data[(i * 10 + 5) * 4] > 125 ? 1 : 0);
    }
    const n = (value >> 2) & 0xfff;
    const whole = value >> 14 === 2 && (((n >> 8) + (n >> 4) + n) & 3) === (value & 3);
    return whole ? { player: now.player, number: n, at_ms: Date.now() } : null;
}

async function main() {
    const job = JSON.parse(process.argv[2]);
    const browser = await launch();
    try {
        const page = await browser.newPage({ viewport: { width: 360, height: 640 } });
        await page.goto(job.url);
        const seen = async (back) => (await page.waitForFunction(look, back, { timeout: WAIT_MS })).jsonValue();
        const live = await seen(false);
        const bar = page.locator('.dvr [role=slider]');
        await bar.waitFor({ timeout: WAIT_MS });
        await bar.focus();
        await bar.press('Home');
        const back = await seen(true);
        if (job.picture) {
            await page.screenshot({ path: job.picture });
        }
        await page.locator('.live-jump').click();
        const again = await seen(false);
        console.log(JSON.stringify({ live, back, again }));
    } finally {
        await browser.close();
    }
    return 0;
}

process.exit(await main());
