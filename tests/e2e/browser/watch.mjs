// SPDX-License-Identifier: Apache-2.0
// Opens pages of the server in one Chromium, all at the same time, and reports what each saw.
//
//   node tests/e2e/browser/watch.mjs '[{"name": "llhls", "url": "http://…", "seconds": 60}]'
//
// Fields: name, url, after_s (waits before), seconds, stop (watches on until there is such a file), width, height (of the window), screenshot (file, at the end),
// panel (open the statistics before the screenshot), language, ignore_tls, qualities (what is
// chosen, by the second), until_text (waits for it first), sound (there will be no picture),
// hls (a playlist that hls.js plays alone in place of the page, as its manual has it).
// Prints one line of JSON: {name: {samples: [{at_ms, number, late_ms, stats}], console: [], error}}.
// `number` is the number in the picture (see tools/make-testdata). Exit code 77: no Chromium.

import { existsSync, readFileSync } from 'node:fs';

import { countLateness, launch, load } from './chromium.mjs';

const FIRST_FRAME_MS = 25_000;
const STOP_MS = 120_000;

// Runs in the page: the statistics, and the number in the strip along the picture's bottom.
function look() {
    const video = document.querySelector('video');
    let number = null;
    if (video && video.videoWidth > 0) {
        const canvas = document.createElement('canvas');
        canvas.width = 160;
        canvas.height = 4;
        const context = canvas.getContext('2d');
        context.drawImage(video, 0, video.videoHeight * 0.935, video.videoWidth,
            video.videoHeight * 0.045, 0, 0, 160, 4);
        const { data } = context.getImageData(0, 2, 160, 1);
        let value = 0;
        for (let i = 0; i < 16; i++) {
            value = (value << 1) | (data[(i * 10 + 5) * 4] > 125 ? 1 : 0);
        }
        const n = (value >> 2) & 0xfff;
        if (value >> 14 === 2 && (((n >> 8) + (n >> 4) + n) & 3) === (value & 3)) {
            number = n;
        }
    }
    return { at_ms: Date.now(), number, late_ms: window.late_ms, stats: window.branchcast?.stats() ?? null };
}

// Runs in the page: hls.js, and what its manual says to do after fatal errors.
function playAlone(url) {
    document.body.innerHTML = '<video muted autoplay width="320"></video>';
    const video = document.querySelector('video');
    const hls = new Hls({ lowLatencyMode: true });
    const fatal = [];
    hls.on(Hls.Events.ERROR, (_, data) => {
        if (data.fatal) {
            fatal.push(data.details);
            setTimeout(() => data.type === Hls.ErrorTypes.NETWORK_ERROR
                ? hls.startLoad() : hls.recoverMediaError(), 500);
        }
    });
    const metadata = [];
    const ranges = {};
    hls.on(Hls.Events.FRAG_PARSING_METADATA, (_, { samples }) => metadata.push(
        ...samples.map(({ pts, type, data }) => ({ pts, type, text: new TextDecoder().decode(data) }))));
    hls.on(Hls.Events.LEVEL_UPDATED, (_, { details }) => Object.values(details.dateRanges).forEach(
        (range) => { ranges[range.id] = { valid: range.isValid, start_ms: range.startDate.getTime() }; }));
    hls.loadSource(url);
    hls.attachMedia(video);
    window.branchcast = { stats: () => ({
        decoded_frames: video.getVideoPlaybackQuality().totalVideoFrames, fatal, metadata, ranges,
        current_time: video.currentTime }) };
}

async function watch(browser, job) {
    const result = { samples: [], console: [], error: null };
    const context = await browser.newContext({
        viewport: { width: job.width ?? 1280, height: job.height ?? 720 },
        locale: job.language ?? 'en-US',
        ignoreHTTPSErrors: job.ignore_tls ?? false,
    });
    try {
        const page = await context.newPage();
        await page.waitForTimeout((job.after_s ?? 0) * 1000);
        await page.addInitScript(countLateness);
        page.on('console', (m) => result.console.push(`${m.type()}: ${m.text()}`));
        page.on('pageerror', (e) => result.console.push(`exception: ${e.message}`));
        await page.goto(job.url);
        if (job.hls) {
            await page.evaluate(readFileSync(load.resolve('hls.js/dist/hls.js'), 'utf8'));
            await page.evaluate(playAlone, job.hls);
        }
        if (job.until_text) {
            await page.waitForFunction((words) => document.body.innerText.includes(words),
                job.until_text, { timeout: FIRST_FRAME_MS });
        }
        if (job.seconds) {
            await page.waitForFunction((sound) => {
                const stats = window.branchcast?.stats();
                return sound ? stats?.current_time > 0 : stats?.decoded_frames > 0;
            }, job.sound ?? false, { timeout: FIRST_FRAME_MS });
        }
        const end_ms = Date.now() + (job.seconds ?? 0) * 1000;
        const goesOn = () => job.stop && Date.now() < end_ms + STOP_MS && !existsSync(job.stop);
        while (Date.now() < end_ms || goesOn()) {
            const wish = job.qualities?.[result.samples.length];
            if (wish !== undefined) {
                await page.selectOption('.quality select', wish);
            }
            await page.waitForTimeout(1000);
            result.samples.push(await page.evaluate(look));
        }
        result.title = await page.title();
        result.text = await page.evaluate(() => document.body.innerText);
        result.overflow = await page.evaluate(
            () => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        if (job.panel) {
            await page.click('[aria-controls="statistics"]');
        }
        if (job.screenshot) {
            await page.screenshot({ path: job.screenshot });
        }
    } catch (error) {
        result.error = error.message;
    } finally {
        await context.close();
    }
    return result;
}

async function main() {
    const jobs = JSON.parse(process.argv[2]);
    const browser = await launch();
    try {
        const results = await Promise.all(jobs.map((job) => watch(browser, job)));
        console.log(JSON.stringify(Object.fromEntries(jobs.map((job, i) => [job.name, results[i]]))));
    } finally {
        await browser.close();
    }
    return 0;
}

process.exitCode = await main();
