// SPDX-License-Identifier: Apache-2.0
// The pages that speak WebRTC, in one Chromium with a camera and a microphone that are not real.
//
//   node tests/e2e/browser/webrtc.mjs '{"scenario": "fallback", "base": "http://…", …}'
//
// Scenarios are the functions at the end. Prints one line of JSON. Exit code 77: no Chromium.

import { countLateness, launch } from './chromium.mjs';

const LIMIT_MS = 20_000;

const stats = (page) => page.evaluate(
    () => ({ ...window.branchcast.stats(), late_ms: window.late_ms }));

async function openPage(context, url, console_lines) {
    const page = await context.newPage();
    await page.addInitScript(countLateness);
    page.on('console', (m) => console_lines.push(`${m.type()}: ${m.text()}`));
    page.on('pageerror', (e) => console_lines.push(`exception: ${e.message}`));
    await page.goto(url);
    return page;
}

async function firstFrame(page) {
    await page.waitForFunction(() => window.branchcast?.stats().decoded_frames > 0, null,
        { timeout: LIMIT_MS, polling: 50 });
    return stats(page);
}

async function samples(page, seconds) {
    const list = [];
    for (let i = 0; i < seconds; i++) {
        await page.waitForTimeout(1000);
        list.push(await stats(page));
    }
    return list;
}

const states = (page, wanted, timeout = LIMIT_MS) => page.waitForFunction(
    (name) => window.golive?.state() === name, wanted, { timeout, polling: 50 });

// How long until something plays, and how long after a reload.
async function fallback({ context, job, console_lines }) {
    let began_ms = Date.now();
    const page = await openPage(context, `${job.base}/watch/${job.channel}`, console_lines);
    const first = await firstFrame(page);
    const first_ms = Date.now() - began_ms;
    began_ms = Date.now();
    await page.reload();
    const again = await firstFrame(page);
    const again_ms = Date.now() - began_ms;
    return { first, first_ms, again, again_ms, later: (await samples(page, 3))[2] };
}

// Opens the page for hosts and presses the button.
async function goLive(context, job, console_lines) {
    const query = new URLSearchParams({ ...(job.key ? { key: job.key } : {}), ...(job.query ?? {}) });
    const page = await openPage(context, `${job.base}/go-live/${job.channel}?${query}`, console_lines);
    const enable = page.locator('.enable .button');
    const go = page.locator('.go');
    await page.waitForTimeout(300);
    if (await enable.isVisible()) {
        await enable.click();
    }
    await go.click({ timeout: LIMIT_MS });
    return page;
}

// A host on a phone, and one page a player that watches; then the host stops.
async function publish({ context, job, console_lines }) {
    const host = await goLive(context, job, console_lines);
    const began_ms = Date.now();
    await states(host, 'live');
    const live_ms = Date.now() - began_ms;
    const viewers = {};
    for (const player of job.players) {
        const url = `${job.base}/watch/${job.channel}?protocol=${player}`;
        const page = await openPage(context, url, console_lines);
        await firstFrame(page);
        viewers[player] = page;
    }
    const seen = {};
    await Promise.all(job.players.map(async (player) => {
        seen[player] = await samples(viewers[player], job.seconds);
    }));
    const numbers = await host.evaluate(() => window.golive.numbers());
    const text = await host.evaluate(() => document.body.innerText);
    const overflow = await host.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    if (job.screenshot) {
        await host.screenshot({ path: job.screenshot });
    }
    await host.click('.go');
    await states(host, 'idle');
    const page = viewers[job.players[0]];
    await page.waitForFunction(() => window.branchcast.stats().state === 'ended', null,
        { timeout: LIMIT_MS }).catch(() => undefined);
    const last = await stats(page);
    return { live_ms, seen, numbers, text, overflow, last, address: host.url() };
}

// What the page says to a host whom the server does not let in.
async function refused({ context, job, console_lines }) {
    const host = await goLive(context, job, console_lines);
    await states(host, 'refused');
    return { saying: await host.locator('.saying').innerText() };
}

// The server goes away and comes back, while a host is live and somebody watches.
async function survive({ context, job, console_lines }) {
    const host = await goLive(context, job, console_lines);
    await states(host, 'live');
    const viewer = await openPage(context, `${job.base}/watch/${job.channel}`, console_lines);
    const before = await firstFrame(viewer);
    await states(host, 'reconnecting', job.seconds * 1000);
    const saying = await host.locator('.saying').innerText();
    await states(host, 'live', job.seconds * 1000);
    const { decoded_frames } = await stats(viewer);
    await viewer.waitForFunction(
        (n) => {
            const now = window.branchcast.stats();
            return now.decoded_frames > n + 50 && now.state === 'playing';
        }, decoded_frames, { timeout: LIMIT_MS });
    return { before, saying, after: await stats(viewer) };
}

// What the API sends to the pages, seen by people and by scripts.
async function message({ context, job, console_lines }) {
    const page = await openPage(context, `${job.base}/watch/${job.channel}?protocol=whep`, console_lines);
    await firstFrame(page);
    await page.evaluate(() => window.branchcast.onMessage((m) => (window.seen ??= []).push(m)));
    const statuses = [];
    for (const body of job.messages) {
        const answer = await fetch(`${job.base}/api/v1/channels/${job.channel}/messages`,
            { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) });
        statuses.push(answer.status);
    }
    await page.waitForFunction((n) => window.seen?.length >= n, job.messages.length, { timeout: LIMIT_MS });
    return { statuses, seen: await page.evaluate(() => window.seen),
        toast: await page.locator('.toast').innerText() };
}

// A network without UDP, as far as the browser can tell.
async function answerWithTcpOnly(route) {
    const response = await route.fetch();
    const body = (await response.text()).replace(/^a=candidate:\S+ \d udp .*\r\n/gim, '');
    await route.fulfill({ response, body });
}

const SCENARIOS = { fallback, publish, refused, survive, message };

async function main() {
    const job = JSON.parse(process.argv[2]);
    const console_lines = [];
    const browser = await launch(
        ['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream']);
    try {
        const context = await browser.newContext({
            viewport: { width: job.width ?? 390, height: job.height ?? 844 },
            locale: job.language ?? 'en-US',
            permissions: ['camera', 'microphone'],
        });
        if (job.only_tcp) {
            await context.route(/\/whep$/, answerWithTcpOnly);
        }
        const result = await SCENARIOS[job.scenario]({ context, job, console_lines })
            .catch((error) => ({ error: error.message }));
        console.log(JSON.stringify({ error: null, ...result, console: console_lines }));
    } finally {
        await browser.close();
    }
    return 0;
}

process.exitCode = await main();
