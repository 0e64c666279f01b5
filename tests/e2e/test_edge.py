# SPDX-License-Identifier: Apache-2.0
"""A server that has its channels from others while somebody watches them."""
import os
import re
import signal
import statistics
import threading
import time

import pytest

from kit import flv, hls, ports, publish
from kit.process import need
from kit.rtc_peers import aiortc_viewer
from kit.server import TOP
from kit.wait import until
from kit.watch import Watcher

pytestmark = pytest.mark.usefixtures('programs')
EDGE = os.path.join(TOP, 'conf', 'edge.yaml')


@pytest.fixture
def programs():
    need('ffmpeg')


def make_edge(make_server, *origins, **more):
    return make_server({'relay.origins': ','.join(origins), 'relay.edge_grace_s': '1', **more},
                       config=EDGE)


def viewers(server, protocol='flv', channel='live/hq'):
    state = server.channel(channel)
    return state['viewers_by_protocol'][protocol] if state else 0


def edge_delay_ms(near, far):
    """How much later the same pictures came to `far` than to `near`."""
    first = {t.body: t.arrived for t in near.media(flv.VIDEO)}
    late = [t.arrived - first[t.body] for t in far.media(flv.VIDEO)[-60:] if t.body in first]
    assert len(late) > 30
    # Of the best stretch: a machine that is busy delays some pictures, an edge that holds them
    # back all.
    return min(statistics.median(late[i:i + 15]) for i in range(0, len(late) - 14, 5)) * 1000


def test_viewers_share_one_pull(make_server):
    """FLV, RTMP and HLS at the edge are one viewer at the origin, who leaves after them."""
    origin = make_server()
    host = publish.ffmpeg(origin.rtmp())
    origin.wait_live()
    near = flv.Viewer(origin.http_port)
    edge = make_edge(make_server, origin.http(''))
    crowd = []
    threads = [threading.Thread(target=lambda: crowd.append(flv.Viewer(edge.http_port)))
               for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert [v.status for v in crowd] == [200] * 20
    crowd[0].wait_tags(100)
    until(lambda: viewers(origin) == 2, 2, 'one pull')
    shown = edge.json('/api/v1/relays')['relays']
    assert [(r['channel'], r['edge'], r['state']) for r in shown] == [('live/hq', True, 'live')]
    near.wait_more(50)
    delay = edge_delay_ms(near, crowd[0])
    assert delay < 100, f'{delay} ms'
    for viewer in crowd:
        viewer.check_times()
        viewer.close()
    until(lambda: viewers(origin) == 1, 10, 'the end of the pull')
    until(lambda: not edge.json('/api/v1/relays')['relays'], 3, 'an empty list')
    assert len(re.findall('media comes from', edge.log())) == 1
    # Whoever comes now begins it anew: a player of HLS, and one of RTMP meanwhile.
    text, paths = hls.media_playlists(edge)
    assert '#EXT-X-STREAM-INF' in text
    poller = hls.Poller(edge, paths[0], load=True)
    watcher = Watcher(edge.rtmp())
    watcher.wait_pictures(50).check_pictures()
    watcher.stop()
    poller.wait_updates(10)
    poller.check()
    poller.stop()
    until(lambda: viewers(origin) == 2, 2, 'one pull')
    near.close()
    host.end()


def test_first_viewer_by_srt_and_webrtc(make_server):
    """They wait for the pull, too, and then watch."""
    origin = make_server()
    publish.ffmpeg(origin.rtmp())
    origin.wait_live()
    edge = make_edge(make_server, origin.http(''), **{'relay.edge_grace_s': '0'})
    watcher = Watcher(f'srt://127.0.0.1:{edge.srt_port}?streamid=read:live/hq')
    watcher.wait_pictures(40).check_pictures()
    watcher.stop()
    until(lambda: not edge.json('/api/v1/relays')['relays'], 5, 'the end of the pull')
    whep = aiortc_viewer(edge.http('/live/hq/whep'))
    whep.wait_pictures(30)
    whep.stop()
    assert len(re.findall('media comes from', edge.log())) == 2


def test_failover(make_server):
    """An origin is killed: the viewers' sockets stay, the next origin goes on, also by RTMP."""
    first, second = make_server(), make_server()
    for server in (first, second):
        publish.ffmpeg(server.rtmp())
    first.wait_live()
    second.wait_live()
    edge = make_edge(make_server, f'http://127.0.0.1:{ports.free_port()}', first.http(''),
                     f'rtmp://127.0.0.1:{second.rtmp_port}')
    viewer = flv.Viewer(edge.http_port).wait_tags(100)
    first.process.signal(signal.SIGKILL)
    until(lambda: viewers(second, 'rtmp') == 1, 10, 'the second origin')
    viewer.wait_more(100)
    assert not viewer.ended
    viewer.check_times()
    # The second one dies too, and comes back within the time that viewers wait.
    second.process.signal(signal.SIGKILL)
    second.process.wait(5)
    second.start()
    publish.ffmpeg(second.rtmp())
    viewer.wait_more(150, 30)
    assert not viewer.ended
    viewer.check_times()
    viewer.close()


def test_unknown_names(make_server, monkeypatch):
    """Names that no origin has cost little, here and there, and nothing stays of them."""
    # What a sanitizer keeps of freed memory is not the server's.
    monkeypatch.setenv('ASAN_OPTIONS', 'abort_on_error=0:exitcode=99:quarantine_size_mb=4')
    origin = make_server()
    edge = make_edge(make_server, origin.http(''), **{'log.level': 'debug'})
    client = hls.Client(edge)
    assert client.get('/live/none.flv').status == 404
    for number in range(200):
        assert client.get(f'/live/first-{number}.flv').status == 404
    before = edge.memory_kib()
    began = time.monotonic()
    for _ in range(1000):
        assert client.get('/live/none/index.m3u8').status == 404
    for number in range(300):
        assert client.get(f'/live/name-{number}.flv').status == 404
    asked = len(re.findall(r'\[edge live/none\]', edge.log()))
    assert asked <= time.monotonic() - began + 2, asked
    assert edge.memory_kib() - before < 40000
    assert not edge.json('/api/v1/relays')['relays']
    assert edge.json('/api/v1/channels')['channels'] == []
    client.close()


def test_loop(make_server):
    """Two edges that are each other's origin: told at once, by HTTP and by RTMP."""
    port_a, port_b, rtmp_a = ports.free_port(), ports.free_port(), ports.free_port()
    a = make_edge(make_server, f'http://127.0.0.1:{port_b}',
                  **{'http.listen': f'127.0.0.1:{port_a}', 'rtmp.listen': f'127.0.0.1:{rtmp_a}'})
    b = make_edge(make_server, f'http://127.0.0.1:{port_a}', f'rtmp://127.0.0.1:{rtmp_a}',
                  **{'http.listen': f'127.0.0.1:{port_b}', 'log.level': 'debug'})
    assert a.get('/live/hq.flv', seconds=8).status == 404
    b.wait_log('a loop: this server would be given its own stream .508')
    b.wait_log('StreamNotFound: a loop')
    # A chain that names the server itself, one that is too long, one that makes no sense.
    assert a.get('/live/hq.flv', {'Branchcast-Via': ','.join(['0' * 16] * 8)}).status == 508
    assert a.get('/live/hq.flv', {'Branchcast-Via': 'x'}).status == 508


def test_the_edge_itself_is_killed(make_server):
    """Started again it pulls anew for the first who comes back; the origin has one viewer."""
    origin = make_server()
    host = publish.ffmpeg(origin.rtmp())
    origin.wait_live()
    edge = make_edge(make_server, origin.http(''))
    viewer = flv.Viewer(edge.http_port)
    viewer.wait_tags(60)
    edge.process.kill()
    viewer.wait_end(5)
    until(lambda: viewers(origin) == 0, 5, 'the origin to see it')
    edge.start()
    began = time.monotonic()
    again = flv.Viewer(edge.http_port)
    assert again.status == 200
    again.wait_tags(60)
    assert time.monotonic() - began < 9
    again.check_times()
    assert viewers(origin) == 1
    host.end()


def test_two_that_pull_from_each_other(make_server, tmp_path):
    """Each has the other as its second source: who is fed by the other feeds it nothing, so
    that both end with the host and do not show its last second for ever."""
    ports_ = {name: ports.free_port() for name in 'ab'}
    servers = {}
    for name, other in ('ab', 'ba'):
        config = tmp_path / f'{name}.yaml'
        config.write_text('channels:\n  live/hq:\n    sources:\n      - publisher\n'
                          f'      - pull: http://127.0.0.1:{ports_[other]}/live/hq.flv\n')
        servers[name] = make_server(
            {'http.listen': f'127.0.0.1:{ports_[name]}', 'relay.allow_private': 'true',
             'stream.grace_s': '1'}, config=str(config))
    a, b = servers['a'], servers['b']
    host = publish.ffmpeg(a.rtmp())
    a.wait_live()
    until(lambda: b.channel() and b.channel()['state'] == 'live', 20, 'b shows a')
    a.wait_log('508', 20)
    assert a.json('/api/v1/relays')['relays'][0]['state'] != 'live'
    host.end()
    for server in (a, b):
        until(lambda: (server.channel() or {}).get('state') != 'live', 15, 'the end')


def test_pull_on_demand(make_server, tmp_path):
    """A configured pull that runs while somebody watches the channel, or another one that
    shows it; a channel of an edge that is shown by one of ours."""
    origin = make_server()
    publish.ffmpeg(origin.rtmp())
    origin.wait_live()
    config = tmp_path / 'demand.yaml'
    config.write_text(
        'channels:\n'
        '  live/copy:\n    sources:\n'
        f'      - pull: {{ url: "{origin.flv()}", on_demand: true, idle_s: 1 }}\n'
        '  live/far:\n    sources:\n'
        f'      - pull: {{ url: "{origin.flv()}", on_demand: true, idle_s: 1 }}\n'
        '  store/1: { sources: [publisher, { channel: live/copy }] }\n'
        '  store/2: { sources: [publisher, { channel: live/hq }] }\n'
        f'  store/3: {{ scene: {tmp_path}/scene.yaml }}\n')
    (tmp_path / 'scene.yaml').write_text('width: 320\nheight: 180\npreset: full\n'
                                         'inputs: [live/far]\n')
    server = make_server({'relay.origins': origin.http(''), 'relay.edge_grace_s': '1',
                          'relay.allow_private': 'true'},
                         config=str(config))

    def state(channel='live/copy'):
        return next(r['state'] for r in server.json('/api/v1/relays')['relays']
                    if r['channel'] == channel)
    until(lambda: state() == 'idle', 5, 'rest')
    assert viewers(origin) == 0
    for path in ('/live/copy.flv', '/store/1.flv', '/store/2.flv'):
        viewer = flv.Viewer(server.http_port, path)
        assert viewer.status == 200, path
        viewer.wait_tags(50)
        until(lambda: viewers(origin) == 1, 3, 'the pull')
        wanted = 'idle' if path == '/store/2.flv' else 'live'
        until(lambda: state() == wanted, 2, wanted)
        viewer.close()
        until(lambda: viewers(origin) == 0, 10, 'the end of the pull')
        until(lambda: state() == 'idle', 2, 'rest')
    # A composite of nothing else: its viewer gets the clean picture, then the scene.
    viewer = flv.Viewer(server.http_port, '/store/3.flv')
    assert viewer.status == 200, server.process.tail()
    until(lambda: server.json('/api/v1/channels/store/3/scene/status')['state'] == 'on_air',
          20, lambda: f'the scene\n{server.process.tail()}')
    viewer.wait_more(30)
    assert state('live/far') == 'live' and viewers(origin) == 1
    viewer.close()
