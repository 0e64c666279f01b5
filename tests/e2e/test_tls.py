# SPDX-License-Identifier: Apache-2.0
"""HTTPS and RTMPS with a certificate of our own authority."""
import os
import signal
import socket
import ssl
import subprocess

import pytest

from kit import hls, publish, rtc_media, rtmp
from kit.browser import look_at
from kit.flv import Viewer, WebSocketViewer
from kit.process import Process, need, run
from kit.rtc_peers import node_peer
from kit.server import TOP
from kit.wait import until
from kit.watch import Watcher


def make_ca(directory):
    subprocess.run([os.path.join(TOP, 'tools', 'test-ca'), str(directory)], check=True,
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
    result = run(['nghttp', '-nas', f'{base}{path}?_HLS_msn={msn + 2}', f'{base}{path}'], 30)
    rows = [r.split() for r in result.stdout.splitlines() if '.m3u8' in r and ' 200 ' in r]
    assert len(rows) == 2 and '_HLS_msn' not in rows[0][-1], result.stdout


def checked(ca):
    """FFmpeg's options to look at certificates."""
    return ['-tls_verify', '1', '-ca_file', str(ca / 'ca.pem')]


def test_rtmps_on_both_ports(secure, ca):
    """FFmpeg checks the certificate; on 1935 the first byte tells TLS from RTMP (RTMP-42)."""
    publish.ffmpeg(f'rtmps://localhost:{secure.rtmps_port}/live/hq', after=checked(ca))
    secure.wait_live()
    assert secure.channel()['take']['protocol'] == 'rtmps'
    watchers = [Watcher(f'rtmps://{host}:{port}/live/hq', before=checked(ca))
                for host, port in (('127.0.0.1', secure.rtmps_port), ('localhost', secure.rtmp_port))]
    watchers.append(Watcher(secure.rtmp()))
    for watcher in watchers:
        watcher.wait_pictures(60, 30)
    for watcher in watchers:
        watcher.stop()
        watcher.check_pictures()
        watcher.check_sound()


def test_publish_by_tls_on_the_detecting_port(secure, ca):
    publish.ffmpeg(f'rtmps://localhost:{secure.rtmp_port}/live/hq', after=checked(ca))
    secure.wait_live()
    assert secure.channel()['take']['protocol'] == 'rtmps'


@pytest.mark.parametrize('which', ['expired', 'wrong-name'])
def test_hosts_refuse_certificates_that_do_not_fit(make_server, ca, which):
    server = make_server({'tls.cert': str(ca / f'{which}.pem'), 'tls.key': str(ca / f'{which}.key')},
                         https=True)
    for port in (server.rtmps_port, server.rtmp_port):
        host = publish.ffmpeg(f'rtmps://localhost:{port}/live/hq', after=checked(ca))
        assert host.wait(15) != 0
        assert not server.is_live()
    with pytest.raises(ssl.SSLCertVerificationError):
        connect(ca, server.https_port)


def test_rtmp_without_tls_on_the_rtmps_port(secure, ca):
    with pytest.raises(rtmp.Closed):
        rtmp.Peer(secure.rtmps_port, seconds=15)
    connect(ca, secure.rtmps_port).close()


def test_without_a_certificate_nobody_listens(make_server):
    server = make_server(https=True)
    for port in (server.rtmps_port, server.https_port):
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(('127.0.0.1', port), timeout=5)


def test_rtmps_by_hand(secure, ca):
    peer = rtmp.Peer(0, sock=connect(ca, secure.rtmp_port))
    assert peer.publish('tls') == 'NetStream.Publish.Start'
    peer.close()


@pytest.mark.limit(120)
def test_everything_by_https(secure, ca, tmp_path):
    """WS-FLV, WHIP, WHEP, pages, API; FLV and HLS are above."""
    env = {'NODE_EXTRA_CA_CERTS': str(ca / 'ca.pem')}
    base = f'https://localhost:{secure.https_port}'
    host = node_peer('ndc_whip.mjs', {'url': f'{base}/live/hq/whip',
                                      'frames': rtc_media.frames(tmp_path)}, env)
    assert host.status == 201, host.words()
    secure.wait_live()
    viewer = node_peer('werift_whep.mjs', {'url': f'{base}/live/hq/whep'}, env)
    assert viewer.status == 201, viewer.words()
    viewer.wait_state()
    flv = WebSocketViewer(secure.https_port, sock=connect(ca, secure.https_port)).wait_tags(60)
    flv.check_times()
    flv.close()
    until(lambda: any(word.get('seen', {}).get('video', {}).get('packets', 0) > 50
                      for word in viewer.said), 15, lambda: f'packets; {viewer.words()}')
    for path, word in (('/watch/live/hq', '<html'), ('/api/v1/channels/live/hq', '"live/hq"'),
                       ('/metrics', 'branchcast_'), ('/healthz', ''),
                       ('/api/v1/public/channels/live/hq', '"live"')):
        result = run(['curl', '-sS', '--fail', '--cacert', ca / 'ca.pem', base + path])
        assert result.returncode == 0 and word in result.stdout, (path, result)


def browser_home(ca, directory):
    """A home whose browser trusts the authority, as an administrator would have it."""
    need('certutil')
    store = directory / 'home' / '.pki' / 'nssdb'
    store.mkdir(parents=True)
    for words in (['-N', '--empty-password'],
                  ['-A', '-n', 'trial', '-t', 'C,,', '-i', ca / 'ca.pem']):
        result = run(['certutil', '-d', f'sql:{store}', *words])
        assert result.returncode == 0, result.stderr
    return str(directory / 'home')


@pytest.mark.limit(120)
def test_pages_in_chromium(secure, ca, tmp_path):
    """The pages' players by HTTPS, without any warning clicked away."""
    publish.ffmpeg(secure.rtmp())
    secure.wait_hls()
    base = f'https://localhost:{secure.https_port}/watch/live/hq?player='
    results = look_at([{'name': name, 'url': base + name, 'seconds': 5}
                       for name in ('llhls', 'wsflv', 'whep')], 5,
                      {'HOME': browser_home(ca, tmp_path)})
    for name, seen in results.items():
        assert seen['error'] is None, (name, seen)
        assert sum(s['number'] is not None for s in seen['samples']) >= 3, (name, seen)
    strangers = look_at([{'name': 'x', 'url': base + 'wsflv'}], 5, {'HOME': str(tmp_path)})
    assert 'ERR_CERT_AUTHORITY_INVALID' in strangers['x']['error']


def serial(ca, port):
    with connect(ca, port) as s:
        return s.getpeercert()['serialNumber']


@pytest.mark.limit(120)
def test_new_certificate_on_sighup(secure, ca, tmp_path):
    """Host and viewers by TLS go on without a gap; new connections get the new certificate."""
    publish.ffmpeg(f'rtmps://localhost:{secure.rtmps_port}/live/hq', after=checked(ca))
    secure.wait_live()
    viewer = Viewer(secure.https_port, sock=connect(ca, secure.https_port)).wait_tags(20)
    player = Watcher(f'rtmps://localhost:{secure.rtmp_port}/live/hq', before=checked(ca))
    got = tmp_path / 'h2.flv'
    h2 = Process(['curl', '-sS', '-N', '--http2', '--cacert', ca / 'ca.pem', '-o', got,
                  f'https://localhost:{secure.https_port}/live/hq.flv'])
    player.wait_pictures(60, 30)
    for _ in range(3):
        before = [serial(ca, port) for port in (secure.https_port, secure.rtmps_port)]
        make_ca(ca)
        secure.process.signal(signal.SIGHUP)
        for port, old in zip((secure.https_port, secure.rtmps_port), before):
            until(lambda p=port, o=old: serial(ca, p) != o, 5, 'the new certificate')
        size = got.stat().st_size
        viewer.wait_more(60)
        player.wait_pictures(60)
        until(lambda s=size: got.stat().st_size > s + 50000, 15, 'more by HTTP/2')
    assert viewer.ended is None and h2.alive and secure.channel()['takes_total'] == 1
    viewer.check_times()
    viewer.close()
    player.stop()
    player.check_pictures()
    player.check_sound()


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
