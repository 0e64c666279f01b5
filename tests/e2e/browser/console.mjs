// SPDX-License-Identifier: Apache-2.0
// An operator at the console in Chromium: fires cards, mixes pictures.
//
//   node tests/e2e/browser/console.mjs '{"base": "http://…", "channel": "live/hq",
//       "composite": "store/0571", "pictures": "directory", "upload": "a.png"}'
//
// Prints {cards: {…}, switcher: {…}, console: [], overflow: [n]}. Exit code 77: no Chromium.

import { join } from 'node:path';

import { launch } from './chromium.mjs';

const WAIT_MS = 20_000;

const json = async (url) => (await fetch(url)).json();

// Asks again until it is so.
async function until(ask, what) {
    const end_ms = Date.now() + WAIT_MS;
    while (Date.now() < end_ms) {
        const found = await ask();
        if (found) {
            return found;
        }
        await new Promise((done) => setTimeout(done, 100));
    }
    throw new Error(`waited in vain: ${what}`);
}

async function fireCards(page, { base, channel, pictures, upload }) {
    const cues = `${base}/api/v1/channels/${channel}/cues`;
    const running = async () => (await json(cues)).cues;
    await page.goto(`${base}/console/cues?channel=${channel}`);
    const form = page.locator('#cue-form');
    await form.locator('[name=title]').fill('西湖龙井');
    await form.locator('[name=sku]').fill('A1');
    await form.locator('[name=price]').fill('129');
    await form.locator('input[type=file]').setInputFiles(upload);
    await form.locator('img.picked').waitFor({ timeout: WAIT_MS });
    await form.locator('.row.end button[type=button]').click();
    await page.locator('.prepared .fire').first().click();
    const [fired] = await until(async () => { const list = await running(); return list.length > 0 && list; }, 'a card');
    const row = page.locator(`.running[data-cue="${fired.id}"]`);
    await row.locator('.price').fill('99');
    await row.locator('.price').press('Enter');
    const [repriced] = await until(async () => {
        const list = await running();
        return list[0]?.data.price === '99' && list;
    }, 'the new price');
    await page.screenshot({ path: join(pictures, 'console-cues.png') });
    await row.locator('.danger').click();
    await until(async () => (await running()).length === 0, 'no card');
    // A draw out of the form, by keyboard, and the prepared one by its number.
    await form.locator('[data-kind=draw]').focus();
    await page.keyboard.press('Enter');
    await form.locator('[name=title]').fill('Draw');
    await page.keyboard.press('Enter');
    const [draw] = await until(async () => { const list = await running(); return list.length > 0 && list; }, 'a draw');
    await page.locator('h1').click();
    await page.keyboard.press('1');
    await until(async () => (await running()).length === 2, 'two cards');
    return { fired, repriced, draw };
}

// Runs in the page: the colours of the program at places, in fractions.
function colours(places) {
    const video = document.querySelector('.is-program video');
    const canvas = document.createElement('canvas');
    canvas.width = 320;
    canvas.height = 180;
    const context = canvas.getContext('2d');
    context.drawImage(video, 0, 0, 320, 180);
    return video.readyState < 2 ? null : places.map(([x, y]) =>
        [...context.getImageData(x * 320, y * 180, 1, 1).data].slice(0, 3));
}

const isRed = ([r, g, b]) => r > 150 && g < 90 && b < 90;

async function mix(page, { base, composite, pictures }) {
    const scene = `${base}/api/v1/channels/${composite}/scene`;
    const layers = async (what) => (await json(`${scene}${what}`)).scene?.layers.map(({ id }) => id).join();
    const seen = async (place, red, what) => until(async () => {
        const found = await page.evaluate(colours, [place]);
        return found !== null && isRed(found[0]) === red;
    }, what);
    await page.goto(`${base}/console/switcher?channel=${composite}`);
    await page.locator('.desk').waitFor({ timeout: WAIT_MS });
    await seen([0.83, 0.83], true, 'the second input in the corner');
    await page.keyboard.press('6');
    await until(async () => await layers('/preview') === 'left,right', 'a preview side by side');
    // The right one a little down in the preview, by hand.
    await page.locator('#layers .layer[data-layer=right] .layer-name').click();
    await page.locator('#layers [data-number=volume]').fill('0.5');
    await until(async () => (await json(`${scene}/preview`)).scene?.layers
        .find(({ id }) => id === 'right')?.volume === 0.5, 'a lower volume');
    await page.locator('.takes .strong:enabled').waitFor({ timeout: WAIT_MS });
    await page.screenshot({ path: join(pictures, 'console-switcher.png'), fullPage: true });
    await page.locator('h1').click();
    await page.keyboard.press('f');
    await seen([0.75, 0.4], true, 'the second input at the right');
    const program = await layers('');
    const preview = await layers('/preview');
    await page.locator('.takes .danger').click();
    await seen([0.75, 0.4], false, 'the first layout again');
    return { program, preview };
}

async function main() {
    const job = JSON.parse(process.argv[2]);
    const browser = await launch();
    const lines = [];
    const overflow = [];
    const open = async (viewport, locale) => {
        const page = await (await browser.newContext({ viewport, locale })).newPage();
        page.on('console', (m) => lines.push(`${m.type()}: ${m.text()}`));
        page.on('pageerror', (e) => lines.push(`exception: ${e.message}`));
        page.on('response', (r) => r.status() >= 400 && lines.push(`${r.status()} ${r.url()}`));
        return page;
    };
    try {
        const page = await open({ width: 1280, height: 800 }, 'en-US');
        const cards = await fireCards(page, job);
        const switcher = await mix(page, job);
        const phone = await open({ width: 390, height: 844 }, 'zh-CN');
        for (const [name, channel] of [['cues', job.channel], ['switcher', job.composite]]) {
            await phone.goto(`${job.base}/console/${name}?channel=${channel}`);
            await phone.locator(name === 'cues' ? '.prepared' : '.desk .input').first().waitFor({ timeout: WAIT_MS });
            await phone.screenshot({ path: join(job.pictures, `console-${name}-phone.png`), fullPage: true });
            overflow.push(await phone.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth));
        }
        console.log(JSON.stringify({ cards, switcher, console: lines, overflow }));
    } catch (error) {
        console.error(lines.slice(-10));
        throw error;
    } finally {
        await browser.close();
    }
    return 0;
}

process.exitCode = await main();
