# SPDX-License-Identifier: Apache-2.0
"""The list of recordings: it is true, can be made anew, and retention takes only what it may."""
import concurrent.futures
import json
import os
import signal
import socket
import subprocess

import pytest

from kit import publish
from kit.process import Process, run
from kit.server import binary
from kit.wait import until

RECORDED = {'record.mode': 'always', 'stream.grace_s': 1, 'record.resume_s': 0,
            'record.min_free_bytes': '1MiB'}
PART = 65536


def catalogue(server, *words):
    return run([binary(), 'catalogue', *words, '--set', f'data.dir={server.settings["data.dir"]}'], 30)


def replays(server, query=''):
    return server.json(f'/api/v1/replays{query}')['replays']


def clips(server):
    return server.json('/api/v1/clips')['clips']


def code_of(answer):
    return json.loads(answer.body)['error']['code']


def post(server, path, body):
    return server.get(path, method='POST', body=json.dumps(body),
                      headers={'Content-Type': 'application/json'})


def folder(server, kind, id):
    return os.path.join(server.settings['data.dir'], kind, id)


def big_file(tmp_path):
    """Six seconds that no codec makes small: some ten megabytes."""
    path = str(tmp_path / 'big.flv')
    if not os.path.exists(path):
        subprocess.run(['ffmpeg', '-hide_banner', '-nostdin', '-loglevel', 'error', '-f', 'lavfi',
                        '-i', 'color=gray:s=640x360:r=25:d=6,noise=alls=100:allf=t', '-c:v', 'libx264',
                        '-preset', 'ultrafast', '-qp', '16', '-g', '25', '-pix_fmt', 'yuv420p',
                        path], check=True, timeout=60)
    return path


def broadcast(server, channel='live/hq', sample=None, seconds=3):
    """One broadcast from its beginning to its end; its replay's id."""
    known = {r['id'] for r in replays(server)}
    words = {'sample': sample} if sample else {'after': ('-t', str(seconds))}
    push = publish.ffmpeg(server.rtmp(channel), loop=False, **words)
    push.wait(40)
    found = []

    def ended():
        found[:] = [r for r in replays(server) if r['id'] not in known and r['state'] == 'ready']
        return found
    until(ended, 20, lambda: f'the replay: {replays(server)}\n{server.process.tail()}')
    return found[0]['id']


def without_changes(entry):
    return {k: v for k, v in entry.items() if k != 'poster_url'}


def test_a_broadcast_is_listed(make_server):
    server = make_server(RECORDED)
    push = publish.ffmpeg(server.rtmp())
    running = until(lambda: replays(server), 15, 'a running recording')[0]
    assert running['state'] == 'running' and running['ended_at'] is None
    assert running['channel'] == 'live/hq'
    until(lambda: replays(server)[0]['duration_ms'] > 2000, 15, 'it to grow')
    path = f'/api/v1/replays/{running["id"]}'
    assert server.channel()['recording']['id'] == running['id']
    assert server.channel()['recording']['state'] == 'running'
    dvr = server.json('/api/v1/public/channels/live/hq')['dvr']
    assert dvr['window_ms'] == 14400000 and dvr['replay']
    answer = server.get(path, method='DELETE')
    assert answer.status == 409 and code_of(answer) == 'running'
    frames = server.json(f'{path}/frames?at_ms=1000')['frames']
    assert len(frames) >= 30 and any(f['keyframe'] for f in frames)
    steps = {round(b['at_ms'] - a['at_ms']) for a, b in zip(frames, frames[1:])}
    assert steps <= {33, 34}, steps
    push.end()
    ready = until(lambda: [r for r in replays(server) if r['state'] == 'ready'], 20, 'its end')[0]
    assert ready['id'] == running['id'] and ready['ended_at'] and ready['bytes'] > 50000
    one = server.json(path)
    assert one['gaps'] == [] and one['gap_count'] == 0
    public = server.json(f'/api/v1/public/replays/{running["id"]}')
    assert public['kind'] == 'replay' and public['duration_ms'] == one['duration_ms']
    assert 'bytes' not in public and 'export' not in public
    assert replays(server, '?channel=live/other') == []


def test_recording_on_request(make_server):
    server = make_server({**RECORDED, 'record.mode': 'request', 'channels.live/never.record': 'never'})
    publish.ffmpeg(server.rtmp())
    publish.ffmpeg(server.rtmp('live/never'))
    server.wait_live()
    server.wait_live('live/never')
    assert server.channel()['recording']['state'] == 'off'
    assert server.json('/api/v1/public/channels/live/hq')['dvr'] is None
    record = '/api/v1/channels/live/hq/record'
    assert post(server, record, {'record': True}).status == 202
    until(lambda: replays(server), 10, 'the recording')
    answer = post(server, record, {'record': True})
    assert answer.status == 409 and code_of(answer) == 'already'
    assert post(server, record, {'record': False}).status == 202
    until(lambda: replays(server)[0]['state'] == 'ready', 10, 'its end')
    answer = post(server, '/api/v1/channels/live/never/record', {'record': True})
    assert answer.status == 409 and code_of(answer) == 'never'
    assert post(server, '/api/v1/channels/live/none/record', {'record': True}).status == 404


def test_the_list_is_made_anew(make_server):
    server = make_server(RECORDED)
    ids = [broadcast(server), broadcast(server, 'live/second')]
    for precision in ['frame', 'keyframe']:
        answer = post(server, f'/api/v1/replays/{ids[0]}/clips',
                      {'from': 500, 'to': 1500, 'title': 'Hat', 'precision': precision})
        assert answer.status == 201, answer.body
    until(lambda: {c['state'] for c in clips(server)} == {'ready'}, 20, lambda: f'the clips: {clips(server)}')
    assert {c['precision'] for c in clips(server)} == {'frame', 'keyframe'}
    before = ([without_changes(r) for r in replays(server)], [without_changes(c) for c in clips(server)])
    assert [r['id'] for r in before[0]] == ids[::-1]
    refused = catalogue(server, 'rebuild')
    assert refused.returncode == 1 and 'server runs' in refused.stderr
    listed = catalogue(server, 'list')
    assert listed.returncode == 0
    rows = [line.split('\t') for line in listed.stdout.splitlines()]
    assert [row[:3] for row in rows] == [['replay', ids[1], 'ready'], ['replay', ids[0], 'ready'],
                                         *(['clip', c['id'], 'ready'] for c in before[1])]
    server.stop()
    database = os.path.join(server.settings['data.dir'], 'catalogue.db')
    os.remove(database)
    assert catalogue(server, 'list').returncode == 1
    rebuilt = catalogue(server, 'rebuild')
    assert rebuilt.returncode == 0, rebuilt
    assert '2 replays and 2 clips' in rebuilt.stderr
    server.start()
    after = ([without_changes(r) for r in replays(server)], [without_changes(c) for c in clips(server)])
    assert after == before
    # By itself too, from notes that somebody wrote over it.
    server.stop()
    with open(database, 'r+b') as f:
        f.write(b'these are notes ' * 64)
    server.start()
    until(lambda: len(replays(server)) == 2 and len(clips(server)) == 2, 10, 'the list')
    assert [without_changes(r) for r in replays(server)] == before[0]
    assert any('damaged-' in name for name in os.listdir(server.settings['data.dir']))


@pytest.mark.parametrize('words', [(), ('nonsense',), ('rebuild', '--nonsense')])
def test_wrong_usage(words):
    result = run([binary(), 'catalogue', *words], 20)
    assert result.returncode == 2 and 'usage' in result.stderr


@pytest.mark.parametrize('words', [('--help',), ('rebuild', '--help'), ('list', '--help')])
def test_help(words):
    result = run([binary(), 'catalogue', *words], 20)
    assert result.returncode == 0 and 'usage' in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 100


class SlowDownload:
    """Reads a little, and the rest when it is told to."""

    def __init__(self, server, path):
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, PART)
        self.socket.connect(('127.0.0.1', server.http_port))
        self.socket.settimeout(20)
        self.socket.sendall(f'GET {path} HTTP/1.1\r\nHost: a\r\n\r\n'.encode())
        self.data = self.socket.recv(1024)
        assert self.data.startswith(b'HTTP/1.1 200'), self.data

    def finish(self):
        """The body, which must be as long as it was said to be."""
        head, _, body = self.data.partition(b'\r\n\r\n')
        length = int(next(line.split(b':')[1] for line in head.split(b'\r\n')
                          if line.lower().startswith(b'content-length')))
        parts = [body]
        got = len(body)
        while got < length:
            part = self.socket.recv(PART)
            assert part, f'{got} of {length} bytes'
            parts.append(part)
            got += len(part)
        self.socket.close()
        return b''.join(parts)


def check_decodes(tmp_path, data):
    path = tmp_path / 'whole.mp4'
    path.write_bytes(data)
    result = run(['ffmpeg', '-hide_banner', '-nostdin', '-loglevel', 'error', '-xerror', '-i', str(path),
                  '-f', 'null', '-'], 60)
    assert result.returncode == 0 and not result.stderr, result


def test_deleted_while_it_is_downloaded(make_server, tmp_path):
    """Nobody finds it any more; who has begun gets all; then the files go."""
    server = make_server(RECORDED)
    id = broadcast(server, sample=big_file(tmp_path))
    download = SlowDownload(server, f'/replay/{id}.mp4')
    assert server.get(f'/api/v1/replays/{id}', method='DELETE').status == 204
    assert server.get(f'/api/v1/replays/{id}').status == 404
    assert server.get(f'/replay/{id}.mp4').status == 404
    assert server.get(f'/replay/{id}/index.m3u8').status == 404
    answer = server.get(f'/api/v1/replays/{id}', method='DELETE')
    assert answer.status == 404 and code_of(answer) == 'no_such_replay'
    assert replays(server) == []
    assert os.path.exists(folder(server, 'recordings', id))
    check_decodes(tmp_path, download.finish())
    until(lambda: os.listdir(folder(server, 'recordings', '')) == [], 10, 'its files to go')


def test_a_kill_does_not_bring_a_deleted_one_back(make_server, tmp_path):
    server = make_server(RECORDED)
    id = broadcast(server, sample=big_file(tmp_path))
    SlowDownload(server, f'/replay/{id}.mp4')
    assert server.get(f'/api/v1/replays/{id}', method='DELETE').status == 204
    assert os.path.exists(folder(server, 'recordings', id))
    server.process.signal(signal.SIGKILL)
    server.process.wait(10)
    server.start()
    until(lambda: not os.path.exists(folder(server, 'recordings', id)), 10, 'its files to go')
    assert replays(server) == []


@pytest.mark.limit(150)
def test_retention_by_size(make_server, tmp_path):
    """The oldest first; not what is downloaded, nor a clip of what has gone."""
    config = tmp_path / 'b.yaml'
    config.write_text('log:\n  level: info\n')
    server = make_server({k: v for k, v in RECORDED.items()}, config=str(config))
    ids = [broadcast(server, sample=big_file(tmp_path)), broadcast(server), broadcast(server)]
    answer = post(server, f'/api/v1/replays/{ids[1]}/clips', {'from': 500, 'to': 1500})
    assert answer.status == 201, answer.body
    until(lambda: clips(server)[0]['state'] == 'ready', 20, lambda: f'the clip: {clips(server)}')
    download = SlowDownload(server, f'/replay/{ids[0]}.mp4')
    config.write_text('log:\n  level: info\nrecord:\n  max_bytes: 1\n')
    server.process.signal(signal.SIGHUP)
    until(lambda: [r['id'] for r in replays(server)] == [ids[0]], 15,
          lambda: f'all but what is downloaded to go: {replays(server)}')
    until(lambda: os.listdir(folder(server, 'recordings', '')) == [ids[0]], 10, 'their files to go')
    log = server.log()
    assert log.index(f'deleted replay {ids[1]}') < log.index(f'deleted replay {ids[2]}')
    assert 'record.max_bytes' in log
    check_decodes(tmp_path, download.finish())
    server.process.signal(signal.SIGHUP)    # which has it look again
    until(lambda: os.listdir(folder(server, 'recordings', '')) == [], 15, 'the last one to go')
    clip = clips(server)[0]
    assert clip['state'] == 'ready' and clip['source'] == ids[1]
    check_decodes(tmp_path, server.get(clip['mp4_url']).body)


def test_retention_by_free_space(make_server, tmp_path):
    """A disk that is too small for anything: all replays go, and the live goes on."""
    config = tmp_path / 'b.yaml'
    config.write_text('log:\n  level: info\n')
    settings = {k: v for k, v in RECORDED.items() if k != 'record.min_free_bytes'}
    config.write_text('record:\n  min_free_bytes: 1MiB\n')
    server = make_server(settings, config=str(config))
    broadcast(server)
    config.write_text('record:\n  min_free_bytes: 900000GiB\n')
    server.process.signal(signal.SIGHUP)
    until(lambda: replays(server) == [], 15, 'it to go')
    server.wait_log(r'record\.min_free_bytes')
    publish.ffmpeg(server.rtmp())
    server.wait_hls()


@pytest.mark.limit(150)
def test_a_thousand_clips_at_once(make_server):
    """As many as may wait are taken, the rest is told to come again, and the live goes on."""
    server = make_server({**RECORDED, 'clip.queue': 8})
    publish.ffmpeg(server.rtmp())
    until(lambda: replays(server) and replays(server)[0]['duration_ms'] > 2500, 20, 'a recording')

    def ask(_):
        return post(server, '/api/v1/channels/live/hq/clips', {'from': 500, 'to': 1500})
    with concurrent.futures.ThreadPoolExecutor(40) as pool:
        answers = list(pool.map(ask, range(1000)))
    refused = [a for a in answers if a.status == 429]
    made = [json.loads(a.body)['id'] for a in answers if a.status == 201]
    assert len(made) + len(refused) == 1000 and made and refused
    assert {code_of(a) for a in refused} == {'queue_full'}
    assert all(a.headers['Retry-After'] for a in refused)
    assert len(set(made)) == len(made)
    states = {}

    def ready():
        states.update((i, server.json(f'/api/v1/clips/{i}')['state']) for i in made)
        return set(states.values()) == {'ready'}
    until(ready, 60, lambda: f'clips: {states}')
    assert server.is_live()


def test_ranges_that_are_none(make_server):
    server = make_server(RECORDED)
    id = broadcast(server)
    path = f'/api/v1/replays/{id}/clips'
    for body, code in [({'from': 2000, 'to': 1000}, 'bad_range'), ({'from': 500, 'to': 500}, 'bad_range'),
                       ({'from': 'yesterday'}, 'bad_range'), ({'to': 1000}, 'bad_range'),
                       ({'from': 0, 'to': 600000}, 'outside'), ({'from': -600000}, 'outside'),
                       ({'from': '1999-01-01T00:00:00Z'}, 'outside'),
                       ({'from': 0, 'unknown': 1}, 'bad_clip')]:
        answer = post(server, path, body)
        assert answer.status == 400 and code_of(answer) == code, (body, answer.body)
    for channel, status in [('live/hq', 201), ('live/none', 404)]:
        answer = post(server, f'/api/v1/channels/{channel}/clips', {'from': -1500})
        assert answer.status == status, answer.body
    until(lambda: clips(server)[0]['state'] == 'ready', 20, lambda: f'the clip: {clips(server)}')
    clip = clips(server)[0]['id']
    assert server.get(f'/api/v1/clips/{clip}', method='DELETE').status == 204
    until(lambda: not os.path.exists(folder(server, 'clips', clip)), 10, 'its files to go')
    assert clips(server) == []


@pytest.mark.limit(120)
def test_an_export_is_a_classic_file(make_server, tmp_path):
    """Made once as a job, with all pictures; its name is free until then."""
    server = make_server(RECORDED)
    id = broadcast(server)
    path = f'/api/v1/replays/{id}/export'
    assert server.get(f'/replay/{id}/classic.mp4').status == 404
    assert post(server, path, {}).status == 202

    def export():
        return server.json(f'/api/v1/replays/{id}')['export']
    made = until(lambda: export()['state'] == 'done' and export(), 30, lambda: f'the export: {export()}')
    assert made['url'] == f'/replay/{id}/classic.mp4' and made['progress'] == 100
    assert post(server, path, {}).status == 200
    body = server.get(made['url']).body
    kinds = []
    at = 0
    while at < len(body):
        kinds.append(body[at + 4:at + 8])
        at += int.from_bytes(body[at:at + 4], 'big')
    assert kinds == [b'ftyp', b'moov', b'mdat'], kinds
    check_decodes(tmp_path, body)
    count = ['ffprobe', '-v', 'error', '-count_frames', '-select_streams', 'v', '-of', 'csv=p=0',
             '-show_entries', 'stream=nb_read_frames']
    frames = [run([*count, server.http(url)], 30).stdout.strip().rstrip(',')
              for url in (made['url'], f'/replay/{id}.mp4')]
    assert frames[0] == frames[1] and int(frames[0]) > 60, frames
