# SPDX-License-Identifier: Apache-2.0
"""Timestamps that real encoders send: past the 24 bits, huge from the start, jumping."""
import pytest

from kit import hls, publish, rtmp
from kit.flv import VIDEO, Viewer
from kit.process import Process, need
from kit.wait import until
from kit.watch import Watcher

LIMIT_24_MS = 0xffffff      # 4 h 39 m 37 s


def check_everywhere(server, pictures=240, allowed_breaks=0, start=None):
    """RTMP, FLV and HLS viewers see every picture while `start` (which starts the publisher or
    changes what it sends) has its effect."""
    rtmp_viewer = Watcher(server.rtmp())
    flv_viewer = Watcher(server.flv())
    server.wait_hls()
    poller = hls.Poller(server, hls.media_playlists(server)[1][0], load=True)
    hls_viewer = Watcher(server.hls(), audio=False)
    tags = Viewer(server.http_port)
    if start:
        start()
    for viewer in (rtmp_viewer, flv_viewer, hls_viewer):
        viewer.wait_pictures(pictures - len(viewer.numbers), 50)
        viewer.stop()
        viewer.check_pictures(allowed_breaks)
    rtmp_viewer.check_sound()
    poller.stop()
    tags.check_times()
    assert tags.ended is None
    tags.close()
    return tags, poller, (rtmp_viewer, flv_viewer, hls_viewer)


@pytest.mark.limit(120)
def test_ffmpeg_across_24_bits(server):
    """Extended timestamps begin about 7 s after the push does; nobody may notice."""
    offset_s = LIMIT_24_MS / 1000 - 7
    publish.ffmpeg(server.rtmp(), after=['-output_ts_offset', f'{offset_s:.3f}'])
    server.wait_live()
    tags, poller, _ = check_everywhere(server, pictures=300)
    assert tags.longest_gap_ms() < 100
    assert not any(s.discontinuity for p in poller.playlists for s in p.segments)


def test_player_gets_times_near_zero_whatever_the_publisher_sends(server):
    """RTMP-18: old readers cannot take the extended bytes of type 3, so none are needed."""
    publish.ffmpeg(server.rtmp(), after=['-output_ts_offset', '16790'])
    server.wait_live()
    peer = rtmp.Peer(server.rtmp_port)
    peer.play()
    times = []
    while len(times) < 60:
        kind, when, _ = peer.next_message()
        if kind == 9:
            times.append(when)
    assert max(times) < 60_000, times[:5]
    viewer = Viewer(server.http_port).wait_tags(30)
    assert viewer.media()[0].time_ms < 60_000


def test_rtmpdump_plays_a_broadcast_past_24_bits(server, tmp_path):
    need('rtmpdump')
    publish.ffmpeg(server.rtmp(), after=['-output_ts_offset', '16790'])
    server.wait_live()
    out = tmp_path / 'dump.flv'
    player = Process(['rtmpdump', '--live', '-r', server.rtmp(), '-o', str(out)])
    until(lambda: out.exists() and out.stat().st_size > 250_000, 25, player.tail)
    player.end()
    watcher = Watcher(str(out))
    watcher.wait_end(20)
    watcher.check_pictures()
    assert len(watcher.numbers) > 60


@pytest.mark.parametrize('start_ms', [
    LIMIT_24_MS - 3000, 0x7fffffff - 3000, 0xffffffff - 3000, 0xffffffff // 3,
], ids=['24-bit', '31-bit', '32-bit', 'huge'])
def test_wraps_with_exact_times(server, start_ms):
    """Encoders of our own that cross 2^24, 2^31 and 2^32 ms three seconds after the start."""
    publisher = rtmp.publisher(server.rtmp_port, offset_ms=start_ms)
    server.wait_live()
    tags, _, _ = check_everywhere(server, pictures=180)
    assert tags.longest_gap_ms() < 100
    publisher.stop()


def test_encoder_that_masks_to_31_bits(server):
    """OBS and FFmpeg fall from 2^31 to 0 (they write 7 bits of the upper byte): a wrap."""
    publisher = rtmp.publisher(server.rtmp_port, offset_ms=0x7fffffff - 3000,
                               change=lambda k, t, b: (k, t & 0x7fffffff, b))
    server.wait_live()
    tags, _, _ = check_everywhere(server, pictures=180)
    assert tags.longest_gap_ms() < 100
    publisher.stop()


@pytest.mark.parametrize('jump_ms', [3_600_000, -3_600_000], ids=['forward', 'back'])
def test_a_jump_in_one_connection_is_a_new_epoch_not_a_hole(server, jump_ms):
    """The encoder's clock jumps by an hour while real time goes on: viewers see no gap, and HLS
    says DISCONTINUITY."""
    state = {'add': 4_000_000}
    publisher = rtmp.publisher(server.rtmp_port, change=lambda k, t, b: (k, t + state['add'], b))
    server.wait_live()

    def jump():
        state['add'] += jump_ms
    tags, poller, _ = check_everywhere(server, pictures=240, allowed_breaks=1, start=jump)
    assert tags.longest_gap_ms() < 1500
    marks = {s.msn for p in poller.playlists for s in p.segments if s.discontinuity}
    assert len(marks) == 1, marks
    publisher.stop()


def test_audio_and_video_with_different_starts(server):
    """Each track its own origin, some seconds apart (RTMP-70): it still plays and goes forward."""
    publisher = rtmp.publisher(
        server.rtmp_port, change=lambda k, t, b: (k, t + (1500 if k == 9 else 0), b))
    server.wait_live()
    viewer = Viewer(server.http_port).wait_tags(100, kind=VIDEO)
    viewer.check_times()
    publisher.stop()
    viewer.close()


def test_repeated_and_wobbling_times(server):
    """Times that stand still or step back by some milliseconds are repaired, not fatal."""
    count = {'n': 0}

    def wobble(kind, t, body):
        count['n'] += 1
        return kind, max(0, t - (20 if count['n'] % 7 == 0 else 0)), body
    publisher = rtmp.publisher(server.rtmp_port, change=wobble)
    server.wait_live()
    check_everywhere(server, pictures=150)
    publisher.stop()
