# SPDX-License-Identifier: Apache-2.0
"""A host with FFmpeg 8 (node-av): several qualities in one push, and players that know the new
codecs: FFmpeg 8, hls.js and mpegts.js in Chromium."""
import pytest

from kit import codec_media, process
from kit.browser import look_at
from kit.server import Server
from kit.wait import until
from kit.watch import Watcher

# Name: pictures, sound.
STREAMS = {'av1': ('AV1', 'Opus'), 'vp9': ('VP9', 'FLAC'), 'hevc': ('HEVC', 'AC-3')}


class Stage:
    def __init__(self, directory):
        self.directory = directory
        self.server = Server(str(directory)).start()
        self.hosts = codec_media.Hosts()

    def push(self, name, files):
        self.hosts.push(name, self.server.rtmp(f'live/{name}'), files)
        self.hosts.wait(name)
        self.server.wait_live(f'live/{name}')


@pytest.fixture(scope='module')
def stage(tmp_path_factory):
    mark = process.mark()
    made = Stage(tmp_path_factory.mktemp('enhanced'))
    try:
        for name, (video, audio) in STREAMS.items():
            made.push(name, [codec_media.video(made.directory, video),
                             codec_media.audio(made.directory, audio)])
        made.push('many', [codec_media.video(made.directory, 'H.264', '640x360'),
                           codec_media.audio(made.directory, 'AAC'),
                           codec_media.video(made.directory, 'H.264', '320x180')])
        yield made
        made.server.stop()
    finally:
        process.end_all(mark)


@pytest.mark.parametrize('name', STREAMS)
def test_ffmpeg_8_plays_what_ffmpeg_8_sends(stage, name):
    for url, options in ((stage.server.rtmp(f'live/{name}'),
                          {'rtmp_enhanced_codecs': 'hvc1,av01,vp09'}),
                         (stage.server.flv(f'live/{name}', '?hevc=enhanced'), {})):
        seen = stage.hosts.play(url, **options)
        assert (seen['video']['codec'], seen['audio']['codec']) == (name, 'aac'), seen
        assert seen['video']['packets'] > 15 and seen['audio']['packets'] > 15, seen


def test_several_qualities_in_one_push(stage):
    """They are renditions of the playlist, and choices by ?rendition= (RTMP-84)."""
    server = stage.server
    server.wait_hls('live/many')

    def sizes():
        text = server.get('/live/many/index.m3u8').body.decode()
        return {size for size in ('640x360', '320x180') if f'RESOLUTION={size}' in text}
    until(lambda: sizes() == {'640x360', '320x180'}, 15, lambda: f'both qualities, not {sizes()}')
    for query, width in (('', 640), ('?rendition=1', 320)):
        seen = stage.hosts.play(server.flv('live/many', query))
        assert seen['video']['width'] == width, (query, seen)
        assert seen['video']['packets'] > 15 and seen['audio']['packets'] > 15, seen
    watcher = Watcher(server.rtmp('live/many', '?rendition=1'), seconds=8).wait_pictures(60, 30)
    watcher.stop()
    watcher.check_pictures(allowed_breaks=1)


@pytest.mark.limit(120)
def test_chromium(stage):
    """AV1 and VP9 with Opus by low-latency HLS, AV1 by FLV; HEVC is shown, or refused in words."""
    jobs = [('av1', 'llhls'), ('vp9', 'llhls'), ('many', 'llhls'), ('many', 'wsflv'), ('hevc', 'flv')]
    results = look_at([{'name': f'{name}-{player}', 'seconds': 5 if name != 'hevc' else 0,
                        'url': stage.server.http(f'/watch/live/{name}?player={player}')}
                       for name, player in jobs], 5)
    for name, player in jobs[:-1]:
        seen = results[f'{name}-{player}']
        assert seen['error'] is None, (name, player, seen['error'], seen['console'][-5:])
        assert sum(s['number'] is not None for s in seen['samples']) >= 3, (name, player, seen)
    assert results['hevc-flv']['error'] is None
