# SPDX-License-Identifier: Apache-2.0
"""Channels that are sent to other servers by RTMP and RTMPS."""
import json
import os
import signal
import socket
import subprocess
import threading

import pytest

from kit import flv, hevc, ports, publish, rtmp
from kit.process import Process, need
from kit.server import TOP
from kit.wait import holds, until
from kit.watch import Watcher

pytestmark = pytest.mark.usefixtures('programs')
RTMP_MODULE = '/usr/lib/nginx/modules/ngx_rtmp_module.so'
PRIVATE = {'relay.allow_private': 'true'}


@pytest.fixture
def programs():
    need('ffmpeg')


def ask(server, method, path, body=None):
    answer = server.get(path, method=method, body=json.dumps(body) if body else None)
    return answer.status, json.loads(answer.body)


def push(server, url, **more):
    status, answer = ask(server, 'POST', '/api/v1/relays',
                         {'channel': 'live/hq', 'kind': 'push', 'url': url, **more})
    assert status == 201, answer
    return answer['id']


def target(server, number):
    return next(r for r in server.json('/api/v1/relays')['relays'] if r['id'] == number)


def wait_target(server, number, state, error='', seconds=15):
    def reached():
        t = target(server, number)
        return t['state'] == state and error in (t['error'] or '') and t
    return until(reached, seconds, lambda: f'{state} "{error}": {target(server, number)}\n'
                                           f'{server.process.tail()}')


def start_nginx(tmp_path, port):
    config = tmp_path / 'nginx.conf'
    config.write_text(f'load_module {RTMP_MODULE};\ndaemon off;\nworker_processes 1;\n'
                      f'user root;\npid {tmp_path}/nginx.pid;\nerror_log stderr;\n'
                      'events {}\n'
                      f'rtmp {{ server {{ listen 127.0.0.1:{port}; '
                      'application live { live on; } } }\n')
    return Process(['nginx', '-p', str(tmp_path), '-c', str(config)], name='nginx')


def test_targets_of_the_configuration(make_server, tmp_path):
    """nginx as target: every picture, from near 0; it dies and comes back; stop and start by
    the API; a reload takes it away."""
    need('nginx')
    if not os.path.exists(RTMP_MODULE):
        pytest.skip('libnginx-mod-rtmp is not installed')
    port = ports.free_port()
    nginx = start_nginx(tmp_path, port)
    config = tmp_path / 'push.yaml'
    config.write_text('channels:\n  live/hq:\n    push:\n'
                      f'      - {{ url: "rtmp://127.0.0.1:{port}/live/secret-key", name: Platform }}\n'
                      '      - { url: "rtmp://127.0.0.1:9/live/other", enabled: false }\n')
    server = make_server(config=str(config))
    first, second = server.json('/api/v1/relays')['relays']
    assert (first['direction'], first['configured'], first['name']) == ('push', True, 'Platform')
    assert first['url'] == f'rtmp://127.0.0.1:{port}/live/secr***'
    assert second['enabled'] is False and second['state'] in ('stopped', 'waiting')
    wait_target(server, second['id'], 'stopped')
    wait_target(server, first['id'], 'waiting', 'not live')      # quietly
    assert first['attempts'] == 0
    host = publish.ffmpeg(server.rtmp())
    wait_target(server, first['id'], 'live')
    url = f'rtmp://127.0.0.1:{port}/live/secret-key'
    watcher = Watcher(url)
    watcher.wait_pictures(60).wait_sound(1)
    watcher.check_pictures()
    probe = subprocess.run(['ffprobe', '-v', 'error', '-show_entries', 'packet=dts_time',
                            '-read_intervals', '%+#1', '-of', 'csv=p=0', url],
                           capture_output=True, text=True, timeout=20)
    assert float(probe.stdout.split()[0]) < 20, probe.stdout
    assert 'secret-key' not in server.log()
    # Its death and its return.
    nginx.kill()
    wait_target(server, first['id'], 'waiting', '')
    nginx = start_nginx(tmp_path, port)
    again = wait_target(server, first['id'], 'live')
    assert again['attempts'] >= 2 and again['error'], again
    Watcher(url).wait_pictures(30).check_pictures()
    # By hand, and while nobody publishes.
    assert ask(server, 'POST', f'/api/v1/relays/{first["id"]}/stop')[0] == 202
    wait_target(server, first['id'], 'stopped')
    assert ask(server, 'POST', f'/api/v1/relays/{first["id"]}/start')[0] == 202
    wait_target(server, first['id'], 'live')
    host.end()
    config.write_text('channels:\n  live/hq: { title: "no targets" }\n')
    server.process.signal(signal.SIGHUP)
    until(lambda: not server.json('/api/v1/relays')['relays'], 5, 'the targets to be gone')


def test_branchcast_as_target(make_server):
    """A wrong key is told; a target that is killed gets the stream again; private addresses
    are for servers that allow them."""
    studio = make_server(PRIVATE)
    platform = make_server({'access.api': 'open'}, open_access=False)
    publish.ffmpeg(studio.rtmp())
    studio.wait_live()
    wrong = push(studio, platform.rtmp('live/there', '?key=wrong'))
    wait_target(studio, wrong, 'waiting', 'wrong publish key')
    ask(studio, 'DELETE', f'/api/v1/relays/{wrong}')
    right = push(studio, platform.rtmp('live/there', f'?key={platform.publish_key()}'), name='Two')
    platform.wait_live('live/there')
    viewer = flv.Viewer(platform.http_port, '/live/there.flv').wait_tags(100)
    viewer.check_times()
    platform.process.signal(signal.SIGKILL)
    wait_target(studio, right, 'waiting')
    platform.process.wait(5)
    platform.start()
    platform.wait_live('live/there')
    watcher = Watcher(platform.flv('live/there'))
    watcher.wait_pictures(60).check_pictures()
    assert platform.publish_key() not in studio.get('/api/v1/relays').body.decode()
    assert platform.publish_key() not in studio.log()
    guarded = make_server()
    publish.ffmpeg(guarded.rtmp())
    guarded.wait_live()
    number = push(guarded, platform.rtmp('live/other'))
    wait_target(guarded, number, 'waiting', 'not public')


class Dam:
    """Passes a connection on to a port, or holds it back while it is closed."""

    def __init__(self, port):
        self.open = threading.Event()
        self.open.set()
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
        self.listener.bind(('127.0.0.1', ports.free_port()))
        self.listener.listen()
        self.port = self.listener.getsockname()[1]
        self.to = port
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self):
        while True:
            near, _ = self.listener.accept()
            far = socket.create_connection(('127.0.0.1', self.to))
            threading.Thread(target=self._pass, args=(near, far, True), daemon=True).start()
            threading.Thread(target=self._pass, args=(far, near, False), daemon=True).start()

    def _pass(self, source, sink, dammed):
        try:
            while data := source.recv(4096):
                if dammed:
                    self.open.wait()
                sink.sendall(data)
        except OSError:
            pass
        source.close()
        sink.close()


@pytest.mark.limit(60)
def test_slow_target(make_server, tmp_path):
    """A target that takes nothing for a while misses what was then, up to a keyframe; nobody
    else notices."""
    big = str(tmp_path / 'big.flv')
    subprocess.run(['ffmpeg', '-v', 'error', '-f', 'lavfi', '-i', 'testsrc2=s=640x360:r=25',
                    '-t', '6', '-c:v', 'libx264', '-preset', 'ultrafast', '-b:v', '4M',
                    '-minrate', '4M', '-x264-params', 'nal-hrd=cbr:bufsize=4000:vbv-maxrate=4000',
                    '-maxrate', '4M', '-bufsize', '4M', '-g', '25', big], check=True, timeout=60)
    studio = make_server({**PRIVATE, 'stream.viewer_queue_ms': '1000'})
    platform = make_server()
    dam = Dam(platform.rtmp_port)
    publish.ffmpeg(studio.rtmp(), sample=big)
    studio.wait_live()
    number = push(studio, f'rtmp://127.0.0.1:{dam.port}/live/there')
    platform.wait_live('live/there')
    near = flv.Viewer(studio.http_port)
    dam.open.clear()
    until(lambda: target(studio, number)['dropped'] > 0, 14, 'a skip')
    before = len(near.media(flv.VIDEO))
    far = flv.Viewer(platform.http_port, '/live/there.flv?gop=0')
    dam.open.set()
    far.wait_tags(75, kind=flv.VIDEO)
    assert far.media(flv.VIDEO)[0].is_keyframe
    far.check_times()
    assert target(studio, number)['state'] == 'live'
    assert target(studio, number)['attempts'] == 1
    assert len(near.media(flv.VIDEO)) > before and near.longest_gap_ms() < 200
    near.close()
    far.close()


def test_rtmps_and_codecs(make_server, tmp_path, monkeypatch):
    """Certificates are checked, and HEVC goes to who says that it takes it."""
    need('openssl')
    subprocess.run([os.path.join(TOP, 'tools', 'test-ca'), str(tmp_path / 'ca')], check=True,
                   stdout=subprocess.DEVNULL)
    platform = make_server({'tls.cert': str(tmp_path / 'ca' / 'server.pem'),
                            'tls.key': str(tmp_path / 'ca' / 'server.key')}, https=True)
    stranger = make_server(PRIVATE)
    monkeypatch.setenv('SSL_CERT_FILE', str(tmp_path / 'ca' / 'ca.pem'))
    studio = make_server(PRIVATE)
    host = rtmp.publisher(studio.rtmp_port, path=hevc.make(str(tmp_path), True))
    studio.wait_live()
    url = f'rtmps://localhost:{platform.rtmps_port}/live/there'
    number = push(studio, url)
    wait_target(studio, number, 'live')
    platform.wait_live('live/there')
    assert platform.channel('live/there')['video']['codec'] == 'hevc'
    ask(studio, 'DELETE', f'/api/v1/relays/{number}')
    port = ports.free_port()
    if os.path.exists(RTMP_MODULE):
        start_nginx(tmp_path, port)
        old = push(studio, f'rtmp://127.0.0.1:{port}/live/x')
        wait_target(studio, old, 'waiting', 'does not take hevc')
    # A plain server that is taken for one with TLS, and an authority that nobody knows.
    plain = push(studio, f'rtmps://localhost:{stranger.rtmp_port}/live/x')
    wait_target(studio, plain, 'waiting', '')
    publish.ffmpeg(stranger.rtmp())
    stranger.wait_live()
    unknown = push(stranger, url)
    wait_target(stranger, unknown, 'waiting', 'certificate')
    host.stop()
