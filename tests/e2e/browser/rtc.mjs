// SPDX-License-Identifier: Apache-2.0
// One Chromium that obeys lines of JSON: {id, op, …} is answered by {id, value} or {id, error}.
//
//   open   page, url         a new page
//   call   page, name, args  window.rtc.name(...args)
//   close  page
//
//   node tests/e2e/browser/rtc.mjs FLAG…          exit code 77: no Chromium

import { createInterface } from 'node:readline';

import { launch } from './chromium.mjs';

const browser = await launch(['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream',
    ...process.argv.slice(2)]);
const context = await browser.newContext({ permissions: ['camera', 'microphone'] });
const pages = {};

const OPS = {
    async open({ page, url }) {
        pages[page] = await context.newPage();
        pages[page].on('pageerror', (error) => console.error(`${page}: ${error.message}`));
        pages[page].on('console', (line) => console.error(`${page}: ${line.text()}`));
        await pages[page].goto(url);
        await pages[page].waitForFunction(() => window.rtc);
    },
    call: ({ page, name, args }) => pages[page].evaluate(
        ([word, list]) => window.rtc[word](...list), [name, args]),
    async close({ page }) {
        await pages[page].close();
        delete pages[page];
    },
};

console.log(JSON.stringify({ id: 0, value: browser.version() }));
for await (const line of createInterface({ input: process.stdin })) {
    const order = JSON.parse(line);
    OPS[order.op](order).then(
        (value) => console.log(JSON.stringify({ id: order.id, value })),
        (error) => console.log(JSON.stringify({ id: order.id, error: error.message })));
}
await browser.close();
