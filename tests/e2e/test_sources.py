# SPDX-License-Identifier: Apache-2.0
"""Channels fed from files, and from other servers by RTMP, HTTP-FLV, HLS and RTSP."""
import http.server
import json
import os
import socket
import subprocess
import threading

import pytest

from kit import ports, publish
from kit.media import SAMPLE
from kit.process import Process, need
from kit.wait import until
from kit.watch import Watcher

pytestmark = pytest.mark.usefixtures('programs')
HERE = os.path.dirname(os.path.abspath(__file__))
PRIVATE = {'relay.allow_private': 'true'}
RTMP_MODULE = '/usr/lib/nginx/modules/ngx_rtmp_module.so'


@pytest.fixture
def programs():
    need('ffmpeg')


def ask(server, method, path, body=None):
    connection = server.connection()
    try:
        connection.request(method, path, None if body is None else json.dumps(body))
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


def pull(server, url, channel='live/copy', **more):
    status, answer = ask(server, 'POST', '/api/v1/relays',
                         {'channel': channel, 'kind': 'pull', 'url': url, **more})
    assert status == 201, answer
    return answer['id']


def relay(server, number):
    return next(r for r in server.json('/api/v1/relays')['relays'] if r['id'] == number)


def wait_error(server, number, text, seconds=15):
    until(lambda: text in (relay(server, number)['last_error'] or ''), seconds,
          lambda: f'"{text}": {relay(server, number)}')


def watch(server, channel='live/copy', pictures=90):
    server.wait_live(channel)
    watcher = Watcher(server.flv(channel))
    watcher.wait_pictures(pictures).wait_sound(2.5)
    watcher.check_pictures()
    watcher.check_sound()
    return watcher


def media(server, name, source=SAMPLE, before=(), after=('-c', 'copy')):
    folder = os.path.join(server.directory, 'data', 'media')
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, name)
    subprocess.run(['ffmpeg', '-v', 'error', '-y', *before, '-i', source, *after, path],
                   check=True, timeout=120)
    return path


# --- files ---

@pytest.mark.parametrize('name', ['loop.mp4', 'loop.ts', 'loop.mkv', 'loop.flv'])
def test_file_loop(make_server, name):
    """The pictures go on from the last to the first, and no decoder sees an edge."""
    server = make_server()
    media(server, name)
    number = pull(server, f'file:{name}', loop=True, start_at_s=8)
    server.wait_live('live/copy')
    watcher = Watcher(server.flv('live/copy'))
    watcher.wait_pictures(330, 30)
    watcher.check_pictures()
    watcher.check_sound()
    # It began at 8 s, and the player some time later.
    assert watcher.numbers[0] >= 200, watcher.numbers[:3]
    assert 'error' not in watcher.process.log().lower(), watcher.process.tail()
    assert relay(server, number)['state'] == 'live'
    watcher.stop()


def test_file_once(make_server):
    """Played to its end, the broadcast is over and nothing is tried again."""
    server = make_server()
    media(server, 'once.mp4')
    number = pull(server, 'file:once.mp4', start_at_s=14)
    until(lambda: relay(server, number)['state'] == 'ended', 20, 'its end')
    assert relay(server, number)['attempts'] == 1
    until(lambda: not server.is_live('live/copy'), 5, 'the end of the broadcast')


def test_playlist_of_two_sizes(make_server):
    """One broadcast over two files with other pictures; viewers of HLS see both."""
    server = make_server()
    media(server, 'a.mp4', after=('-c', 'copy', '-t', '4'))
    media(server, 'b.mp4', after=('-c:v', 'libx264', '-preset', 'ultrafast', '-vf',
                                  'scale=320:180', '-c:a', 'copy', '-t', '4'))
    with open(os.path.join(server.directory, 'data', 'media', 'list.m3u'), 'w') as f:
        f.write('#EXTM3U\n#EXTINF:4,\na.mp4\n# the next\nb.mp4\nmissing.mp4\n')
    pull(server, 'file:list.m3u', loop=True)
    server.wait_live('live/copy')
    widths = set()

    def both():
        tracks = server.channel('live/copy')['tracks']
        widths.update(t['width'] for t in tracks if t.get('width'))
        return len(widths) > 1
    until(both, 20, lambda: f'both sizes, {widths}')
    assert server.is_live("live/copy")


def test_paths_out_of_the_directory(make_server):
    server = make_server()
    media(server, 'in.mp4')
    folder = os.path.join(server.directory, 'data', 'media')
    os.symlink('/etc/hostname', os.path.join(folder, 'link.mp4'))
    os.symlink('/', os.path.join(folder, 'root'))
    os.mkfifo(os.path.join(folder, 'pipe.mp4'))
    for path in ('link.mp4', 'root/etc/hostname', 'pipe.mp4', '/etc/hostname'):
        number = pull(server, f'file:{path}', channel='live/no')
        wait_error(server, number, 'denied')
        ask(server, 'DELETE', f'/api/v1/relays/{number}')
    status, answer = ask(server, 'POST', '/api/v1/relays', {
        'channel': 'live/no', 'kind': 'pull', 'url': 'file:../access.json'})
    assert (status, answer['error']['code']) == (400, 'bad_relay')


def test_host_takes_over(make_server):
    """A channel with a file and a host: the host's pictures while it is there."""
    server = make_server({'channels.live/hq.sources':
                          '[publisher, file: {path: stand.mp4, loop: true}]'})
    media(server, 'stand.mp4')
    until(lambda: server.is_live(), 15, 'the file')
    begun = server.channel()['broadcast']
    host = publish.ffmpeg(server.rtmp())
    until(lambda: server.channel()['take']['protocol'] == 'rtmp', 10, 'the host')
    path = '/api/v1/channels/live/hq'
    until(lambda: [s['state'] for s in server.json(path)['source']['list']][:2]
          == ['on_air', 'standby'], 10, 'standing by')
    host.kill()
    until(lambda: (server.channel()['take'] or {}).get('protocol') == 'file', 10,
          lambda: f'the file again\n{server.process.tail()}')
    assert server.channel()['broadcast'] == begun
    watch(server, 'live/hq').stop()


# --- other servers ---

@pytest.mark.parametrize('kind', ['rtmp', 'flv', 'hls'])
def test_pull_from_another(make_server, kind):
    origin, edge = make_server(), make_server(PRIVATE)
    publish.ffmpeg(origin.rtmp())
    origin.wait_live()
    if kind == 'hls':
        origin.wait_hls()
    url = {'rtmp': origin.rtmp(), 'flv': origin.flv(), 'hls': origin.hls()}[kind]
    number = pull(edge, url)
    watch(edge).stop()
    status = relay(edge, number)
    assert (status['state'], status['attempts']) == ('live', 1), status
    assert ask(edge, 'DELETE', f'/api/v1/relays/{number}')[0] == 202
    until(lambda: not edge.json('/api/v1/relays')['relays'], 5, 'its end')


def start_nginx(tmp_path, config, port):
    """Returns when it listens: a host that comes before goes at once."""
    nginx = Process(['nginx', '-p', str(tmp_path), '-c', str(config)], name='nginx')

    def listens():
        with socket.socket() as s:
            return s.connect_ex(('127.0.0.1', port)) == 0
    until(lambda: listens() or not nginx.alive, 15, nginx.tail)
    return nginx


def test_pull_from_nginx(make_server, tmp_path):
    need('nginx')
    if not os.path.exists(RTMP_MODULE):
        pytest.skip('libnginx-mod-rtmp is not installed')
    port = ports.free_port()
    config = tmp_path / 'nginx.conf'
    config.write_text(f'load_module {RTMP_MODULE};\ndaemon off;\nworker_processes 1;\n'
                      f'user root;\npid {tmp_path}/nginx.pid;\nerror_log stderr;\n'
                      'events {}\n'
                      f'rtmp {{ server {{ listen 127.0.0.1:{port}; '
                      'application live { live on; } } }\n')
    nginx = start_nginx(tmp_path, config, port)
    url = f'rtmp://127.0.0.1:{port}/live/hq'
    edge = make_server(PRIVATE)
    number = pull(edge, url)          # before anything is there
    host = publish.ffmpeg(url)
    edge.wait_live('live/copy', 30)
    watch(edge).stop()
    # Its death and its return.
    nginx.kill()
    nginx.wait(5)
    until(lambda: relay(edge, number)['state'] != 'live', 15, 'its death')
    host.kill()
    nginx = start_nginx(tmp_path, config, port)
    publish.ffmpeg(url)
    until(lambda: relay(edge, number)['state'] == 'live', 40, 'its return')
    watch(edge).stop()


def test_pull_by_rtsp(make_server):
    port = ports.free_port()
    peer = Process(['/usr/bin/python3',
                    os.path.join(HERE, 'peers', 'gst_rtsp.py'), str(port), SAMPLE],
                   name='gst-rtsp')
    until(lambda: 'ready' in peer.log() or not peer.alive, 40, peer.tail)
    if not peer.alive:
        pytest.skip(f'no RTSP server: {peer.tail()}')
    edge = make_server(PRIVATE)
    pull(edge, f'rtsp://127.0.0.1:{port}/live')
    watch(edge).stop()


# --- what must not be reached ---

class Liar(http.server.BaseHTTPRequestHandler):
    """Answers that lead elsewhere."""

    def do_GET(self):
        port = self.server.server_address[1]
        self.server.asked.append(self.path)
        if self.path.startswith('/redirect'):
            self.send_response(302)
            self.send_header('Location', f'http://127.0.0.1:{port}/secret.flv')
            self.end_headers()
            return
        body = (f'#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n{self.server.names}\n'
                '#EXT-X-ENDLIST\n').encode()
        self.send_response(200)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def liar():
    server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Liar)
    server.asked = []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()


@pytest.mark.parametrize('url', [
    'http://127.0.0.1:{}/a.flv', 'http://localhost:{}/a.m3u8', 'http://[::1]:{}/a.flv',
    'http://[::ffff:127.0.0.1]:{}/a.flv', 'http://0.0.0.0:{}/a.flv', 'http://2130706433:{}/a.flv',
    'rtmp://127.0.0.1:{}/live/hq', 'rtsp://localhost:{}/live',
    'http://169.254.169.254/latest/a.flv', 'rtmps://10.0.0.1/live/hq'])
def test_private_addresses_are_refused(make_server, liar, url):
    server = make_server()
    number = pull(server, url.format(liar.server_address[1]))
    wait_error(server, number, 'no public address')
    assert liar.asked == []


def test_playlists_name_no_files(make_server, liar):
    """Of a playlist from the network only HTTP is opened."""
    server = make_server(PRIVATE)
    liar.names = 'file:///etc/hostname'
    number = pull(server, f'http://127.0.0.1:{liar.server_address[1]}/a.m3u8')
    until(lambda: relay(server, number)['last_error'], 20, 'a failure')
    assert not server.is_live('live/copy')


def test_rubbish_is_bounded(make_server, liar):
    """An answer that is no media, and one that never ends: tried again, ever later."""
    server = make_server(PRIVATE)
    liar.names = 'http://127.0.0.1:9/never.ts'
    number = pull(server, f'http://127.0.0.1:{liar.server_address[1]}/a.m3u8')
    until(lambda: relay(server, number)['attempts'] >= 2, 30, 'a second attempt')
    assert relay(server, number)['state'] in ('waiting', 'connecting')
