# SPDX-License-Identifier: Apache-2.0
"""HTTPS and RTMPS with a certificate of our own authority."""
import os
import signal
import socket
import ssl
import subprocess

import pytest

from kit import hls, publish, rtmp
from kit.flv import Viewer
from kit.process import need, run
from kit.server import TOP
from kit.wait import until
from kit.watch import Watcher


def make_ca(directory):
    subprocess.run([os.path.join(TOP, 'tools', 'make-test-ca'), str(directory)], check=True,
                   stdout=subprocess.DEVNULL)


@pytest.fixture
def ca(tmp_path):
    need('openssl')
    make_ca(tmp_path / 'ca')
    return tmp_path / 'ca'


@pytest.fixture
def secure(make_server, ca):
    return make_server({'tls.cert': str(ca / 'server.pem'), 'tls.key': str(ca / 'server.key')},
                       https=True)


def context(ca, alpn=None):
    c = ssl.create_default_context(cafile=str(ca / 'ca.pem'))
    if alpn:
        c.set_alpn_protocols(alpn)
    return c


def connect(ca, port, alpn=None):
    s = socket.create_connection(('127.0.0.1', port), timeout=10)
    return context(ca, alpn).wrap_socket(s, server_hostname='localhost')


@pytest.mark.parametrize('offer, chosen', [
    (['h2', 'http/1.1'], 'h2'), (['http/1.1'], 'http/1.1'), (None, None)])
def test_alpn(secure, ca, offer, chosen):
    with connect(ca, secure.https_port, offer) as s:
        assert s.selected_alpn_protocol() == chosen
        assert s.version() in ('TLSv1.2', 'TLSv1.3')


def test_old_tls_is_refused(secure, ca):
    result = run(['openssl', 's_client', '-connect', f'127.0.0.1:{secure.https_port}', '-tls1_1',
                  '-cipher', 'DEFAULT@SECLEVEL=0'])
    assert 'Cipher is (NONE)' in result.stdout or result.returncode != 0


def test_https_by_curl(secure, ca):
    need('curl')
    publish.ffmpeg(secure.rtmp())
    secure.wait_hls()
    base = f'https://localhost:{secure.https_port}'
    for version, flag in (('2', '--http2'), ('1.1', '--http1.1')):
        result = run(['curl', '-sS', '--cacert', ca / 'ca.pem', flag, '-o', '/dev/null', '-w',
                      '%{http_version} %{http_code}', f'{base}/live/hq/index.m3u8'])
        assert result.stdout == f'{version} 200', result


def test_media_over_tls(secure, ca):
    """FLV over HTTPS, and a minute's share of HLS over h2."""
    publish.ffmpeg(secure.rtmp())
    secure.wait_hls()
    viewer = Viewer(secure.https_port, sock=connect(ca, secure.https_port)).wait_tags(100)
    viewer.check_times()
    viewer.close()
    watcher = Watcher(f'https://localhost:{secure.https_port}/live/hq/index.m3u8',
                      before=['-ca_file', str(ca / 'ca.pem')]).wait_pictures(90, 30)
    watcher.stop()
    watcher.check_pictures()


def test_blocking_requests_share_an_h2_connection(secure, ca):
    need('nghttp')
    publish.ffmpeg(secure.rtmp())
    secure.wait_hls()
    path = hls.media_playlists(secure)[1][0]
    msn = hls.get_playlist(secure, path).last[0]
    base = f'https://127.0.0.1:{secure.https_port}'
    result = run(['nghttp', '-nas', f'{base}{path}?_HLS_msn={msn + 1}', f'{base}{path}'], 30)
    rows = [r.split() for r in result.stdout.splitlines() if '.m3u8' in r and ' 200 ' in r]
    assert len(rows) == 2 and '_HLS_msn' not in rows[0][-1], result.stdout


def test_rtmps_on_the_rtmp_port(secure, ca):
    """The first byte tells TLS from RTMP; FFmpeg pushes and plays (RTMP-42)."""
    url = f'rtmps://127.0.0.1:{secure.rtmp_port}/live/hq'
    publish.ffmpeg(url)
    secure.wait_live()
    watcher = Watcher(url).wait_pictures(90, 30)
    watcher.stop()
    watcher.check_pictures()
    plain = Watcher(secure.rtmp(), audio=False).wait_pictures(30)
    plain.stop()


def test_rtmps_by_hand(secure, ca):
    peer = rtmp.Peer(0, sock=connect(ca, secure.rtmp_port))
    assert peer.publish('tls') == 'NetStream.Publish.Start'
    peer.close()


def serial(ca, port):
    with connect(ca, port) as s:
        return s.getpeercert()['serialNumber']


def test_new_certificate_on_sighup(secure, ca):
    """Connections that stand go on; new ones get the new certificate."""
    publish.ffmpeg(secure.rtmp())
    secure.wait_live()
    viewer = Viewer(secure.https_port, sock=connect(ca, secure.https_port)).wait_tags(20)
    before = serial(ca, secure.https_port)
    make_ca(ca)
    secure.process.signal(signal.SIGHUP)
    until(lambda: serial(ca, secure.https_port) != before, 5, 'the new certificate')
    viewer.wait_more(60)
    assert viewer.ended is None
    viewer.close()


def test_broken_certificate_on_sighup_keeps_the_old_one(secure, ca):
    before = serial(ca, secure.https_port)
    (ca / 'server.pem').write_text('nonsense')
    secure.process.signal(signal.SIGHUP)
    secure.wait_log(r'(?i)server\.pem')
    assert serial(ca, secure.https_port) == before


def test_plain_http_on_the_https_port_and_back(secure, ca):
    s = socket.create_connection(('127.0.0.1', secure.https_port), timeout=10)
    s.sendall(b'GET / HTTP/1.1\r\nHost: x\r\n\r\n')
    s.settimeout(12)
    try:
        while s.recv(4096):
            pass
    except ConnectionResetError:
        pass
    s.close()
    assert secure.get('/healthz').status == 200


def test_missing_certificate_is_an_error_at_start(make_server, tmp_path):
    from kit.server import binary
    result = run([binary(), 'serve', '--set', f'tls.cert={tmp_path}/none.pem', '--set',
                  f'tls.key={tmp_path}/none.key', '--set', f'data.dir={tmp_path}/d'], 10)
    assert result.returncode in (1, 2)
    assert 'tls.cert' in result.stderr
