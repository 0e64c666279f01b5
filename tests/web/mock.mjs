// SPDX-License-Identifier: Apache-2.0
// A stand-in for the server while working on the pages: built pages, the public API, and
// the sample broadcast as live pictures (FLV, WS-FLV, plain HLS; not low latency).
//
//   node tests/web/mock.mjs [port]        then open http://localhost:20000/
//   curl -X POST 'http://localhost:20000/mock?channel=live/hq&state=waiting'

import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Recordings } from './mock_recordings.mjs';

const DIST = fileURLToPath(new URL('../../src/web/dist', import.meta.url));
const SAMPLE = fileURLToPath(new URL('../../testdata/sample.flv', import.meta.url));
const MIME = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css',
    '.svg': 'image/svg+xml', '.m3u8': 'application/vnd.apple.mpegurl', '.mp4': 'video/mp4',
    '.m4s': 'video/iso.segment' };
const video = { codec: 'avc1.42c01e', width: 640, height: 360, fps: 25 };
const audio = { codec: 'mp4a.40.2', sample_rate: 48000, channels: 2 };
const started = new Date(Date.now() - 754_000).toISOString();
const advice = [
    { code: 'gop_long', params: { gop_s: 8.3 }, message: 'Keyframes are 8.3 s apart' },
    { code: 'b_frames', params: {}, message: 'B-frames are present' },
];
const channels = [
    { channel: 'live/hq', state: 'live', viewers: 128, since: started, video, audio, advice: [] },
    { channel: 'store/0571', state: 'live', viewers: 12, since: started,
        video: { codec: 'hvc1.1.6.L93.B0', width: 1080, height: 1920, fps: 30 }, audio, advice },
    { channel: 'live/radio', state: 'live', viewers: 3, since: started, video: null, audio,
        advice: [] },
    { channel: 'live/later', state: 'offline', viewers: 0, since: null, video: null, audio: null,
        advice: [] },
];

const recordings = new Recordings(SAMPLE);
// The catalogue is as empty as in a new server with: MOCK_EMPTY=1
const running = recordings.startRunning('live/hq');
channels[0].dvr = { window_ms: 14_400_000 };
channels[0].replay = running.id;
if (process.env.MOCK_EMPTY) {
    recordings.replays = [];
}

const hls = new Map();
const sources = new Map(channels.map((channel) => [channel, new Set()]));

function ffmpeg(args, stdout) {
    return spawn('ffmpeg', ['-hide_banner', '-loglevel', 'error', '-re', ...args],
        { stdio: ['ignore', stdout, 'inherit'] });
}

function inputs(channel) {
    return ['-stream_loop', '-1', '-i', SAMPLE, '-c', 'copy', ...(channel.video ? [] : ['-vn'])];
}

function flvSource(channel) {
    const source = ffmpeg([...inputs(channel), '-f', 'flv', '-flvflags', 'no_duration_filesize', '-'],
        'pipe');
    sources.get(channel).add(source);
    source.on('exit', () => sources.get(channel).delete(source));
    return source;
}

function hlsDirectory(channel) {
    if (!hls.has(channel.channel)) {
        const dir = mkdtempSync(join(tmpdir(), 'branchcast-mock-'));
        const child = ffmpeg([...inputs(channel), '-f', 'hls', '-hls_time', '2', '-hls_list_size', '6',
            '-hls_segment_type', 'fmp4', '-hls_flags', 'delete_segments+program_date_time',
            join(dir, 'index.m3u8')], 'ignore');
        hls.set(channel.channel, { dir, child });
    }
    return hls.get(channel.channel).dir;
}

function sendFile(response, path) {
    if (!existsSync(path) || !statSync(path).isFile()) {
        response.writeHead(404).end();
        return;
    }
    response.writeHead(200, { 'content-type': MIME[extname(path)] ?? 'application/octet-stream',
        'cache-control': 'no-store' });
    createReadStream(path).pipe(response);
}

function sendJson(response, status, body) {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

function find(name) {
    return channels.find((channel) => channel.channel === name);
}

function api(path, response) {
    if (path === 'info') {
        sendJson(response, 200, { name: 'Branchcast', version: '0.1.0', rtmp_port: 1935,
            http_port: 8080, https_port: 8443 });
    } else if (path === 'channels') {
        sendJson(response, 200, { channels });
    } else if (/^(replay|clip)s\//.test(path)) {
        const found = recordings.publicJson(path);
        sendJson(response, found ? 200 : 404, found
            ?? { error: { code: 'no_such_replay', message: 'no such recording' } });
    } else {
        const channel = find(path.replace(/^channels\//, ''));
        sendJson(response, channel ? 200 : 404,
            channel ?? { error: { code: 'not_found', message: 'no such channel' } });
    }
}

function media(path, response) {
    const [, name, file = ''] = /^\/([^/]+\/[^/.]+)(?:\/|(?=\.))(.*)$/.exec(path) ?? [];
    const channel = find(name);
    if (channel?.state !== 'live') {
        response.writeHead(404).end();
    } else if (file === '.flv') {
        const source = flvSource(channel);
        response.writeHead(200, { 'content-type': 'video/x-flv' });
        source.stdout.pipe(response);
        response.on('close', () => source.kill('SIGKILL'));
    } else {
        const dir = hlsDirectory(channel);
        sendFile(response, join(dir, normalize(`/${file.replace('audio.m3u8', 'index.m3u8')}`)));
    }
}

function recordingOf(name) {
    const found = recordings.replays.find((item) => item.channel === name && item.state === 'running');
    return { state: found ? 'running' : 'off', id: found?.id ?? null, trouble: null };
}

async function admin(path, url, request, response) {
    let text = '';
    for await (const data of request) {
        text += data;
    }
    let [status, body, headers] = recordings.api(request.method, path, url.searchParams,
        request.headers.authorization, text ? JSON.parse(text) : null);
    if (status === 404 && request.method === 'GET' && path === 'channels') {
        status = 200;
        body = { channels: channels.filter((c) => c.state === 'live')
            .map((c) => ({ ...c, recording: recordingOf(c.channel) })), cursor: null };
    }
    response.writeHead(status, { 'content-type': 'application/json', ...headers })
        .end(body === null ? '' : JSON.stringify(body));
}

// What a recording shows; the window behind a live is asked for with ?dvr=1.
function recorded(url, request, response) {
    const path = decodeURIComponent(url.pathname);
    const [, channel, file] = /^\/([^/]+\/[^/.]+)\/(dvr\/)?/.exec(path) ?? [];
    if (channel && url.searchParams.get('dvr') === '1') {
        response.writeHead(200, { 'content-type': MIME['.m3u8'] }).end('#EXTM3U\n'
            + '#EXT-X-STREAM-INF:BANDWIDTH=900000,CODECS="avc1.42c01e,mp4a.40.2",RESOLUTION=640x360\n'
            + 'dvr/main.m3u8\n');
        return true;
    }
    if (channel && file) {
        recordings.dvr(channel, path.slice(channel.length + file.length + 2), response);
        return true;
    }
    return recordings.media(path, response, request.headers.range);
}

function change(query) {
    const channel = find(query.get('channel'));
    recordings.full = query.get('full') === '1';
    if (channel && query.has('state')) {
        channel.state = query.get('state');
        if (channel === channels[0]) {
            running.state = channel.state === 'offline' ? 'ready' : 'running';
        }
        if (channel.state !== 'live') {
            sources.get(channel).forEach((source) => source.kill('SIGKILL'));
        }
    }
    return channel;
}

const server = createServer((request, response) => {
    const url = new URL(request.url, 'http://mock');
    const page = /^\/watch\/(replay|clip)\//.test(url.pathname) ? 'replay'
        : /^\/(watch|embed|go-live|console)\//.exec(url.pathname)?.[1]?.replace('-', '');
    if (page) {
        sendFile(response, join(DIST, `${page}.html`));
    } else if (url.pathname === '/') {
        sendFile(response, join(DIST, 'index.html'));
    } else if (url.pathname.startsWith('/assets/')) {
        sendFile(response, join(DIST, normalize(url.pathname)));
    } else if (url.pathname.startsWith('/api/v1/public/')) {
        api(decodeURIComponent(url.pathname.slice('/api/v1/public/'.length)), response);
    } else if (url.pathname.startsWith('/api/v1/')) {
        void admin(decodeURIComponent(url.pathname.slice('/api/v1/'.length)), url, request, response);
    } else if (url.pathname === '/mock/calls') {
        sendJson(response, 200, recordings.calls);
    } else if (url.pathname === '/mock' && request.method === 'POST') {
        sendJson(response, 200, change(url.searchParams) ?? null);
    } else if (!recorded(url, request, response)) {
        media(decodeURIComponent(url.pathname), response);
    }
});

function frame(data) {
    const head = Buffer.alloc(data.length < 126 ? 2 : data.length < 65536 ? 4 : 10);
    head[0] = 0x82;
    if (head.length === 2) {
        head[1] = data.length;
    } else if (head.length === 4) {
        head[1] = 126;
        head.writeUInt16BE(data.length, 2);
    } else {
        head[1] = 127;
        head.writeBigUInt64BE(BigInt(data.length), 2);
    }
    return Buffer.concat([head, data]);
}

server.on('upgrade', (request, socket) => {
    const name = new URL(request.url, 'http://mock').pathname.slice(1).replace(/\.flv$/, '');
    const channel = find(name);
    socket.on('error', () => socket.destroy());
    if (channel?.state !== 'live') {
        socket.end('HTTP/1.1 404 Not Found\r\n\r\n');
        return;
    }
    const accept = createHash('sha1').update(
        `${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
    socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n'
        + `Sec-WebSocket-Accept: ${accept}\r\n\r\n`);
    const source = flvSource(channel);
    source.stdout.on('data', (data) => socket.write(frame(data)));
    source.stdout.on('end', () => socket.end(Buffer.from([0x88, 2, 0x03, 0xe9])));
    socket.on('close', () => source.kill('SIGKILL'));
});

function stop() {
    recordings.stop();
    for (const { dir, child } of hls.values()) {
        child.kill('SIGKILL');
        rmSync(dir, { recursive: true, force: true });
    }
    process.exit(0);
}

process.on('SIGTERM', stop);
process.on('SIGINT', stop);
server.listen(Number(process.argv[2] ?? 20000), () => {
    console.log(`mock on http://localhost:${server.address().port}/`);
});
