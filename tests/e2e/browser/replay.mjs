// SPDX-License-Identifier: Apache-2.0
// Plays files and playlists of the server in Chromium without any page of ours.
//
//   node tests/e2e/browser/replay.mjs '{"origin": "http://…", "jobs": [{"name": "mp4",
//       "url": "/replay/….mp4", "player": "video", "seeks": [10, 3]}]}'
//
// `player`: "video" (the element alone) or "hls.js"; `live_edge` false lets hls.js begin at the
// start. Prints {name: {first_frame_ms, start, duration, seeks: [{at, number, ms}], numbers,
// error}}; a number is that in the picture. Exit code 77: no Chromium.

import { readFileSync } from 'node:fs';

import { launch, load } from './chromium.mjs';

const PATIENCE_MS = 20_000;

// Runs in the page.
async function play(job) {
    const video = document.createElement('video');
    video.muted = true;
    document.body.append(video);
    const within = (promise, what) => Promise.race([promise, new Promise((_, reject) =>
        setTimeout(() => reject(new Error(`${what} did not come`)), job.patience_ms))]);
    const frame = () => new Promise((done) => video.requestVideoFrameCallback((_, m) => done(m)));
    const number = () => {
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
        return value >> 14 === 2 && (((n >> 8) + (n >> 4) + n) & 3) === (value & 3) ? n : null;
    };
    // For a moment a picture from before the seek may still be shown.
    const shows = async (at) => {
        const end = performance.now() + job.patience_ms / 2;
        while (video.seeking || (performance.now() < end
            && Math.abs((number() ?? -9) - at * job.fps) > 1)) {
            await new Promise((done) => setTimeout(done, 20));
        }
    };
    const result = { seeks: [], numbers: [], error: null };
    const failed = new Promise((_, reject) => {
        video.onerror = () => reject(new Error(`video: ${video.error?.message}`));
    });
    const began = performance.now();
    const first = frame();
    if (job.player === 'hls.js') {
        const hls = new Hls({ startPosition: job.live_edge === false ? 0 : -1, lowLatencyMode: false });
        hls.on(Hls.Events.ERROR, (_, e) => e.fatal && (result.error = e.details));
        hls.loadSource(job.url);
        hls.attachMedia(video);
    } else {
        video.src = job.url;
    }
    video.play().catch(() => {});
    await within(Promise.race([first, failed]), 'the first frame');
    result.first_frame_ms = performance.now() - began;
    result.start = video.seekable.length ? video.seekable.start(0) : null;
    result.numbers.push(number());
    result.duration = video.duration;
    video.pause();
    for (const at of job.seeks ?? []) {
        const then = performance.now();
        video.currentTime = at;
        await within(Promise.race([shows(at), failed]), `the frame at ${at}`);
        result.seeks.push({ at, number: number(), ms: performance.now() - then });
    }
    if (job.play_s) {
        const from = video.currentTime;
        await video.play();
        await within(new Promise((done) => {
            const timer = setInterval(() => {
                result.numbers.push(number());
                if (video.currentTime >= from + job.play_s || video.ended) {
                    clearInterval(timer);
                    done();
                }
            }, 200);
        }), `${job.play_s} s of playback`);
    }
    result.time = video.currentTime;
    return result;
}

async function main() {
    const { origin, jobs } = JSON.parse(process.argv[2]);
    const browser = await launch();
    const results = {};
    try {
        for (const job of jobs) {
            const page = await browser.newPage();
            await page.goto(`${origin}/healthz`); // of the same origin, so that pictures can be read
            await page.setContent('<body></body>');
            await page.evaluate(readFileSync(load.resolve('hls.js/dist/hls.js'), 'utf8'));
            results[job.name] = await page.evaluate(play, { patience_ms: PATIENCE_MS, fps: 30, ...job })
                .catch((error) => ({ error: error.message }));
            await page.close();
        }
    } finally {
        await browser.close();
    }
    console.log(JSON.stringify(results));
    return 0;
}

process.exitCode = await main();
