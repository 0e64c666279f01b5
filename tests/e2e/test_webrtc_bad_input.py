# SPDX-License-Identifier: Apache-2.0
"""Floods and nonsense at the media port and at WHEP and WHIP, while a viewer plays on."""
import os
import random
import re
import socket
import struct
import threading
import time

import pytest

from kit import ports, rtc_media
from kit.rtc_peers import gst_viewer, node_peer
from kit.rtc_stage import offer, post, request, stage
from kit.wait import until

SDP_MAX = 64 * 1024
OFFERS = 10000
# A sanitizer keeps freed memory for a while.
MEMORY = 8 if os.environ.get('BRANCHCAST_SANITIZED') else 1


@pytest.fixture(scope='module')
def scene(tmp_path_factory):
    with stage(tmp_path_factory, None) as made:
        made.push()
        yield made


@pytest.fixture
def viewer(scene):
    """Who must not notice anything."""
    made = gst_viewer(scene.whep()).wait_pictures(10)
    yield made
    made.wait_pictures(30)
    made.check_pictures()


def stun(ufrag=b'nobody', kind=1, length=None):
    name = ufrag + b':Abcd'
    name += b'\0' * (-len(name) % 4)
    body = struct.pack('>HH', 6, len(ufrag) + 5) + name
    body += struct.pack('>HH', 8, 20) + os.urandom(20) + struct.pack('>HHI', 0x8028, 4, 1)
    return struct.pack('>HHI', kind, len(body) if length is None else length, 0x2112a442) \
        + os.urandom(12) + body


# --- the media port ---

@pytest.mark.limit(60)
def test_stun_flood_from_unknown_addresses(scene, viewer):
    """Each datagram from a socket of its own; nothing is answered, nothing is kept."""
    before = scene.server.memory_kib()
    target = ('127.0.0.1', scene.rtc_port)
    heard = 0
    for _ in range(400):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.setblocking(False)
            for _ in range(50):
                s.sendto(stun(bytes(random.choices(b'abcdefgh0123', k=10))), target)
            try:
                heard += len(s.recv(2000))
            except BlockingIOError:
                pass
    assert heard == 0, 'a stranger was answered: the port could be used against others'
    assert scene.server.memory_kib() - before < 4096 * MEMORY


@pytest.mark.limit(60)
def test_rubbish_of_every_kind(scene, viewer):
    target = ('127.0.0.1', scene.rtc_port)
    luck = random.Random(1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        for first in list(range(256)) * 8:
            s.sendto(bytes([first]) + luck.randbytes(luck.randrange(0, 1400)), target)
        for kind in (0, 1, 0x11, 0x101, 0x111, 3):
            for length in (None, 0, 3, 65532):
                s.sendto(stun(kind=kind, length=length), target)
        s.sendto(b'', target)
    for data in (b'\0\0', b'\xff\xff' + b'x' * 70000, b'\0\x14' + stun()[:20],
                 struct.pack('>H', len(stun())) + stun(), b'GET / HTTP/1.1\r\n\r\n'):
        with socket.create_connection(target, timeout=5) as t:
            try:
                t.sendall(data)
                t.shutdown(socket.SHUT_WR)
                t.recv(100)
            except OSError:
                pass        # closed at once is fine too


@pytest.mark.limit(60)
def test_tcp_connections_that_say_nothing(scene, viewer):
    before = scene.server.memory_kib()
    held = []
    try:
        for _ in range(300):
            held.append(socket.create_connection(('127.0.0.1', scene.rtc_port), timeout=5))
        assert scene.server.memory_kib() - before < 8192 * MEMORY
        assert scene.server.get('/readyz').status == 200
    finally:
        for s in held:
            s.close()


class Echoes(threading.Thread):
    """Between a host and the server: passes each datagram on, and old ones again and again."""

    def __init__(self, to):
        super().__init__(daemon=True)
        self.near = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.near.bind(('127.0.0.1', ports.free_port()))
        self.far = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.far.connect(('127.0.0.1', to))
        self.port = self.near.getsockname()[1]
        self.repeated = 0
        self.client = None

    def run(self):
        threading.Thread(target=self.back, daemon=True).start()
        old = []
        while True:
            try:
                data, self.client = self.near.recvfrom(2048)
                self.far.send(data)
                if 128 <= data[0] < 192:
                    old = old[-200:] + [data]
                    self.far.send(random.choice(old))
                    self.far.send(data)
                    self.repeated += 2
            except OSError:
                return

    def back(self):
        while True:
            try:
                data = self.far.recv(2048)
                if self.client:
                    self.near.sendto(data, self.client)
            except ConnectionRefusedError:
                continue
            except OSError:
                return

    def close(self):
        for s in (self.near, self.far):
            s.close()


@pytest.mark.limit(60)
def test_replayed_rtp_is_dropped(scene, tmp_path):
    """Every packet of a host three times, some of them late: each picture is seen once."""
    echoes = Echoes(scene.rtc_port)
    echoes.start()
    host = node_peer('ndc_whip.mjs', {'url': scene.whip('live/echo'), 'port': echoes.port,
                                      'frames': rtc_media.frames(tmp_path, 'h264')})
    assert host.status == 201, host.words()
    host.wait_state()
    scene.server.wait_live('live/echo')
    watcher = gst_viewer(scene.whep('live/echo'))
    watcher.wait_pictures(90)
    watcher.check_pictures()
    assert echoes.repeated > 200
    host.stop()
    echoes.close()


# --- offers ---

@pytest.mark.limit(120)
def test_offers_that_never_connect(scene, viewer):
    """Bounded memory, 503 beyond the limit, and all is forgotten after a while."""
    before = scene.server.memory_kib()
    counts, lock = {}, threading.Lock()
    sdp = offer().encode()

    def flood(number):
        connection = scene.server.connection(30)
        for _ in range(number):
            connection.request('POST', '/live/hq/whep', sdp, {'Content-Type': 'application/sdp'})
            answer = connection.getresponse()
            answer.read()
            with lock:
                counts[answer.status] = counts.get(answer.status, 0) + 1
            if answer.status == 503:
                assert answer.headers['Retry-After']
        connection.close()
    threads = [threading.Thread(target=flood, args=(OFFERS // 4,)) for _ in range(4)]
    began = time.monotonic()
    for t in threads:
        t.start()
    for t in threads:
        t.join(90)
    assert sum(counts.values()) == OFFERS, counts
    assert set(counts) == {201, 503}, counts
    assert counts[201] <= 256 * (2 + (time.monotonic() - began) // 15), counts
    assert scene.server.memory_kib() - before < 64 * 1024 * MEMORY
    until(lambda: post(scene.server, '/live/hq/whep', offer()).status == 201, 40,
          'the half-made sessions to be forgotten')


@pytest.mark.parametrize('kind', ['whep', 'whip'])
def test_offers_too_large(scene, kind):
    base = offer(direction='sendonly' if kind == 'whip' else 'recvonly')
    long = base + 'a=x-long:' + 'y' * SDP_MAX + '\r\n'
    many = base + 'a=candidate:1 1 udp 1 192.0.2.1 1 typ host\r\n' * 1600
    lines = base + 'm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:2\r\n' * 1200
    for text in (long, many, lines):
        answer = post(scene.server, f'/live/big/{kind}' if kind == 'whip' else '/live/hq/whep', text)
        assert answer.status in (400, 413, 422), (answer.status, len(text))
    try:
        answer = post(scene.server, '/live/hq/whep', 'v=0\r\n' + 'a=b\r\n' * 400000)
        assert answer.status in (400, 413)
    except (ConnectionError, BrokenPipeError):
        pass        # it did not listen to the end, which is as good
    assert scene.server.get('/readyz').status == 200


@pytest.mark.limit(60)
@pytest.mark.parametrize('kind', ['whep', 'whip'])
def test_rubbish_offers(scene, kind):
    path = '/live/rub/whip' if kind == 'whip' else '/live/hq/whep'
    good = offer(direction='sendonly' if kind == 'whip' else 'recvonly')
    luck = random.Random(2)
    for text in ('', 'v=0', 'v=0\r\n', '{}', '\0' * 100, 'm=' * 500, good.replace('v=0', 'v=9'),
                 re.sub(r'a=fingerprint.*\r\n', '', good), re.sub(r'a=ice-ufrag.*\r\n', '', good),
                 re.sub(r'a=ice-pwd.*\r\n', '', good), good.replace('0F:', '0G:'),
                 good.replace('a=rtcp-mux\r\n', '')):
        answer = post(scene.server, path, text)
        assert 400 <= answer.status < 500, (answer.status, text[:80])
        assert answer.code
    made = []
    for _ in range(150):
        data = bytearray(good.encode())
        for _ in range(luck.randrange(1, 20)):
            data[luck.randrange(len(data))] = luck.randrange(256)
        answer = post(scene.server, path, bytes(data[:luck.randrange(1, len(data) + 1)]))
        assert answer.status == 201 or 400 <= answer.status < 500, answer.status
        if answer.status == 201:
            made.append(answer.headers['Location'])
    for location in made:
        # A host is followed by the next from the same place.
        wanted = (200,) if kind == 'whep' else (200, 404)
        assert request(scene.server, 'DELETE', location).status in wanted
    wrong_type = request(scene.server, 'POST', path, good, {'Content-Type': 'text/plain'})
    assert wrong_type.status == 415


def test_sessions_that_nobody_has(scene):
    for name in ('0', 'x' * 34, '00' * 17, 'ff' + '0' * 32, '../../etc/passwd', '%00'):
        for method in ('DELETE', 'PATCH'):
            answer = request(scene.server, method, f'/live/hq/whep/{name}', 'a=b\r\n', {
                'Content-Type': 'application/trickle-ice-sdpfrag', 'If-Match': '*'})
            assert answer.status in (400, 404, 405), (name, answer.status)
