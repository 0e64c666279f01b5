# SPDX-License-Identifier: Apache-2.0
"""RTMP with the clients people have: FFmpeg, GStreamer, librtmp."""
import pytest

from kit import media, publish, rtmp
from kit.process import Process, need, run
from kit.wait import until
from kit.watch import Watcher

PICTURES = 150


def test_ffmpeg_pushes_and_plays_every_picture(server):
    publish.ffmpeg(server.rtmp())
    server.wait_live()
    watcher = Watcher(server.rtmp(), timing=True).wait_pictures(PICTURES)
    watcher.stop()
    watcher.check_pictures()
    watcher.check_sound()
    assert abs(watcher.skew_s()) < 0.045, watcher.skew_s()


def test_ffmpeg_plays_bframes_in_order(server, variants):
    """Composition times survive: the pictures come in the order of presentation, none lost."""
    publish.ffmpeg(server.rtmp(), media.variant(variants, bf=2))
    server.wait_live()
    watcher = Watcher(server.rtmp(), timing=True).wait_pictures(PICTURES)
    watcher.stop()
    watcher.check_pictures()
    assert abs(watcher.skew_s()) < 0.045, watcher.skew_s()


def test_24_pictures_a_second(server, variants):
    publish.ffmpeg(server.rtmp(), media.variant(variants, fps=24))
    server.wait_live()
    watcher = Watcher(server.rtmp(), fps=24).wait_pictures(PICTURES)
    watcher.stop()
    watcher.check_pictures()


def test_audio_only(server, variants):
    publish.ffmpeg(server.rtmp(), media.variant(variants, no_video=True))
    server.wait_live()
    watcher = Watcher(server.rtmp(), video=False).wait_sound(4)
    watcher.stop()
    watcher.check_sound()


def test_video_only(server, variants):
    publish.ffmpeg(server.rtmp(), media.variant(variants, no_audio=True))
    server.wait_live()
    watcher = Watcher(server.rtmp(), audio=False).wait_pictures(PICTURES)
    watcher.stop()
    watcher.check_pictures()


def test_viewer_in_the_middle_of_a_long_gop_starts_at_its_keyframe(server, variants):
    """The GOP cache: whoever comes late sees the keyframe first and all pictures after it."""
    publish.ffmpeg(server.rtmp(), media.variant(variants, gop=8))
    server.wait_live()
    first = Watcher(server.rtmp()).wait_pictures(90)
    late = Watcher(server.rtmp(), audio=False).wait_pictures(60)
    late.stop()
    first.stop()
    assert late.numbers[0] % (8 * media.SAMPLE_FPS) == 0, late.numbers[:3]
    late.check_pictures()


def test_gstreamer_rtmp2sink_pushes(server):
    need('gst-launch-1.0')
    publish.gst_rtmp2sink(server.rtmp())
    server.wait_live()
    watcher = Watcher(server.rtmp()).wait_pictures(PICTURES)
    watcher.stop()
    watcher.check_pictures()
    watcher.check_sound()


def test_gstreamer_rtmp2src_plays(server):
    """GStreamer compares S2 with C1 and extended timestamps: strict by nature (RTMP-3)."""
    need('gst-launch-1.0')
    publish.ffmpeg(server.rtmp())
    server.wait_live()
    player = Process(['gst-launch-1.0', '-v', 'rtmp2src', f'location={server.rtmp()}', '!',
                      'flvdemux', 'name=d', 'd.video', '!', 'queue', '!', 'h264parse', '!',
                      'avdec_h264', '!', 'identity', 'name=seen', 'silent=false', '!', 'fakesink',
                      'sync=false', 'd.audio', '!', 'queue', '!', 'aacparse', '!', 'avdec_aac', '!',
                      'fakesink', 'sync=false'], name='gst-play')
    until(lambda: player.log().count('seen: last-message = chain') >= PICTURES, 20,
          lambda: f'{PICTURES} pictures in GStreamer\n{player.tail()}')
    assert player.alive and 'ERROR' not in player.log(), player.tail()


@pytest.mark.parametrize('path', ['rtmp', 'rtmpdump'])
def test_librtmp_plays(server, tmp_path, path):
    """rtmpdump is the reader that does not know extended timestamps on type 3 (RTMP-18)."""
    if path == 'rtmp':
        need('gst-launch-1.0')
        if run(['gst-inspect-1.0', 'rtmpsrc']).returncode:
            pytest.skip('the GStreamer element rtmpsrc is not installed')
    else:
        need('rtmpdump')
    publish.ffmpeg(server.rtmp())
    server.wait_live()
    out = tmp_path / 'dump.flv'
    if path == 'rtmp':
        player = Process(['gst-launch-1.0', '-q', 'rtmpsrc', f'location={server.rtmp()} live=1',
                          '!', 'filesink', f'location={out}'], name='gst-rtmpsrc')
    else:
        player = Process(['rtmpdump', '--live', '-r', server.rtmp(), '-o', str(out)])
    until(lambda: (out.exists() and out.stat().st_size > 300_000) or not player.alive, 30,
          lambda: f'300 kB from librtmp\n{player.tail()}')
    assert player.alive, player.tail()
    player.end()
    watcher = Watcher(str(out))
    watcher.wait_end(20)
    assert len(watcher.numbers) > 60, watcher.process.tail()
    watcher.check_pictures()


def test_the_answer_names_the_stream_and_starts_with_the_headers(server):
    """Play: Start, then metadata, sequence headers, then a keyframe (RTMP-39)."""
    publish.ffmpeg(server.rtmp())
    server.wait_live()
    peer = rtmp.Peer(server.rtmp_port)
    code = peer.play()
    while code == 'NetStream.Play.Reset':
        code = peer.wait_command('onStatus')[3]['code']
    assert code == 'NetStream.Play.Start'
    kinds = []
    while True:
        kind, _, body = peer.next_message()
        if kind in (8, 9):
            kinds.append((kind, body[0] >> 4 if kind == 9 else 0, body[1]))
        if kind == 9 and body[1] == 1:
            break
    assert kinds.index((9, 1, 0)) < kinds.index((9, 1, 1)), kinds
    assert (8, 0, 0) in kinds, 'no AAC header before the first keyframe'
    assert kinds[-1] == (9, 1, 1), 'the first picture is not a keyframe'


def test_a_missing_stream_is_said_so(server):
    peer = rtmp.Peer(server.rtmp_port)
    code = peer.play('nobody')
    while code in ('NetStream.Play.Reset', 'NetStream.Play.Start'):
        code = peer.wait_command('onStatus')[3]['code']
    assert code == 'NetStream.Play.StreamNotFound'


@pytest.mark.parametrize('size', [1, 128, 4096, 65536, 1_000_000])
def test_any_chunk_size_of_the_publisher(server, size):
    peer = rtmp.Peer(server.rtmp_port)
    assert peer.publish() == 'NetStream.Publish.Start'
    peer.set_chunk_size(size)
    publisher = rtmp.Publisher(peer)
    server.wait_live()
    watcher = Watcher(server.flv(), audio=False).wait_pictures(60)
    watcher.stop()
    publisher.stop()
    watcher.check_pictures()
