// SPDX-License-Identifier: Apache-2.0
// Hosts with FFmpeg 8, which knows enhanced RTMP: each pushes files, as they are, around and
// around. Many in one process, as each codec wants one of its own.
//
//   node av_host.mjs      and on stdin, a line of JSON each:
//   {"push": NAME, "files": [FILE…], "url": "rtmp://…", "format": "flv", "options": {}, "period_ms": 8000}
//   {"stop": NAME}
//   {"play": NAME, "url": "rtmp://…", "packets": 60, "options": {}}
//
// Says {"pushing": NAME} once connected, {"ended": NAME, "problem": TEXT} at its end, and
// {"played": NAME, "streams": [{"kind", "codec", "width", "packets"}], "problem": TEXT}.
import { createInterface } from 'node:readline';
import { say } from './frames.mjs';

// node-av is written for Node.js 22.
Promise.withResolvers ??= () => {
    const made = {};
    made.promise = new Promise((resolve, reject) => Object.assign(made, { resolve, reject }));
    return made;
};
const { Demuxer, Muxer } = await import('node-av/api');
const { avGetCodecName } = await import('node-av/lib');

const hosts = new Map();

// All packets of the files with their streams, in the order in which they are due.
async function load(files) {
    const streams = [], packets = [];
    for (const file of files) {
        const input = await Demuxer.open(file);
        const first = streams.length;
        streams.push(...input.streams.map((stream) => ({ input, stream })));
        for await (const packet of input.packets()) {
            if (packet) {
                const { num, den } = packet.timeBase;
                packets.push({ packet: packet.clone(), lane: first + packet.streamIndex,
                    due_ms: Number(packet.dts) * 1000 * num / den });
            }
        }
    }
    packets.sort((a, b) => a.due_ms - b.due_ms);
    return { streams, packets };
}

async function push(job) {
    const host = { stopped: false };
    hosts.set(job.push, host);
    let output;
    try {
        const { streams, packets } = await load(job.files);
        output = await Muxer.open(job.url, { format: job.format, options: job.options ?? {} });
        const lanes = streams.map(({ stream }) => output.addStream(stream));
        const began = performance.now();
        for (let next = 0; !host.stopped; next++) {
            const { packet, lane, due_ms } = packets[next % packets.length];
            const round_ms = Math.floor(next / packets.length) * (job.period_ms ?? 8000);
            const wait_ms = due_ms + round_ms - (performance.now() - began);
            if (wait_ms > 0) {
                await new Promise((done) => setTimeout(done, wait_ms));
            }
            const { num, den } = packet.timeBase;
            const shift = BigInt(Math.round(round_ms * den / num / 1000));
            const copy = packet.clone();
            copy.pts = packet.pts + shift;
            copy.dts = packet.dts + shift;
            await output.writePacket(copy, lanes[lane]);
            if (next === 0) {
                say({ pushing: job.push });
            }
            copy.free();
        }
        say({ ended: job.push, problem: null });
    } catch (error) {
        say({ ended: job.push, problem: String(error.message ?? error) });
    } finally {
        try {
            await output?.close();
        } catch {
            // the peer may be gone already
        }
    }
}

// As an FFmpeg player, without its decoders.
async function play(job) {
    const seen = [];
    let problem = null;
    try {
        const input = await Demuxer.open(job.url, { options: job.options ?? {} });
        for (const stream of input.streams) {
            const { codecId, codecType, width } = stream.codecpar;
            seen.push({ kind: codecType === 0 ? 'video' : 'audio', codec: avGetCodecName(codecId), width,
                packets: 0 });
        }
        let left = job.packets;
        for await (const packet of input.packets()) {
            if (packet) {
                seen[packet.streamIndex].packets++;
            }
            if (--left <= 0) {
                break;
            }
        }
        await input.close();
    } catch (error) {
        problem = String(error.message ?? error);
    }
    say({ played: job.play, streams: seen, problem });
}

createInterface({ input: process.stdin }).on('line', (line) => {
    const job = JSON.parse(line);
    if (job.push) {
        push(job);
    } else if (job.play) {
        play(job);
    } else if (hosts.has(job.stop)) {
        hosts.get(job.stop).stopped = true;
    }
}).on('close', () => process.exit(0));
