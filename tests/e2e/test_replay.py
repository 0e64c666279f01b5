# SPDX-License-Identifier: Apache-2.0
"""A broadcast as a replay, and the past of one that still runs: by HLS, as a file, in pieces."""
import glob
import gzip
import http.client
import json
import os
import re
import shutil
import socket
import threading
import time

import pytest

from kit import hls, media, process, publish
from kit.process import Process, need, run
from kit.server import TOP, Server
from kit.wait import until
from kit.watch import Watcher

RECORDED = {'record.mode': 'always', 'stream.grace_s': 1, 'record.resume_s': 0,
            'record.min_free_bytes': '1MiB'}
FRAMES = media.SAMPLE_FPS * media.SAMPLE_SECONDS


def recordings(server):
    return sorted(os.path.basename(p) for p in glob.glob(
        os.path.join(server.settings['data.dir'], 'recordings', '*')))


def wait_recording(server, count=1):
    until(lambda: len(recordings(server)) >= count, 10, f'recording {count}')
    return recordings(server)[-1]


def code_of(answer):
    return json.loads(answer.body)['error']['code']


class Ended:
    """A server with one broadcast that is over: the sample once, from its first frame."""

    def __init__(self, directory):
        self.server = Server(directory, RECORDED).start()
        push = publish.ffmpeg(self.server.rtmp(), loop=False)
        self.server.wait_hls()
        self.live_path = hls.media_playlists(self.server)[1][0]
        push.wait(60)
        until(lambda: hls.get_playlist(self.server, self.live_path).ended, 10, 'ENDLIST')
        began = time.monotonic()
        self.id = wait_recording(self.server)
        until(lambda: self.get('/main.m3u8').body.endswith(b'#EXT-X-ENDLIST\n'), 5, 'the replay')
        self.replay_after_s = time.monotonic() - began
        self.mp4 = self.server.get(f'/replay/{self.id}.mp4').body

    def path(self, rest):
        return f'/replay/{self.id}{rest}'

    def get(self, rest, **kw):
        return self.server.get(self.path(rest), **kw)

    def url(self, rest):
        return self.server.http(self.path(rest))


@pytest.fixture(scope='module')
def ended(tmp_path_factory):
    mark = process.mark()
    made = Ended(str(tmp_path_factory.mktemp('replay')))
    yield made
    try:
        made.server.stop()
    finally:
        process.end_all(mark)


def check_whole(url):
    """All of the sample from the first frame to the last, and the tone under it."""
    viewer = Watcher(url, before=('-xerror',))
    viewer.wait_end(60)
    assert viewer.process.code == 0, viewer.process.tail()
    viewer.check_pictures()
    viewer.check_sound()
    assert viewer.numbers[0] == 0 and viewer.numbers[-1] == FRAMES - 1, \
        (viewer.numbers[:3], viewer.numbers[-3:])
    assert abs(len(viewer.sound) / 2 / media.RATE - media.SAMPLE_SECONDS) < 0.15


def test_the_replay_is_there_at_once(ended):
    """The live playlist has its ENDLIST, and the replay is whole within a moment."""
    assert ended.replay_after_s < 3, f'{ended.replay_after_s:.2f} s'
    p = hls.get_playlist(ended.server, ended.path('/main.m3u8'))
    assert p.ended and '#EXT-X-PLAYLIST-TYPE:VOD' in p.text
    assert abs(sum(s.duration for s in p.segments) - media.SAMPLE_SECONDS) < 0.2
    assert p.segments[0].date is not None and p.segments[0].map


def test_hls_as_a_whole(ended):
    check_whole(ended.url('/index.m3u8'))


def test_mp4_as_a_whole(ended):
    check_whole(ended.url('.mp4'))


def test_heads_of_the_answers(ended):
    master = ended.get('/index.m3u8', headers={'Origin': 'https://shop.example'})
    assert master.headers['Content-Type'].startswith('application/vnd.apple.mpegurl')
    assert master.headers['Access-Control-Allow-Origin'] == '*'
    assert re.search(r'CODECS="avc1\.[0-9A-Fa-f]{6},mp4a\.40\.2"', master.body.decode())
    assert 'RESOLUTION=640x360' in master.body.decode()
    assert master.body.decode().splitlines()[-1] == 'main.m3u8'
    playlist = ended.get('/main.m3u8')
    packed = ended.get('/main.m3u8', headers={'Accept-Encoding': 'gzip'})
    assert packed.headers['Content-Encoding'] == 'gzip'
    assert gzip.decompress(packed.body) == playlist.body
    for segment in hls.Playlist(playlist.body.decode()).segments[:2]:
        init = ended.get(f'/{segment.map}')
        body = ended.get(f'/{segment.uri}')
        assert init.status == body.status == 200 and init.body[4:8] == b'ftyp'
        assert 'immutable' in body.headers['Cache-Control']
        part = ended.get(f'/{segment.uri}', headers={'Range': 'bytes=100-199'})
        assert part.status == 206 and part.body == body.body[100:200]


def test_byte_ranges_of_the_file(ended, tmp_path):
    """By curl, as download managers and players ask."""
    need('curl')
    size = len(ended.mp4)
    url = ended.url('.mp4')

    def curl(*words):
        out = tmp_path / 'out'
        result = run(['curl', '-sS', '-D', tmp_path / 'head', '-o', out, *words, url])
        assert result.returncode == 0, result.stderr
        return (tmp_path / 'head').read_text().lower(), out.read_bytes() if out.exists() else b''

    head, body = curl()
    assert body == ended.mp4 and f'content-length: {size}' in head
    assert 'accept-ranges: bytes' in head and 'content-type: video/mp4' in head
    etag = re.search(r'etag: ("[^"]+")', head).group(1)
    for first, last in ((0, 0), (0, 99), (777, 300_000), (size - 5, size - 1), (10, size + 99)):
        head, body = curl('-r', f'{first}-{last}')
        assert body == ended.mp4[first:last + 1]
        assert f'content-range: bytes {first}-{min(last, size - 1)}/{size}' in head
    head, body = curl('-r', '-1000')
    assert body == ended.mp4[-1000:]
    head, body = curl('-r', f'{size}-')
    assert '416' in head.splitlines()[0] and f'content-range: bytes */{size}' in head
    head, body = curl('-H', f'If-None-Match: {etag}')
    assert '304' in head.splitlines()[0] and not body
    head, body = curl('-r', '0-9', '-H', 'If-Range: "other"')
    assert '200' in head.splitlines()[0] and len(body) == size
    (tmp_path / 'out').write_bytes(ended.mp4[:4321])
    head, body = curl('-C', '-')
    assert body == ended.mp4, 'a download that goes on'
    assert ended.get('.mp4', method='HEAD').headers['Content-Length'] == str(size)
    assert ended.get('.mp4?download=1').headers['Content-Disposition'].startswith('attachment;')


def test_ranges_over_http2(ended, tmp_path):
    need('curl')
    out = tmp_path / 'out'
    result = run(['curl', '-sS', '--http2-prior-knowledge', '-o', out, ended.url('.mp4')])
    if 'not support' in result.stderr:
        pytest.skip('this curl has no HTTP/2')
    assert result.returncode == 0 and out.read_bytes() == ended.mp4, result.stderr
    result = run(['curl', '-sS', '--http2-prior-knowledge', '-r', '1000-50000', '-o', out,
                  ended.url('.mp4')])
    assert out.read_bytes() == ended.mp4[1000:50001]


def test_over_tls(ended, make_server, tmp_path):
    """The same bytes where sendfile() cannot be, by a server that never saw the broadcast."""
    need('curl', 'openssl')
    ca = tmp_path / 'ca'
    run([os.path.join(TOP, 'tools', 'test-ca'), ca])
    shutil.copytree(os.path.join(ended.server.settings['data.dir'], 'recordings'),
                    tmp_path / 'data' / 'recordings')
    server = make_server({'tls.cert': str(ca / 'server.pem'), 'tls.key': str(ca / 'server.key')},
                         https=True)
    url = f'https://localhost:{server.https_port}{ended.path(".mp4")}'
    # Where the kernel stops taking bytes is another place each time.
    for version in 8 * ('--http1.1', '--http2'):
        out = tmp_path / 'out'
        result = run(['curl', '-sS', version, '--cacert', ca / 'ca.pem', '-o', out, url])
        assert result.returncode == 0, result.stderr
        assert out.read_bytes() == ended.mp4, version
        result = run(['curl', '-sS', version, '--cacert', ca / 'ca.pem', '-o', out,
                      '-r', '12345-654321', url])
        assert out.read_bytes() == ended.mp4[12345:654322], version


def play(server, jobs, seconds=90):
    need('node')
    script = os.path.join(TOP, 'tests', 'e2e', 'browser', 'replay.mjs')
    result = run(['node', script, json.dumps({'origin': server.http(''), 'jobs': jobs})], seconds)
    if result.returncode == 77:
        pytest.skip(result.stdout.strip())
    assert result.returncode == 0, result.stderr[-3000:]
    return json.loads(result.stdout.splitlines()[-1])


def check_browser(result, seeks):
    assert not result['error'], json.dumps(result)
    assert abs(result['duration'] - media.SAMPLE_SECONDS) < 0.2, json.dumps(result)
    for seek in result['seeks']:
        # A time that lies on the border of two frames may show either.
        assert seek['number'] is not None and abs(seek['number'] - seek['at'] * 30) <= 1, json.dumps(result)
    assert len(result['seeks']) == len(seeks)
    assert all(n is not None for n in result['numbers'][1:]), json.dumps(result)
    print(f'first frame after {result["first_frame_ms"]:.0f} ms')


@pytest.mark.limit(150)
def test_chromium_plays_and_seeks(ended):
    """hls.js, and the video element with the file itself, which asks for ranges."""
    seeks = [10.02, 3.02, 15.02]
    jobs = [{'name': 'hls.js', 'player': 'hls.js', 'url': ended.path('/index.m3u8'),
             'live_edge': False, 'seeks': seeks, 'play_s': 0.8},
            {'name': 'mp4', 'player': 'video', 'url': ended.path('.mp4'), 'seeks': seeks,
             'play_s': 0.8}]
    results = play(ended.server, jobs)
    for name in ('hls.js', 'mp4'):
        check_browser(results[name], seeks)


def test_unknown_names(ended):
    for path, code in (('/replay/20200101-000000-00000000/index.m3u8', 'no_such_replay'),
                       ('/replay/20200101-000000-00000000.mp4', 'no_such_replay'),
                       ('/clip/20200101-000000-00000000.mp4', 'no_such_clip'),
                       (f'/clip/{ended.id}/index.m3u8', 'no_such_clip'),
                       (ended.path('/s999.m4s'), 'not_found'),
                       (ended.path('/i9.mp4'), 'not_found'),
                       (ended.path('/recording.json'), 'not_found'),
                       (ended.path('/000001.mp4'), 'not_found'),
                       (ended.path('/s18446744073709551615.m4s'), 'not_found'),
                       (ended.path('.mp4?format=7'), 'no_such_format'),
                       (ended.path('.mp4?format=x'), 'no_such_format'),
                       (ended.path('/classic.mp4'), 'export_missing')):
        answer = ended.server.get(path)
        assert answer.status == 404 and code_of(answer) == code, (path, answer.status, answer.body)
    for path in ('/replay/..%2f..%2fkeys/index.m3u8', '/replay/%2e%2e/x.mp4',
                 ended.path('/%2e%2e/%2e%2e/keys')):
        assert ended.server.get(path).status in (400, 404), path
    assert ended.get('.mp4', method='POST').status == 405


def slow_reader(server, path, bytes_a_time, seconds, began=None):
    """A client that reads a little, then nothing for a while, then the rest."""
    with socket.create_connection(('127.0.0.1', server.http_port), timeout=30) as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16384)
        s.sendall(f'GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'.encode())
        got = bytearray()
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            got += s.recv(bytes_a_time)
            if began:
                began.set()
            time.sleep(0.1)
        while data := s.recv(65536):
            got += data
    head, _, body = bytes(got).partition(b'\r\n\r\n')
    return head, body


def test_slow_readers_and_those_that_leave(ended):
    results = []
    threads = [threading.Thread(target=lambda: results.append(
        slow_reader(ended.server, ended.path('.mp4'), 1000, 3))) for _ in range(5)]
    for thread in threads:
        thread.start()
    for _ in range(50):
        with socket.create_connection(('127.0.0.1', ended.server.http_port)) as s:
            s.sendall(f'GET {ended.path(".mp4")} HTTP/1.1\r\nHost: x\r\n\r\n'.encode())
            s.recv(10)
    for thread in threads:
        thread.join(40)
    assert len(results) == 5
    for _, body in results:
        assert body == ended.mp4


# --- a broadcast that runs ---

@pytest.fixture
def live(make_server):
    server = make_server({**RECORDED, 'hls.segment_s': 1})
    publish.ffmpeg(server.rtmp())
    server.wait_hls()
    server.recording = wait_recording(server)
    until(lambda: dvr_path(server), 20, 'the DVR')
    return server


def dvr_path(server):
    """The path of the DVR's media playlist; None while there is none."""
    answer = server.get('/live/hq/index.m3u8?dvr=1')
    uri = answer.body.decode().splitlines()[-1]
    return hls.resolve('/live/hq/index.m3u8', uri) if 'dvr.m3u8' in uri else None


def test_rewinding_a_live(live):
    """The DVR goes back to the first frame, and its numbers are those of the live playlist."""
    path = dvr_path(live)
    until(lambda: len(hls.get_playlist(live, path).segments) >= 8, 30, '8 segments')
    p = hls.get_playlist(live, path)
    assert not p.ended and not p.has_parts and p.segments[0].date is not None
    live_path = hls.media_playlists(live)[1][0]
    now = {s.msn: s.date for s in hls.get_playlist(live, live_path).segments if s.date}
    both = [s for s in p.segments if s.msn in now and s.date]
    assert both, 'no segment in both playlists'
    assert all(abs(s.date - now[s.msn]) < 0.002 for s in both)
    viewer = Watcher(live.http(path), before=('-live_start_index', '0'))
    viewer.wait_pictures(200, 30)
    viewer.stop()
    viewer.check_pictures()
    assert viewer.numbers[0] == 0, 'it begins with the broadcast'


def test_the_dvr_playlist(live):
    path = dvr_path(live)
    until(lambda: len(hls.get_playlist(live, path).segments) >= 3, 30, '3 segments')
    packed = live.get(path, headers={'Accept-Encoding': 'gzip'})
    p = hls.Playlist(gzip.decompress(packed.body).decode())
    media_path = hls.resolve(path, p.segments[-1].uri)
    assert live.recording in media_path
    assert live.get(media_path).status == 200
    assert live.get(hls.resolve(path, p.segments[-1].map)).status == 200
    other = media_path.replace(live.recording, '20200101-000000-00000000')
    assert code_of(live.get(other)) == 'no_such_replay'
    delta = live.get(path + '&_HLS_skip=YES')
    assert delta.status == 200 and delta.body.startswith(b'#EXTM3U')
    rules = hls.Rules()
    until(lambda: rules.check(hls.get_playlist(live, path)).segments[-1].msn
          > p.segments[-1].msn, 10, 'the next segment')


def test_many_ask_for_one_text(live):
    """Everybody gets the same playlist, and hundreds at once are no load."""
    path = dvr_path(live)
    began = time.monotonic()
    texts = set()
    lock = threading.Lock()

    def ask():
        client = hls.Client(live)
        for _ in range(50):
            body = client.get(path, {'Accept-Encoding': 'gzip'}).body
            with lock:
                texts.add(body)
        client.close()

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(texts) <= time.monotonic() - began + 3, 'one text a segment'


def test_a_replay_of_what_still_runs(live):
    p = hls.get_playlist(live, f'/replay/{live.recording}/main.m3u8')
    assert '#EXT-X-PLAYLIST-TYPE:EVENT' in p.text and not p.ended
    answer = live.get(f'/replay/{live.recording}.mp4')
    assert answer.status == 200 and int(answer.headers['Content-Length']) == len(answer.body)
    result = run(['ffprobe', '-v', 'error', '-show_entries', 'format=duration', '-of', 'csv=p=0',
                  live.http(f'/replay/{live.recording}.mp4')])
    assert float(result.stdout) > 0.9, result.stderr


def test_the_dvr_ends_with_its_broadcast(make_server):
    server = make_server(RECORDED)
    push = publish.ffmpeg(server.rtmp(), loop=False)
    server.wait_hls()
    until(lambda: dvr_path(server), 20, 'the DVR')
    path = dvr_path(server)
    push.wait(60)
    until(lambda: hls.get_playlist(server, path).ended, 10, 'ENDLIST')
    p = hls.get_playlist(server, path)
    publish.ffmpeg(server.rtmp())
    wait_recording(server, 2)
    server.wait_hls()
    again = hls.get_playlist(server, path)
    assert again.ended and again.segments[-1].uri == p.segments[-1].uri, 'not the next broadcast'
    assert live_jpeg(server) is not None


def live_jpeg(server):
    answer = server.get('/live/hq.jpg?width=320')
    if answer.status != 200:
        assert code_of(answer) in ('no_picture', 'not_live')
        return None
    assert answer.headers['Content-Type'] == 'image/jpeg'
    assert answer.headers['Cache-Control'] == 'max-age=1'
    assert answer.body[:2] == b'\xff\xd8'
    return answer.body


def test_pictures(live):
    until(lambda: live_jpeg(live), 10, 'a picture')
    assert live.get('/live/nobody.jpg').status == 404
    for name, kind in (('poster.jpg', 'image/jpeg'), ('thumbnails.vtt', 'text/vtt')):
        path = f'/replay/{live.recording}/{name}'
        until(lambda p=path: live.get(p).status == 200, 30, name)
        answer = live.get(path)
        assert answer.headers['Content-Type'].startswith(kind)
        assert live.get(path, headers={'If-None-Match': answer.headers['ETag']}).status \
            in (200, 304)


def test_who_may_watch(make_server):
    server = make_server({**RECORDED, 'access.play': 'token', 'access.play_key': 'sesame'})
    publish.ffmpeg(server.rtmp())
    recording = wait_recording(server)
    base = f'/replay/{recording}/index.m3u8'
    until(lambda: server.get(base + '?token=sesame').status == 200, 30, 'the replay')
    for path in (base, base + '?token=open', f'/replay/{recording}.mp4',
                 f'/replay/{recording}/main.m3u8', f'/replay/{recording}/s0.m4s',
                 f'/replay/{recording}/poster.jpg', '/live/hq.jpg', '/live/hq/index.m3u8?dvr=1'):
        answer = server.get(path)
        assert answer.status == 403 and code_of(answer) == 'forbidden', path
    assert server.get(f'/replay/{recording}.mp4?token=sesame').status == 200
    for token in ('sesame', server.admin_token()):      # the console's pages have the latter
        bearer = {'Authorization': f'Bearer {token}'}
        assert server.get(f'/replay/{recording}.mp4', headers=bearer).status == 200
    uri = server.get(base + '?token=sesame').body.decode().splitlines()[-1]
    assert re.fullmatch(r's/[0-9a-f]{24}/main\.m3u8', uri)
    playlist = hls.resolve(base, uri)
    p = hls.get_playlist(server, playlist)
    assert server.get(hls.resolve(playlist, p.segments[0].uri)).status == 200
    forged = playlist.replace(uri.split('/')[1], '0' * 24)
    assert server.get(forged).status == 403
    # An id of one recording opens no other, nor a live.
    assert server.get('/live/hq/' + uri).status == 403
    def dvr_uri():
        answer = server.get('/live/hq/index.m3u8?dvr=1&token=sesame')
        uri = answer.body.decode().splitlines()[-1]
        return uri if answer.status == 200 and 'dvr.m3u8' in uri else None
    dvr = until(dvr_uri, 20, 'the DVR')
    p = hls.get_playlist(server, '/live/hq/' + dvr)
    media_path = hls.resolve('/live/hq/' + dvr, p.segments[0].uri)
    assert server.get(media_path).status == 200
    assert server.get(media_path.replace(dvr.split('/')[1], '0' * 24)).status == 403


def test_deleted_while_it_is_read(make_server):
    """Who reads it reads to the end; the next request gets 404."""
    server = make_server(RECORDED)
    push = publish.ffmpeg(server.rtmp(), loop=False)
    server.wait_hls()
    push.wait(60)
    recording = wait_recording(server)
    path = f'/replay/{recording}.mp4'
    until(lambda: server.get(f'/replay/{recording}/main.m3u8').body.endswith(b'ENDLIST\n'), 10,
          'the end')
    whole = server.get(path).body
    done = []
    began = threading.Event()
    thread = threading.Thread(
        target=lambda: done.append(slow_reader(server, path, 2000, 3, began)))
    thread.start()
    assert began.wait(20)   # and is far from its end
    assert server.get(f'/api/v1/replays/{recording}', method='DELETE').status == 204
    answer = server.get(path)
    assert answer.status == 404 and code_of(answer) == 'no_such_replay'
    thread.join(40)
    assert done and done[0][1] == whole
    assert server.get(f'/replay/{recording}/s0.m4s').status == 404
