// SPDX-License-Identifier: Apache-2.0
// The recordings of the stand-in server: replays (one of them still running), clips, exports,
// thumbnails, frame times, and the administrator's part of the API for them.
//
// The token is "mock". Clips take two seconds to make and always show the same pictures; one
// whose name has "fail" in it fails. What the console did is in GET /mock/calls.

import { execFileSync } from 'node:child_process';
import { createReadStream, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync,
    writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { extname, join, normalize } from 'node:path';

const TOKEN = 'mock';
const FPS = 30;
const GOP_S = 1;
const LOOPS = 24;
const SEGMENT_S = 2;
// What a broadcast that runs has behind it when the stand-in starts.
const BEHIND_S = 90;
const THUMB_EVERY_S = 2;
const JOB_MS = 2000;
const MIME = { '.m3u8': 'application/vnd.apple.mpegurl', '.m4s': 'video/iso.segment', '.mp4': 'video/mp4',
    '.vtt': 'text/vtt', '.jpg': 'image/jpeg' };

const ffmpeg = (args) => execFileSync('ffmpeg', ['-hide_banner', '-loglevel', 'error', '-y', ...args]);
const stamp = (s) => new Date(s * 1000).toISOString().slice(11, 23);

function makeMedia(dir, sample) {
    mkdirSync(dir, { recursive: true });
    ffmpeg(['-stream_loop', String(LOOPS), '-i', sample, '-c', 'copy', '-f', 'hls', '-hls_time', '2',
        '-hls_playlist_type', 'vod', '-hls_segment_type', 'fmp4', '-hls_fmp4_init_filename', 'i0.mp4',
        '-hls_segment_filename', join(dir, 's%d.m4s'), '-hls_flags', 'program_date_time',
        join(dir, 'main.m3u8')]);
    writeMultivariant(dir);
    ffmpeg(['-skip_frame', 'nokey', '-stream_loop', String(LOOPS), '-i', sample, '-an', '-vf',
        `fps=1/${THUMB_EVERY_S},scale=160:90,tile=5x5`, '-q:v', '6', join(dir, 'sheet-%04d.jpg')]);
    ffmpeg(['-ss', '3', '-i', sample, '-frames:v', '1', '-vf', 'scale=640:-2', join(dir, 'poster.jpg')]);
    const text = readFileSync(join(dir, 'main.m3u8'), 'utf8');
    const duration_s = [...text.matchAll(/#EXTINF:([\d.]+)/g)].reduce((sum, m) => sum + Number(m[1]), 0);
    writeThumbs(dir, duration_s);
    return Math.round(duration_s * 1000);
}

function writeMultivariant(dir) {
    writeFileSync(join(dir, 'index.m3u8'), '#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-STREAM-INF:BANDWIDTH=900000,'
        + 'CODECS="avc1.42c01e,mp4a.40.2",RESOLUTION=640x360,FRAME-RATE=25.000\nmain.m3u8\n');
}

function writeThumbs(dir, duration_s) {
    const cues = [];
    for (let i = 0; i * THUMB_EVERY_S < duration_s; i++) {
        const [x, y] = [(i % 5) * 160, (Math.floor(i / 5) % 5) * 90];
        const sheet = String(Math.floor(i / 25) + 1).padStart(4, '0');
        cues.push(`${stamp(i * THUMB_EVERY_S)} --> ${stamp((i + 1) * THUMB_EVERY_S)}\n`
            + `sheet-${sheet}.jpg#xywh=${x},${y},160,90`);
    }
    writeFileSync(join(dir, 'thumbnails.vtt'), `WEBVTT\n\n${cues.join('\n\n')}\n`);
}

export class Recordings {
    constructor(sample) {
        this.root = mkdtempSync(join(tmpdir(), 'branchcast-mock-'));
        this.replays = [];
        this.clips = [];
        this.calls = [];
        this.full = false;
        this.count = 0;
        const ended = join(this.root, 'ended');
        const duration_ms = makeMedia(ended, sample);
        const day = 86_400_000;
        const base = Date.now() - day / 4;
        for (let i = 0; i < 30; i++) {
            this.addReplay({ channel: i % 3 === 1 ? 'store/0571' : 'live/hq', dir: ended, duration_ms,
                title: ['', '双十一专场：羽绒服与围巾', 'Evening show'][i % 3], started: base - i * day / 2 });
        }
        this.replays[0].gaps = [{ at_ms: 61_000, started_at: new Date(base + 61_000).toISOString(),
            duration_ms: 42_000 }];
    }

    // A broadcast that runs: the same segments, more and more of them.
    startRunning(channel) {
        const dir = join(this.root, 'ended');
        const replay = this.addReplay({ channel, dir, duration_ms: 0, title: '',
            started: Date.now() - BEHIND_S * 1000 });
        replay.state = 'running';
        replay.ended_at = null;
        this.replays.unshift(this.replays.pop());
        return replay;
    }

    segmentsOf(replay) {
        return Math.floor((Date.now() - Date.parse(replay.started_at)) / 1000 / SEGMENT_S);
    }

    // The playlist so far; `type` is EVENT, or nothing for a window.
    running(replay, type) {
        const text = readFileSync(join(replay.dir, 'main.m3u8'), 'utf8');
        const [head, ...segments] = text.replace('#EXT-X-ENDLIST\n', '').split('#EXTINF:');
        const base_ms = Date.parse(replay.started_at);
        const list = segments.slice(0, this.segmentsOf(replay)).map((segment, i) => segment.replace(
            /DATE-TIME:.*/, `DATE-TIME:${new Date(base_ms + i * SEGMENT_S * 1000).toISOString()}`));
        return [head.replace('#EXT-X-PLAYLIST-TYPE:VOD\n', type), ...list].join('#EXTINF:');
    }

    addReplay({ channel, dir, duration_ms, title, started }) {
        const id = `${new Date(started).toISOString().slice(0, 10).replace(/-/g, '')}-1531${
            String(this.count).padStart(2, '0')}-4f2a${String(this.count++).padStart(4, '0')}`;
        const replay = { id, dir, channel, title, state: 'ready', started_at: new Date(started).toISOString(),
            ended_at: new Date(started + duration_ms).toISOString(), duration_ms, bytes: 48_000_000, gaps: [],
            export: { state: 'none', progress: 0, url: null, error: null } };
        this.replays.push(replay);
        return replay;
    }

    // Jobs go on while nobody looks.
    work(item) {
        const job = item.job_ms === undefined ? null : Math.min(1, (Date.now() - item.job_ms) / JOB_MS);
        return job === null ? null : Math.round(job * 100);
    }

    replayJson(replay) {
        if (replay.state === 'running') {
            replay.duration_ms = this.segmentsOf(replay) * SEGMENT_S * 1000;
        }
        const progress = this.work(replay.export);
        if (progress !== null) {
            replay.export.progress = progress;
            replay.export.state = progress < 100 ? 'running' : 'done';
            replay.export.url = progress < 100 ? null : `/replay/${replay.id}/classic.mp4`;
        }
        return this.withUrls('replay', replay, replay.id);
    }

    clipJson(clip) {
        const progress = this.work(clip);
        if (progress !== null && clip.state === 'running') {
            clip.progress = progress;
            if (progress === 100) {
                clip.state = clip.title.includes('fail') ? 'failed' : 'ready';
                clip.error = clip.state === 'failed' ? 'the source could not be read' : null;
            }
        }
        return this.withUrls('clip', clip, clip.id);
    }

    withUrls(kind, item, id) {
        const { dir: _dir, job_ms: _job, ...json } = item;
        if (json.export) {
            const { job_ms: _own, ...rest } = json.export;
            json.export = rest;
        }
        return { ...json, kind, hls_url: `/${kind}/${id}/index.m3u8`, mp4_url: `/${kind}/${id}.mp4`,
            poster_url: `/${kind}/${id}/poster.jpg`, thumbnails_url: `/${kind}/${id}/thumbnails.vtt`,
            watch_url: `/watch/${kind}/${id}` };
    }

    find(kind, id) {
        return this[`${kind}s`].find((item) => item.id === id);
    }

    // GET /api/v1/public/replays/{id} and the like; null: not ours.
    publicJson(path) {
        const [, kind, id] = /^(replay|clip)s\/([\w-]+)$/.exec(path) ?? [];
        const item = kind && this.find(kind, id);
        return item ? this[`${kind}Json`](item) : null;
    }

    // The pictures and playlists; false: not ours.
    media(path, response, range) {
        const [, kind, id, file] = /^\/(replay|clip)\/([\w-]+)(?:\/|(?=\.mp4$))(.+)$/.exec(path) ?? [];
        const item = kind && this.find(kind, id);
        if (!kind) {
            return false;
        }
        if (!item || (kind === 'clip' && this.clipJson(item).state !== 'ready')) {
            response.writeHead(404).end();
            return true;
        }
        if (item.state === 'running' && file === 'main.m3u8') {
            this.sendText(this.running(item, '#EXT-X-PLAYLIST-TYPE:EVENT\n'), response);
            return true;
        }
        let name = normalize(`/${file}`);
        if (name === '/.mp4' || name === '/classic.mp4') {
            name = '/all.mp4';
            if (!existsSync(join(item.dir, name))) {
                ffmpeg(['-i', join(item.dir, 'main.m3u8'), '-c', 'copy', join(item.dir, 'all.mp4')]);
            }
        }
        this.sendFile(join(item.dir, name), response, range);
        return true;
    }

    // The window behind a live, as the server's ?dvr=1 has it.
    dvr(channel, file, response) {
        const replay = this.replays.find((item) => item.channel === channel && item.state === 'running');
        if (replay && file === 'main.m3u8') {
            this.sendText(this.running(replay, ''), response);
        } else {
            this.sendFile(replay ? join(replay.dir, normalize(`/${file}`)) : '', response);
        }
    }

    sendText(text, response) {
        response.writeHead(200, { 'content-type': MIME['.m3u8'] }).end(text);
    }

    sendFile(path, response, range) {
        if (!existsSync(path) || !statSync(path).isFile()) {
            response.writeHead(404).end();
            return;
        }
        const { size } = statSync(path);
        const headers = { 'content-type': MIME[extname(path)] ?? 'application/octet-stream',
            'accept-ranges': 'bytes' };
        const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(range ?? '') ?? [];
        if (from === undefined) {
            response.writeHead(200, { ...headers, 'content-length': size });
            createReadStream(path).pipe(response);
        } else {
            const end = Math.min(to ? Number(to) : size - 1, size - 1);
            response.writeHead(206, { ...headers, 'content-length': end - Number(from) + 1,
                'content-range': `bytes ${from}-${end}/${size}` });
            createReadStream(path, { start: Number(from), end }).pipe(response);
        }
    }

    stop() {
        rmSync(this.root, { recursive: true, force: true });
    }

    // --- the administrator's part ---

    // [status, body, headers]; `body` is what was sent.
    api(method, path, query, authorization, body) {
        if (authorization !== `Bearer ${TOKEN}`) {
            return [401, { error: { code: 'unauthorized', message: 'the token is missing or wrong' } }];
        }
        if (method !== 'GET') {
            this.calls.push({ method, path, body });
        }
        const rows = [
            ['GET', /^replays$/, () => [200, this.list('replays', query)]],
            ['GET', /^clips$/, () => [200, this.list('clips', query)]],
            ['GET', /^replays\/([\w-]+)\/frames$/, (id) => this.frames(id, query)],
            ['POST', /^replays\/([\w-]+)\/export$/, (id) => this.export(id)],
            ['POST', /^replays\/([\w-]+)\/clips$/, (id) => this.cut(id, body)],
            ['POST', /^channels\/(.+)\/record$/, () => [202, {}]],
            ['GET', /^(replay|clip)s\/([\w-]+)$/, (kind, id) => this.one(kind, id)],
            ['DELETE', /^(replay|clip)s\/([\w-]+)$/, (kind, id) => this.remove(kind, id)],
        ];
        for (const [wanted, pattern, answer] of rows) {
            const found = pattern.exec(path);
            if (wanted === method && found) {
                return answer(...found.slice(1));
            }
        }
        return [404, { error: { code: 'not_found', message: 'no such path' } }];
    }

    list(name, query) {
        const limit = Number(query.get('limit') ?? 100);
        const channel = query.get('channel');
        const all = this[name].filter((item) => !channel || item.channel === channel);
        const from = query.get('cursor') ? all.findIndex((item) => item.id === query.get('cursor')) + 1 : 0;
        const page = all.slice(from, from + limit);
        const json = name === 'clips' ? (c) => this.clipJson(c) : (r) => this.replayJson(r);
        return { [name]: page.map(json),
            cursor: from + limit < all.length ? page[page.length - 1].id : null };
    }

    one(kind, id) {
        const item = this.find(kind, id);
        return item ? [200, this[`${kind}Json`](item)] : this.missing(kind);
    }

    missing(kind) {
        return [404, { error: { code: `no_such_${kind}`, message: `no such ${kind}` } }];
    }

    remove(kind, id) {
        const item = this.find(kind, id);
        if (!item) {
            return this.missing(kind);
        }
        if (kind === 'replay' && item.state === 'running') {
            return [409, { error: { code: 'running', message: 'it is being recorded' } }];
        }
        this[`${kind}s`] = this[`${kind}s`].filter((other) => other !== item);
        return [204, null];
    }

    frames(id, query) {
        const replay = this.find('replay', id);
        const at = Number(query.get('at_ms'));
        if (!replay) {
            return this.missing('replay');
        }
        const frames = [];
        const end = Math.min(this.replayJson(replay).duration_ms, at + 4000) * FPS / 1000;
        for (let n = Math.max(0, Math.floor(at / 2000) - 1) * 2 * FPS; n < end; n++) {
            frames.push({ at_ms: Math.round(n * 1e6 / FPS) / 1000, keyframe: n % (GOP_S * FPS) === 0 });
        }
        return [200, { frames }];
    }

    export(id) {
        const replay = this.find('replay', id);
        if (!replay) {
            return this.missing('replay');
        }
        replay.export = { ...replay.export, state: 'running', job_ms: Date.now() };
        return [202, this.replayJson(replay)];
    }

    cut(id, { from, to, title = '', precision = 'frame' }) {
        const source = this.find('replay', id);
        const { duration_ms } = source ? this.replayJson(source) : {};
        if (!source) {
            return this.missing('replay');
        }
        if (this.full) {
            return [429, { error: { code: 'queue_full', message: '64 jobs wait' } }, { 'retry-after': '5' }];
        }
        if (!(from < to)) {
            return [400, { error: { code: 'bad_range', message: 'from is not before to' } }];
        }
        if (to > duration_ms + 1) {
            return [400, { error: { code: 'outside', message: `it has 0 to ${duration_ms}` } }];
        }
        const started = Date.parse(source.started_at) + from;
        const clip = { id: `20261122-16${String(this.count++).padStart(4, '0')}-c11b`, dir: join(this.root, 'ended'),
            channel: source.channel, title, state: 'running', progress: 0, error: null, precision, source: id,
            from_ms: from, to_ms: to, started_at: new Date(started).toISOString(),
            ended_at: new Date(started + to - from).toISOString(), duration_ms: to - from, bytes: 1_200_000, gaps: [],
            created_at: new Date().toISOString(), job_ms: Date.now() };
        this.clips.unshift(clip);
        return [201, this.clipJson(clip)];
    }
}
