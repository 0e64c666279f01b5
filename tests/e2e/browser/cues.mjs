// SPDX-License-Identifier: Apache-2.0
// Cards on the watch page, with one page a player at the same time in one Chromium: at which
// number in the picture (tools/make-testdata) a card comes and goes.
//
//   node tests/e2e/browser/cues.mjs '{"base": "http://…", "channel": "live/hq", "players": ["flv"],
//       "cue": {"id": "c1", "kind": "product", "data": {…}, "delay_ms": 3000, "duration_ms": 2000}}'
//
// Posts `cue` once all of them play, and with `picture` (a directory) takes pictures while it is
// there. With `replay` in place of `players`: the page of that replay. Prints
// {name: {frames: [[number, shown]], card, console, overflow, played}}. Exit code 77: no Chromium.

import { join } from 'node:path';

import { launch } from './chromium.mjs';

const WAIT_MS = 25_000;

// Runs in the page: with every frame that comes to the screen, the number in it and whether the
// card is there. It asks on its own, after the page's own code has seen the frame.
function observe(id) {
    const video = document.querySelector('video');
    const canvas = document.createElement('canvas');
    canvas.width = 160;
    canvas.height = 4;
    const context = canvas.getContext('2d', { willReadFrequently: true });
    const read = () => {
        context.drawImage(video, 0, video.videoHeight * 0.935, video.videoWidth,
            video.videoHeight * 0.045, 0, 0, 160, 4);
        const { data } = context.getImageData(0, 2, 160, 1);
        let value = 0;
        for (let i = 0; i < 16; i++) {
            value = (value << 1) | (data[(i * 10 + 5) * 4] > 125 ? 1 : 0);
        }
        const n = (value >> 2) & 0xfff;
        return value >> 14 === 2 && (((n >> 8) + (n >> 4) + n) & 3) === (value & 3) ? n : null;
    };
    const seen = { frames: [], card: null };
    const next = () => video.requestVideoFrameCallback(() => {
        const number = read();
        const card = document.querySelector(`[data-cue="${id}"]`);
        if (card) {
            const image = card.querySelector('img');
            const box = card.getBoundingClientRect();
            const controls = document.querySelector('.controls').getBoundingClientRect();
            const stage = document.querySelector('.stage').getBoundingClientRect();
            seen.card = { revision: card.dataset.revision, text: card.textContent,
                href: card.querySelector('a').getAttribute('href'), rel: card.querySelector('a').rel,
                label: card.querySelector('a').getAttribute('aria-label'),
                src: image?.getAttribute('src') ?? null, drawn: image?.naturalWidth > 0,
                inside: box.left >= stage.left - 30 && box.right <= stage.right + 30 && box.top >= stage.top
                    && box.bottom <= (document.querySelector('.stage').matches('.idle')
                        ? stage.bottom : controls.bottom - 40), wide: box.width / stage.width };
        }
        seen.frames.push([number, card !== null]);
        next();
    });
    next();
    window.seen = seen;
}

const was = () => window.seen.frames.some(([, shown]) => shown);
const over = () => window.seen.frames.some(([, shown]) => shown) && window.seen.frames.slice(-8)
    .every(([, shown]) => !shown);

async function open(browser, name, url, size, language) {
    const context = await browser.newContext({ viewport: size, locale: language ?? 'en-US' });
    const page = await context.newPage();
    const lines = [];
    page.on('console', (m) => lines.push(`${m.type()}: ${m.text()}`));
    page.on('pageerror', (e) => lines.push(`exception: ${e.message}`));
    await page.goto(url);
    return { name, page, lines };
}

async function main() {
    const job = JSON.parse(process.argv[2]);
    const browser = await launch();
    const api = `${job.base}/api/v1/channels/${job.channel}/cues`;
    const post = async (method, url, body) => {
        const answer = await fetch(url, { method, body: JSON.stringify(body),
            headers: { 'content-type': 'application/json' } });
        if (!answer.ok) {
            throw new Error(`${method} ${url}: ${answer.status} ${await answer.text()}`);
        }
        return answer.status === 204 ? null : answer.json();
    };
    const result = {};
    const opened = [];
    try {
        const players = job.players ?? [];
        opened.push(...await Promise.all(job.replay
            ? [open(browser, 'replay', `${job.base}/watch/replay/${job.replay}?t=${job.from_s ?? 0}`, { width: 1280, height: 720 })]
            : players.map((name, i) => open(browser, name, `${job.base}/watch/${job.channel}?protocol=${name}`,
                i === 0 ? { width: 1280, height: 720 } : { width: 390, height: 720 }, i === 0 ? 'en-US' : 'zh-CN'))));
        await Promise.all(opened.map(async ({ page }) => {
            await page.waitForFunction(() => window.branchcast?.stats().decoded_frames > 30, null, { timeout: WAIT_MS });
            await page.evaluate(observe, job.cue.id);
        }));
        if (!job.replay) {
            result.cue = await post('POST', api, job.cue);
        }
        const shown = opened.map(({ page }) => page.waitForFunction(was, null, { timeout: WAIT_MS }));
        if (job.change) {
            // The others are behind the first one, and have it when they come to that.
            await Promise.race(shown);
            result.changed = await post('PATCH', `${api}/${job.cue.id}`, job.change);
        }
        await Promise.all(shown);
        if (job.picture) {
            await Promise.all(opened.map(({ name, page }) => page.screenshot({ path: join(job.picture, `cues-${name}.png`) })));
        }
        await Promise.all(opened.map(({ page }) => page.waitForFunction(over, null, { timeout: WAIT_MS })));
        for (const { name, page, lines } of opened) {
            result[name] = { ...await page.evaluate(() => window.seen), console: lines,
                played: (await page.evaluate(() => window.branchcast.stats())).player ?? 'replay',
                overflow: await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth) };
        }
        console.log(JSON.stringify(result));
    } catch (error) {
        for (const { name, page, lines } of opened) {
            console.error(name, JSON.stringify(await page.evaluate(() => window.branchcast?.stats())), lines.slice(-5));
        }
        throw error;
    } finally {
        await browser.close();
    }
    return 0;
}

process.exitCode = await main();
