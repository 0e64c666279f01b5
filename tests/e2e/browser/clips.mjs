// SPDX-License-Identifier: Apache-2.0
// Does what an operator does on the clip page, in Chromium, and reports what was seen.
//
//   node tests/e2e/browser/clips.mjs '{"base": "http://…", "replay": "ID", "title": "…"}'
//
// Fields: base, token, replay (id; its card is clicked), seconds (steps of a second before the
// start), frames (steps of a frame after that), length (steps of a second to the end), last (the
// button of so many last seconds instead), title, pictures (a folder for screenshots), name (of
// the screenshots), width, height, language.
// Prints one line of JSON. Exit code 77: no Chromium.

import { join } from 'node:path';

import { launch } from './chromium.mjs';

const WAIT_MS = 30_000;

// Runs in the page: the number in the strip along the picture's bottom (tools/make-testdata).
function numberShown() {
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
    return value >> 14 === 2 && (((n >> 8) + (n >> 4) + n) & 3) === (value & 3) ? n : null;
}

const stats = (page) => page.evaluate(() => window.branchcast.stats());

// Until no seek is under way and its picture is drawn.
async function settle(page) {
    await page.waitForFunction(() => {
        const now = window.branchcast.stats();
        return now.ready && !now.seeking;
    }, null, { timeout: WAIT_MS });
    await page.evaluate(() => new Promise((done) => {
        requestAnimationFrame(() => requestAnimationFrame(done));
    }));
}

async function press(page, key, times = 1) {
    for (let i = 0; i < times; i++) {
        await page.keyboard.press(key);
        await settle(page);
    }
}

async function shoot(page, job, name) {
    if (job.pictures) {
        await page.screenshot({ path: join(job.pictures, `console-${name}-${job.name ?? 'page'}.png`),
            fullPage: true });
    }
}

async function enter(page, job) {
    await page.goto(`${job.base}/console/clips`);
    if (job.token) {
        await page.fill('#token', job.token);
        await page.click('button[type=submit]');
    }
    await page.waitForSelector(`.source[data-id="${job.replay}"]`, { timeout: WAIT_MS });
    await shoot(page, job, 'list');
    await page.click(`.source[data-id="${job.replay}"]`);
    await page.waitForFunction(() => window.branchcast?.stats().ready, null, { timeout: WAIT_MS });
}

async function mark(page, job, result) {
    if (job.last) {
        await page.click(`[data-last="${job.last}"]`);
        await page.waitForFunction(() => window.branchcast.stats().in_ms !== null);
        await settle(page);
        return;
    }
    await press(page, 'Home');
    await press(page, 'Shift+ArrowRight', job.seconds ?? 1);
    await press(page, 'ArrowRight', job.frames ?? 0);
    result.first = await page.evaluate(numberShown);
    await page.keyboard.press('i');
    await page.waitForFunction(() => window.branchcast.stats().in_ms !== null);
    await press(page, 'Shift+ArrowRight', job.length ?? 2);
    await press(page, 'ArrowLeft');
    result.last = await page.evaluate(numberShown);
    await page.keyboard.press('o');
    await page.waitForFunction(() => window.branchcast.stats().out_ms !== null);
    await page.keyboard.press('z');
    await press(page, 'Shift+I');
    result.again = await page.evaluate(numberShown);
}

async function work(page, job) {
    const result = { console: [], first: null, last: null, again: null };
    page.on('pageerror', (error) => result.console.push(`exception: ${error.message}`));
    await enter(page, job);
    await mark(page, job, result);
    result.stats = await stats(page);
    await page.fill('#clip-name', job.title);
    await page.waitForTimeout(500);
    await shoot(page, job, 'edit');
    await page.click('.make');
    const row = page.locator('.job', { hasText: job.title }).first();
    await row.waitFor({ timeout: WAIT_MS });
    await page.waitForFunction((title) => [...document.querySelectorAll('.job')].some(
        (job_row) => job_row.textContent.includes(title)
            && ['ready', 'failed'].includes(job_row.dataset.state)), job.title, { timeout: WAIT_MS });
    result.state = await row.getAttribute('data-state');
    result.clip = await row.getAttribute('data-id');
    result.overflow = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    result.address = page.url();
    result.text = await page.evaluate(() => document.body.innerText);
    await page.waitForTimeout(500);
    await shoot(page, job, 'made');
    return result;
}

async function main() {
    const job = JSON.parse(process.argv[2]);
    const browser = await launch();
    try {
        const context = await browser.newContext({ locale: job.language ?? 'en-US',
            viewport: { width: job.width ?? 1280, height: job.height ?? 900 } });
        console.log(JSON.stringify(await work(await context.newPage(), job)));
    } finally {
        await browser.close();
    }
    return 0;
}

process.exitCode = await main();
