# SPDX-License-Identifier: Apache-2.0
"""SRT with the programs that people use: FFmpeg, srt-live-transmit, GStreamer; on a bad line,
and with callers that are up to no good."""
import json
import os
import random
import re
import socket
import struct
import time

import pytest

from kit import ports, publish
from kit.impair import Impair
from kit.media import SAMPLE
from kit.process import Process, need
from kit.wait import until
from kit.watch import Watcher

PASSPHRASE = 'correct horse battery'


def srt(server, streamid, *, port=None, latency_us=120000, more=''):
    """As FFmpeg 5 wants it: nothing escaped, latency in microseconds."""
    return (f'srt://127.0.0.1:{port or server.srt_port}?streamid={streamid}'
            f'&latency={latency_us}{more}')


def push(server, streamid='publish:live/hq:K', **options):
    return publish.ffmpeg(srt(server, streamid, **options), muxer='mpegts')


def check(watcher, pictures=75, sound=2.5):
    """Every picture's number in its order, and the tones."""
    watcher.wait_pictures(pictures, 40).wait_sound(sound)
    watcher.check_pictures()
    watcher.check_sound()
    return watcher


def metric(server, name):
    text = server.get('/metrics').body.decode()
    return float(re.search(rf'^{name} (\S+)$', text, re.M).group(1))


@pytest.fixture
def server(make_server):
    need('ffmpeg')
    return make_server()


def test_ffmpeg(server):
    """Published and played by SRT, with the access-control syntax and the short forms."""
    push(server, '#!::r=live/hq,m=publish,u=desk,key=K')
    server.wait_live()
    watchers = [Watcher(srt(server, 'read:live/hq')),
                Watcher(srt(server, '#!::r=live/hq,m=request')), Watcher(server.flv())]
    for watcher in watchers:
        check(watcher)
    state = server.channel()
    assert state['take']['protocol'] == 'srt' and state['take']['encoder'] == 'desk', state
    assert state['take']['srt']['latency_ms'] == 200 and not state['take']['srt']['encrypted']
    assert state['viewers_by_protocol']['srt'] == 2, state
    server.wait_hls()
    until(lambda: server.channel()['viewers_srt']['packets'] > 100, 10, 'viewers counted')
    for watcher in watchers:
        watcher.stop()
    until(lambda: server.channel()['viewers_by_protocol']['srt'] == 0, 10, 'viewers gone')


def test_rtmp_to_srt(server):
    """What comes by RTMP is played by SRT."""
    publish.ffmpeg(server.rtmp())
    server.wait_live()
    check(Watcher(srt(server, 'read:live/hq'))).stop()


def test_encrypted(make_server):
    need('ffmpeg')
    server = make_server({'srt.passphrase': PASSPHRASE})
    good = f'&passphrase={PASSPHRASE}'
    push(server, more=good)
    server.wait_live()
    check(Watcher(srt(server, 'read:live/hq', more=good))).stop()
    assert server.channel()['take']['srt']['encrypted']
    for more in ('', '&passphrase=something else'):
        wrong = Watcher(srt(server, 'read:live/hq', more=more))
        wrong.wait_end(20)
        assert not wrong.numbers


def test_refusals(make_server):
    """A wrong key, and a channel that is not live: told, counted, logged."""
    need('ffmpeg')
    server = make_server({'access.publish': 'key', 'access.publish_key': 'host-key'})

    before = metric(server, 'branchcast_srt_refused_total')
    host = push(server, 'publish:live/hq:wrong')
    viewer = Watcher(srt(server, 'read:live/nobody'))
    viewer.wait_end(20)
    until(lambda: not host.alive, 15, 'the host is refused')
    until(lambda: metric(server, 'branchcast_srt_refused_total') >= before + 2, 10, 'counted')
    server.wait_log('wrong publish key')
    server.wait_log('this channel is not live')


def test_srt_live_transmit(server):
    """A UDP transport stream goes in, and comes out again."""
    need('srt-live-transmit')
    udp_in, udp_out = ports.free_port(), ports.free_port()
    Process(['srt-live-transmit', f'udp://127.0.0.1:{udp_in}?mode=listener',
             f'srt://127.0.0.1:{server.srt_port}?streamid=publish:live/hq:K'], name='slt-in')
    publish.ffmpeg(f'udp://127.0.0.1:{udp_in}?pkt_size=1316', muxer='mpegts')
    server.wait_live()
    watcher = Watcher(f'udp://127.0.0.1:{udp_out}?fifo_size=100000')
    Process(['srt-live-transmit',
             f'srt://127.0.0.1:{server.srt_port}?streamid=read:live/hq',
             f'udp://127.0.0.1:{udp_out}'], name='slt-out')
    check(watcher).stop()


def test_gstreamer(server, tmp_path):
    need('gst-launch-1.0')
    Process(['gst-launch-1.0', '-q', 'filesrc', f'location={SAMPLE}', '!', 'flvdemux', 'name=d',
             'd.video', '!', 'queue', '!', 'h264parse', 'config-interval=-1', '!', 'mux.',
             'd.audio', '!', 'queue', '!', 'aacparse', '!', 'mux.',
             'mpegtsmux', 'name=mux', 'alignment=7', '!', 'identity', 'sync=true', '!',
             'srtsink', f'uri=srt://127.0.0.1:{server.srt_port}?mode=caller',
             'streamid=publish:live/hq:K', 'wait-for-connection=true'], name='gst-push')
    server.wait_live()
    seen = tmp_path / 'seen.ts'
    player = Process(['gst-launch-1.0', '-q', 'srtsrc',
                      f'uri=srt://127.0.0.1:{server.srt_port}?mode=caller',
                      'streamid=read:live/hq', '!', 'filesink', f'location={seen}'],
                     name='gst-play')
    check(Watcher(server.flv())).stop()
    until(lambda: os.path.exists(seen) and os.path.getsize(seen) > 200000, 15, 'bytes')
    player.end()
    watcher = Watcher(str(seen))
    watcher.wait_end(20)
    del watcher.numbers[-2:]  # the file was cut
    assert len(watcher.numbers) > 30
    watcher.check_pictures()


@pytest.mark.parametrize('direction', ['host', 'viewer'])
def test_bad_line(server, direction):
    """5 % loss and a round trip of 80 ms with a latency of 300 ms: nothing is missing."""
    line = Impair(to=server.srt_port, loss=5, delay_ms=40, seed=1).start()
    at = {'port': line.port, 'latency_us': 300000}
    push(server, **(at if direction == 'host' else {}))
    server.wait_live()
    if direction == 'host':
        watcher = Watcher(server.flv())
    else:
        watcher = Watcher(srt(server, 'read:live/hq', **at))
    check(watcher, pictures=400).stop()
    if direction == 'host':
        counts = server.channel()['take']['srt']
    else:
        counts = server.channel()['viewers_srt']
    assert counts['retransmitted'] > 0, counts
    if direction == 'host':
        assert counts['latency_ms'] == 300 and counts['rtt_ms'] > 70, counts
        assert counts['dropped'] == 0, counts


def handshake(kind, *, version, cookie=0, extension=2, socket_id=1):
    """SRT's 4.1, without extensions."""
    return (struct.pack('>IIII', 0x80000000, 0, 0, 0)
            + struct.pack('>IHHIIIiII', version, 0, extension, 7, 1500, 8192, kind, socket_id,
                          cookie) + bytes(16))


def test_flood(server):
    """500 calls a second, most of which stall in mid-handshake: nobody else notices."""
    push(server)
    server.wait_live()
    watcher = Watcher(srt(server, 'read:live/hq'))
    watcher.wait_pictures(30)
    sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(100)]
    target = ('127.0.0.1', server.srt_port)
    rng = random.Random(1)
    began = time.monotonic()
    for n in range(2000):
        sock = sockets[n % len(sockets)]
        sock.setblocking(False)
        sock.sendto(handshake(1, version=4, socket_id=n + 1), target)
        try:
            answer = sock.recv(2000)
            cookie = struct.unpack('>I', answer[44:48])[0]
        except BlockingIOError:
            cookie = rng.getrandbits(32)
        if n % 2:
            sock.sendto(handshake(-1, version=rng.choice((4, 5)), cookie=cookie, extension=0,
                                  socket_id=n + 1), target)
        if n % 50 == 0:
            sock.sendto(rng.randbytes(rng.randrange(1, 1400)), target)
        time.sleep(max(0, began + n / 500 - time.monotonic()))
    watcher.wait_pictures(60)
    watcher.check_pictures()
    watcher.stop()
    # And somebody honest still gets in.
    check(Watcher(srt(server, 'read:live/hq'))).stop()
    for sock in sockets:
        sock.close()


def test_takeover_and_conflict(server):
    """Another key is refused; the same key goes on, and viewers stay."""
    first = push(server)
    server.wait_live()
    watcher = Watcher(srt(server, 'read:live/hq'))
    watcher.wait_pictures(30)
    other = push(server, 'publish:live/hq:OTHER')
    until(lambda: not other.alive, 15, 'the other is refused')
    assert first.alive
    server.wait_log('another host publishes here')
    push(server)
    until(lambda: not first.alive, 15, 'the first is replaced')
    watcher.wait_pictures(60)
    state = server.channel()
    assert state['broadcast'] == 1 and state['takes_total'] == 2, state
    watcher.stop()


def test_relay(make_server):
    """Pulled from one server, pushed to another."""
    need('ffmpeg')
    origin, edge = make_server(), make_server({'relay.allow_private': 'true'})
    push(origin)
    origin.wait_live()

    def start(**relay):
        connection = edge.connection()
        connection.request('POST', '/api/v1/relays', json.dumps(relay))
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        assert answer.status == 201, body

    at = f'srt://127.0.0.1:{origin.srt_port}?latency=100&streamid='
    start(channel='live/copy', kind='pull', url=at + 'read:live/hq')
    edge.wait_live('live/copy')
    start(channel='live/copy', kind='push', url=at + 'publish:live/back:K')
    origin.wait_live('live/back')
    check(Watcher(origin.flv('live/back'))).stop()
    assert edge.channel('live/copy')['take']['encoder'] == 'relay'
    assert edge.channel('live/copy')['viewers_by_protocol']['srt'] == 0
