// SPDX-License-Identifier: Apache-2.0
// Does what an operator does on the page of channels, in Chromium.
//
//   node tests/e2e/browser/channels.mjs '{"base": "http://…", "channel": "store/0571"}'
//
// Fields: base, token, channel, take (index of the source to put on air), title (of a schedule
// that is set and deleted), close (whether to close and open the channel), pictures, name, width,
// height, language. Prints one line of JSON. Exit code 77: no Chromium.

import { join } from 'node:path';

import { launch } from './chromium.mjs';

const WAIT = { timeout: 15_000 };

async function operate(page, job, result) {
    const card = page.locator(`[data-channel="${job.channel}"]`);
    const text = async () => (await card.innerText()).replace(/\s+/g, ' ');
    const shoot = (name) => (job.pictures ? page.screenshot({ fullPage: true,
        path: join(job.pictures, `channels-${name}-${job.name ?? 'page'}.png`) }) : null);
    await page.goto(`${job.base}/console/channels`);
    if (job.token) {
        await page.fill('#token', job.token);
        await page.click('button[type=submit]');
    }
    await card.waitFor(WAIT);
    result.before = await text();
    if (job.take !== undefined) {
        await card.locator(`[data-index="${job.take}"] .take`).click(WAIT);
        await card.locator(`[data-index="${job.take}"][data-state="on_air"]`).waitFor(WAIT);
        result.taken = await text();
        await card.locator('.auto').click();
        await card.locator('.auto[aria-pressed="true"]').waitFor(WAIT);
    }
    await card.locator('.edit-schedule').click(WAIT);
    await card.locator('.schedule-form input[type=text]').fill(job.title);
    const [starts, ends] = await card.locator('.schedule-form input[type=datetime-local]').all();
    await starts.fill('2031-03-01T20:00');
    await ends.fill('2031-03-01T22:00');
    await shoot('form');
    await card.locator('.schedule-form button[type=submit]').click();
    await card.getByText(job.title).waitFor(WAIT);
    result.scheduled = await text();
    await shoot('list');
    result.overflow = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    await card.locator('.edit-schedule').click();
    await card.locator('.schedule-form button').first().click();
    await card.getByText(job.title).waitFor({ ...WAIT, state: 'hidden' });
    if (job.close) {
        await card.locator('.switch').click();
        await page.locator('dialog .danger').click();
        await card.locator('.switch[aria-checked="false"]').waitFor(WAIT);
        result.closed = await text();
        await card.locator('.switch').click();
        await card.locator('.switch[aria-checked="true"]').waitFor(WAIT);
    }
    result.after = await text();
}

async function main() {
    const job = JSON.parse(process.argv[2]);
    const browser = await launch();
    const result = { console: [], error: null };
    try {
        const context = await browser.newContext({ locale: job.language ?? 'en-US',
            viewport: { width: job.width ?? 1280, height: job.height ?? 800 } });
        const page = await context.newPage();
        page.on('pageerror', (e) => result.console.push(`exception: ${e.message}`));
        await operate(page, job, result);
    } catch (error) {
        result.error = error.message;
    } finally {
        await browser.close();
    }
    console.log(JSON.stringify(result));
    return 0;
}

process.exitCode = await main();
