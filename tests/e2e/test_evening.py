# SPDX-License-Identifier: Apache-2.0
"""A whole evening on several servers, with the configuration files of conf/ as they stand:
headquarters, three store servers and an edge, each with an address of its own.

Lobby, the store's own host (OBS), headquarters at eight, headquarters' line dies and the backup
is there, the line comes back, twenty switches by hand, the store closes, the replay. Nobody's
socket closes meanwhile, no page fails, picture and sound stay together."""
import datetime
import json
import os
import statistics
import threading
import time

import pytest

from kit import flv, obs, publish
from kit.browser import look_at
from kit.media import RATE, SAMPLE_FPS, beep_starts, pcm
from kit.server import Server, TOP
from kit.wait import until
from kit.watch import Watcher

NAMES = {'headquarters.example': '127.0.1.1', 'origin-a.example': '127.0.1.1',
         'origin-b.example': '127.0.1.9', 'origin-c.example': '127.0.1.9'}
SWITCHES = 20
STAY_S = 2.4            # on each source: two flashes with their beeps
SKEW_MAX_S = 0.045


class Host(Server):
    """A server that knows the names of the others, as from a name server."""

    def __init__(self, directory, conf, names, *, public=None, settings=None):
        os.makedirs(directory)
        super().__init__(directory, {'access.publish': 'key', 'record.min_free_bytes': '1MiB',
                                     'relay.allow_private': 'true',  # loopback is no public address
                                     **(settings or {})},
                         config=os.path.join(TOP, 'conf', conf))
        self.names = names
        if public:
            self.settings['http.listen'] = f'127.0.0.1:{self.http_port},{public}'

    def command(self):
        return ['unshare', '-m', 'sh', '-c', 'mount --bind "$0" /etc/hosts && exec "$@"',
                self.names, *super().command()]

    def api(self, method, path, body=None):
        answer = self.get(f'/api/v1/channels/{path}', method=method,
                          body=None if body is None else json.dumps(body),
                          headers={'Content-Type': 'application/json'})
        assert answer.status < 300, f'{method} {path}: {answer.status} {answer.body}'
        return json.loads(answer.body) if answer.body else None

    def on_air(self, channel):
        return self.api('GET', channel)['source']['on_air']

    def wait_on_air(self, channel, index, seconds=10):
        until(lambda: self.on_air(channel) == index, seconds,
              lambda: f'{channel} to show {index}: {self.api("GET", channel)["source"]}')

    def choose(self, channel, index):
        self.api('POST', f'{channel}/source', {'index': index})
        self.wait_on_air(channel, index)


@pytest.fixture
def hosts(tmp_path, clean_processes):
    names = tmp_path / 'hosts'
    names.write_text('127.0.0.1 localhost\n'
                     + ''.join(f'{a} {n}\n' for n, a in NAMES.items()))
    made = []

    def make(name, conf, **kw):
        made.append(Host(str(tmp_path / name), conf, str(names), **kw))
        return made[-1].start()

    yield make
    for host in made:
        host.stop()


def later(seconds):
    now = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)
    return now.strftime('%Y-%m-%dT%H:%M:%S.%f')[:-3] + 'Z'


def skews_by_stretch(watcher):
    """The skew of sound against picture in each stretch between two switches."""
    pts, numbers = watcher.picture_pts(), watcher.numbers
    count = min(len(pts), len(numbers))
    onsets, position = [], 0
    starts = iter(beep_starts(pcm(bytes(watcher.sound))))
    start = next(starts, None)
    for at, samples in watcher.sound_frames():
        while start is not None and position <= start < position + samples:
            onsets.append(at + (start - position) / RATE)
            start = next(starts, None)
        position += samples
    cuts = [0] + [i + 1 for i, _, _ in watcher.breaks() if i + 1 < count] + [count]
    rows = []
    for a, b in zip(cuts, cuts[1:]):
        flashes = [pts[i] for i in range(a, b)
                   if numbers[i] is not None and numbers[i] % SAMPLE_FPS == 0]
        pairs = [min((s - f for s in onsets), key=abs) for f in flashes] if onsets else []
        near = [p for p in pairs if abs(p) < 0.25]
        rows.append((pts[b - 1] - pts[a], statistics.median(near) if near else None))
    return rows


@pytest.mark.limit(240)
def test_an_evening(hosts, tmp_path):
    headquarters = hosts('headquarters', 'headquarters.yaml', public='127.0.1.1:8080')
    key = '?key=change-me-hq'
    line = publish.ffmpeg(headquarters.rtmp('live/hq', key))
    headquarters.wait_on_air('live/hq', 0)
    backup = publish.ffmpeg(headquarters.rtmp('live/hq', key + '&role=backup'), before=('-ss', '7'))
    stores = [hosts(f'store-{n}', 'store.yaml') for n in (1, 2, 3)]
    edge = hosts('edge', 'edge.yaml')
    store = stores[0]

    # The lobby: viewers are there before the host.
    store.api('PUT', 'store/0571/schedule', {'starts_at': later(14), 'title': '新品之夜'})
    until(lambda: (store.api('GET', 'store/0571')['source']['program'] or '').startswith('~slate'),
          10, 'the lobby')
    viewers = [flv.Viewer(store.http_port, '/store/0571.flv'),
               flv.Viewer(headquarters.http_port, '/live/hq.flv'),
               flv.Viewer(headquarters.http_port, '/store/0755.flv'),
               flv.WebSocketViewer(headquarters.http_port, '/store/0571.flv'),
               flv.Viewer(edge.http_port, '/live/hq.flv')]
    viewers += [flv.Viewer(s.http_port, '/store/0571.flv') for s in stores[1:]]
    for n, viewer in enumerate(viewers):
        assert viewer.status in (101, 200), f'viewer {n}: {viewer.status}'
        until(lambda: len(viewer.media()) > 20, 15, f'the stream of viewer {n}')

    # The store's own host opens OBS; viewers see it when the broadcast begins, not before.
    host = obs.Obs(str(tmp_path), store.rtmp('store').rsplit('?')[0], '0571?key=change-me-0571')
    host.start().wait_streaming()
    until(lambda: store.api('GET', 'store/0571')['state'] == 'live', 30, 'the beginning')
    store.wait_on_air('store/0571', 0)
    viewers[0].wait_more(60)
    # At eight: headquarters.
    store.choose('store/0571', 1)
    viewers[0].wait_more(60)

    # Headquarters' line dies; the backup takes over, here and everywhere.
    watcher = Watcher(headquarters.flv('live/hq'))
    watcher.wait_pictures(2 * SAMPLE_FPS)
    died = time.monotonic()
    line.kill()
    headquarters.wait_on_air('live/hq', 1, 5)
    watcher.wait_pictures(2 * SAMPLE_FPS)
    assert watcher.longest_wait(died - 0.5) <= 1.0, watcher.longest_wait(died - 0.5)
    line = publish.ffmpeg(headquarters.rtmp('live/hq', key))
    headquarters.wait_on_air('live/hq', 0, 20)
    watcher.wait_pictures(2 * SAMPLE_FPS)
    watcher.stop()
    host.stop_streaming()
    host.process.end()

    # A store of headquarters' own server changes twenty times between its host and headquarters.
    own = publish.ffmpeg(headquarters.rtmp('store/0571', '?key=change-me-0571'), before=('-ss', '4'))
    headquarters.wait_on_air('store/0571', 0, 15)
    watcher = Watcher(headquarters.flv('store/0571'), timing=True)
    watcher.wait_pictures(SAMPLE_FPS)
    watch_s = SWITCHES * (STAY_S + 1.2)
    seen = {}
    page = threading.Thread(target=lambda: seen.update(look_at(
        [{'name': player, 'url': headquarters.http(f'/watch/store/0571?player={player}'),
          'seconds': watch_s} for player in ('llhls', 'flv')], watch_s + 40)))
    page.start()
    for n in range(SWITCHES):
        headquarters.choose('store/0571', 1 - n % 2)
        watcher.wait_pictures(int(STAY_S * SAMPLE_FPS), 30)
    page.join()
    watcher.stop()
    rows = [skew for length, skew in skews_by_stretch(watcher) if length > 1.5]
    assert len(rows) > SWITCHES // 2, rows
    assert all(skew is not None and abs(skew) <= SKEW_MAX_S for skew in rows), rows
    assert len(watcher.breaks()) >= SWITCHES, watcher.breaks()
    for player, answer in seen.items():
        assert answer['error'] is None, f'{player}: {answer["error"]}\n{answer["console"][-10:]}'
        frames = [s['stats']['decoded_frames'] for s in answer['samples']]
        assert frames[-1] > 0.6 * SAMPLE_FPS * watch_s, f'{player}: {frames}'

    # Nobody's socket closed, and time went on for all.
    for n, viewer in enumerate(viewers):
        assert viewer.ended is None, f'viewer {n}: {viewer.end_reason}'
        viewer.check_times()
        viewer.wait_more(SAMPLE_FPS)

    # The store closes; its replay is at the same address.
    store.api('PUT', 'store/0571/schedule', {'starts_at': later(-3600), 'ends_at': later(1)})
    about = until(lambda: (lambda a: a if a['replay_url'] else None)(
        json.loads(store.get('/store/0571/about.json').body)), 20, 'the replay')
    replays = json.loads(store.get('/api/v1/replays?channel=store/0571').body)['replays']
    assert len(replays) == 1, replays
    assert replays[0]['id'] in about['replay_url']
    playlist = store.get(replays[0]['hls_url'].split(str(store.http_port))[-1])
    assert playlist.status == 200
    own.end()
    backup.end()
