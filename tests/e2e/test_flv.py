# SPDX-License-Identifier: Apache-2.0
"""HTTP-FLV and WS-FLV, byte by byte and decoded."""
import socket
import time

import pytest

from kit import media, publish, rtmp
from kit.flv import AUDIO, DATA, VIDEO, Viewer, WebSocketViewer
from kit.wait import until
from kit.watch import Watcher


@pytest.fixture(scope='module')
def live(shared_server):
    publish.ffmpeg(shared_server.rtmp())
    shared_server.wait_live()
    return shared_server


def test_ffmpeg_sees_and_hears_everything(live):
    watcher = Watcher(live.flv(), timing=True).wait_pictures(150)
    watcher.stop()
    watcher.check_pictures()
    watcher.check_sound()
    assert abs(watcher.skew_s()) < 0.045, watcher.skew_s()


def test_head_of_the_answer(live):
    """FLV-7, FLV-8."""
    viewer = Viewer(live.http_port, headers={'Origin': 'https://shop.example'})
    assert viewer.status == 200
    assert viewer.headers['content-type'] == 'video/x-flv'
    assert 'content-length' not in viewer.headers
    assert viewer.headers['transfer-encoding'] == 'chunked'
    assert 'no-store' in viewer.headers['cache-control']
    assert viewer.headers['access-control-allow-origin'] in ('*', 'https://shop.example')
    viewer.close()


def test_order_of_the_first_tags(live):
    """FLV-2, FLV-3: true flags, metadata, headers, then a keyframe; small times."""
    viewer = Viewer(live.http_port).wait_tags(60)
    assert viewer.parser.has_video and viewer.parser.has_audio
    tags = viewer.tags
    assert tags[0].kind == DATA and b'onMetaData' in tags[0].body[:20], tags[:4]
    assert b'@setDataFrame' not in tags[0].body
    first_picture = next(t for t in tags if t.kind == VIDEO and not t.is_header)
    assert first_picture.is_keyframe, tags[:6]
    before = tags[:tags.index(first_picture)]
    assert [t.kind for t in before if t.is_header] == [VIDEO, AUDIO], before
    assert first_picture.time_ms < 600_000, 'times count from the beginning of the broadcast'
    viewer.check_times()
    viewer.close()


def test_first_keyframe_comes_at_once(live):
    """From the GOP cache, not after waiting for the next one: the sample has one a second."""
    Viewer(live.http_port).wait_tags(40, kind=VIDEO).close()
    waits = []
    for _ in range(10):
        viewer = Viewer(live.http_port)
        until(lambda: any(t.is_keyframe for t in viewer.tags), 5, 'a keyframe')
        waits.append(next(t.arrived for t in viewer.tags if t.is_keyframe) - viewer.began)
        viewer.close()
    assert sorted(waits)[5] < 0.25, waits


def test_gop_0_starts_at_the_next_keyframe(live):
    other = Viewer(live.http_port).wait_tags(60, kind=VIDEO)
    for _ in range(3):
        newest = other.media(VIDEO)[-1].time_ms
        viewer = Viewer(live.http_port, '/live/hq.flv?gop=0').wait_tags(10, kind=VIDEO)
        first = viewer.media(VIDEO)[0]
        # Both viewers' times are the broadcast's: nothing of before this one came.
        assert first.is_keyframe and first.time_ms > newest, (first, newest)
        viewer.close()
    other.close()


def test_only_audio(live):
    viewer = Viewer(live.http_port, '/live/hq.flv?only=audio').wait_tags(100)
    assert viewer.parser.has_audio and not viewer.parser.has_video
    assert not [t for t in viewer.tags if t.kind == VIDEO]
    viewer.close()
    watcher = Watcher(live.flv(query='?only=audio'), video=False).wait_sound(2)
    watcher.stop()
    watcher.check_sound()


def test_flags_tell_the_truth(server, variants):
    """FLV-2: a flag without a track keeps mpegts.js waiting for ever."""
    publish.ffmpeg(server.rtmp('live/sound'), media.variant(variants, no_video=True))
    publish.ffmpeg(server.rtmp('live/picture'), media.variant(variants, no_audio=True))
    server.wait_live('live/sound')
    server.wait_live('live/picture')
    sound = Viewer(server.http_port, '/live/sound.flv').wait_tags(10)
    assert (sound.parser.has_video, sound.parser.has_audio) == (False, True)
    picture = Viewer(server.http_port, '/live/picture.flv').wait_tags(10)
    assert (picture.parser.has_video, picture.parser.has_audio) == (True, False)
    sound.close()
    picture.close()


def test_http_1_0_ends_with_the_connection(live):
    viewer = Viewer(live.http_port, version='1.0').wait_tags(60)
    assert 'transfer-encoding' not in viewer.headers
    viewer.check_times()
    viewer.close()


def test_head_request_has_no_body(live):
    answer = live.get('/live/hq.flv', method='HEAD')
    assert answer.status == 200 and answer.body == b''
    assert answer.headers['Content-Type'] == 'video/x-flv'


@pytest.mark.parametrize('path', ['/live/nobody.flv', '/nobody.flv', '/live/.flv'])
def test_unknown_stream_is_404_with_cors(live, path):
    """FLV-8: without the header on the error, a page cannot even tell that it was a 404."""
    answer = live.get(path, headers={'Origin': 'https://shop.example'}, seconds=15)
    assert answer.status in (400, 404)
    assert answer.headers['Access-Control-Allow-Origin'] in ('*', 'https://shop.example')


def test_preflight(live):
    answer = live.get('/live/hq.flv', method='OPTIONS', headers={
        'Origin': 'https://shop.example', 'Access-Control-Request-Method': 'GET',
        'Access-Control-Request-Headers': 'range,authorization'})
    assert answer.status in (200, 204)
    allowed = answer.headers['Access-Control-Allow-Headers'].lower()
    assert allowed == '*' or ('range' in allowed and 'authorization' in allowed)


def test_websocket(live):
    """FLV-9: binary messages, the header in the first; a ping is answered."""
    viewer = WebSocketViewer(live.http_port)
    assert viewer.status == 101, viewer.headers
    assert 'sec-websocket-extensions' not in viewer.headers
    assert 'sec-websocket-protocol' not in viewer.headers
    viewer.wait_tags(100)
    assert {opcode for opcode, _ in viewer.messages} <= {0, 2}
    assert viewer.messages[0][1] >= 13
    viewer.ping(b'are you there')
    until(lambda: b'are you there' in viewer.pongs, 5, 'a pong')
    viewer.check_times()
    viewer.close()


def test_websocket_close_is_answered(live):
    viewer = WebSocketViewer(live.http_port).wait_tags(10)
    viewer.send_frame(8, b'\x03\xe8')
    viewer.wait_end(5)


def test_websocket_ends_with_1001(server):
    publisher = rtmp.publisher(server.rtmp_port)
    server.wait_live()
    viewer = WebSocketViewer(server.http_port).wait_tags(20)
    publisher.stop()
    publisher.peer.unpublish()
    viewer.wait_end(10)
    assert viewer.close_code == 1001, viewer.end_reason


def test_http_flv_ends_with_the_last_chunk(server):
    publisher = rtmp.publisher(server.rtmp_port)
    server.wait_live()
    viewer = Viewer(server.http_port).wait_tags(20)
    publisher.stop()
    publisher.peer.unpublish()
    viewer.wait_end(10)
    assert viewer.end_reason == 'last chunk'


def test_bytes_do_not_depend_on_the_transport(live):
    """The same tags by HTTP and WebSocket."""
    a = Viewer(live.http_port)
    b = WebSocketViewer(live.http_port)
    a.wait_tags(120)
    b.wait_tags(120)
    bodies = {t.body for t in a.media(VIDEO)}
    common = [t for t in b.media(VIDEO) if t.body in bodies]
    assert len(common) > 20
    a.close()
    b.close()


def test_viewers_are_counted(server):
    live = server
    publish.ffmpeg(live.rtmp())
    live.wait_live()
    viewers = [Viewer(live.http_port).wait_tags(5) for _ in range(3)]
    sockets = [WebSocketViewer(live.http_port).wait_tags(5) for _ in range(2)]

    def counted():
        by = live.channel()['viewers_by_protocol']
        return by.get('flv', 0), by.get('ws_flv', 0)

    until(lambda: sum(counted()) == 5, 5, lambda: f'5 viewers, there are {counted()}')
    for viewer in viewers + sockets:
        viewer.close()
    until(lambda: sum(counted()) == 0, 5, lambda: f'no viewer, there are {counted()}')


def test_a_viewer_that_hangs_is_skipped_not_served_late(make_server):
    """FLV-10: who reads nothing for longer than the bound gets a keyframe of now, not of then."""
    server = make_server({'stream.viewer_queue_ms': 1000})
    publish.ffmpeg(server.rtmp())
    server.wait_live()
    slow = socket.socket()
    slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    slow.connect(('127.0.0.1', server.http_port))
    viewer = Viewer(server.http_port, sock=slow, paused=True)
    other = Viewer(server.http_port)
    # 12 s of the sample are far more than the kernel's buffers of a connection hold.
    other.wait_tags(360, seconds=40, kind=VIDEO)
    assert other.longest_gap_ms() < 100, 'the other viewer noticed'
    viewer._thread.start()
    until(lambda: viewer.ended or len(viewer.media(VIDEO)) > 60, 20, 'the slow viewer')
    pictures = viewer.media(VIDEO)
    jumps = [(a, b) for a, b in zip(pictures, pictures[1:]) if b.time_ms - a.time_ms > 100]
    assert viewer.ended or all(b.is_keyframe for _, b in jumps), jumps
    other.close()
    viewer.close()


def test_viewer_at_the_very_start(server):
    """Between the encoder's acceptance and its first picture a viewer waits, and is not sent
    away."""
    peer = rtmp.Peer(server.rtmp_port)
    assert peer.publish() == 'NetStream.Publish.Start'
    until(server.is_live, 5, 'the channel')
    viewers = [Viewer(server.http_port), WebSocketViewer(server.http_port)]
    player = rtmp.Peer(server.rtmp_port)
    player.play()
    publisher = rtmp.Publisher(peer)
    for viewer in viewers:
        viewer.wait_tags(30)
        viewer.close()
    while player.next_message()[0] != 9:
        pass
    publisher.stop()


def test_latency_is_small(server):
    """From the publisher's send to the viewer's receive; a bound for tests, not a benchmark."""
    sent = {}

    def note(kind, t, body):
        if kind == VIDEO:
            sent[body] = time.monotonic()
        return kind, t, body

    publisher = rtmp.publisher(server.rtmp_port, change=note)
    server.wait_live()
    viewer = Viewer(server.http_port).wait_tags(90, kind=VIDEO)
    delays = sorted(t.arrived - sent[t.body] for t in viewer.media(VIDEO)[45:] if t.body in sent)
    publisher.stop()
    assert delays[len(delays) // 2] < 0.1, delays
    viewer.close()
