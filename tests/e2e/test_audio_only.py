# SPDX-License-Identifier: Apache-2.0
"""Voice live: sound alone, with and without a cover, in every output."""
import json
import os
import subprocess
import time

import pytest

from kit import media, publish
from kit.browser import look_at, pictures_directory
from kit.flv import AUDIO, VIDEO, Viewer
from kit.watch import Watcher

# mpegts.js and hls.js
PAGES = ('flv', 'llhls')


@pytest.fixture(scope='module')
def voice(variants):
    return media.variant(variants, no_video=True)


@pytest.fixture(scope='module')
def live(shared_server, voice):
    publish.ffmpeg(shared_server.rtmp(), voice)
    shared_server.wait_hls()
    return shared_server


@pytest.fixture
def covered(make_server, voice, tmp_path):
    cover = tmp_path / 'cover.png'
    subprocess.run(['ffmpeg', '-v', 'error', '-f', 'lavfi', '-i', 'color=0x2040c0:s=1500x1001:d=1',
                    '-frames:v', '1', '-y', str(cover)], check=True, timeout=30)
    server = make_server({'channels.live/hq.cover': str(cover)})
    publish.ffmpeg(server.rtmp(), voice)
    server.wait_hls()
    return server


def probe(url):
    """The streams as FFmpeg finds them, and how long it took."""
    began = time.monotonic()
    out = subprocess.run(['ffprobe', '-v', 'error', '-show_entries',
                          'stream=codec_type,codec_name,profile,width,height', '-of', 'json', url],
                         check=True, timeout=30, capture_output=True, text=True).stdout
    streams = {s['codec_type']: s for s in json.loads(out)['streams']}
    return streams, time.monotonic() - began


def test_the_api_tells(live):
    info = live.json('/api/v1/public/channels/live/hq')
    assert info['audio_only'] is True and info['video'] is None


@pytest.mark.parametrize('way', ['flv', 'rtmp', 'hls'])
def test_ffmpeg_hears_it(live, way):
    url = getattr(live, way)()
    streams, _ = probe(url)
    assert streams['audio']['codec_name'] == 'aac' and 'video' not in streams
    watcher = Watcher(url, video=False).wait_sound(4)
    watcher.stop()
    watcher.check_sound()


def test_flv_does_not_promise_video(live):
    """FLV-2."""
    viewer = Viewer(live.http_port).wait_tags(50, kind=AUDIO)
    assert viewer.parser.has_audio and not viewer.parser.has_video
    assert not viewer.media(VIDEO)
    viewer.close()


@pytest.mark.limit(90)
def test_pages_play_it(live):
    pictures = pictures_directory()
    jobs = [{'name': p, 'url': live.http(f'/watch/live/hq?player={p}'), 'seconds': 10,
             'sound': True, 'language': 'zh-CN',
             'screenshot': os.path.join(pictures, f'voice-{p}.png')}
            for p in (*PAGES, 'whep')]
    for name, result in look_at(jobs, 40).items():
        assert result['error'] is None, (name, result['error'])
        first, last = (result['samples'][i]['stats'] for i in (0, -1))
        assert last['player'] == name, last
        assert last['current_time'] - first['current_time'] > 6, (name, first, last)
        assert last['stalls'] <= 1, (name, last)
        assert '纯音频直播' in result['text'], name


@pytest.mark.parametrize('way', ['flv', 'rtmp', 'hls'])
def test_cover_is_a_video(covered, way):
    streams, seconds = probe(getattr(covered, way)())
    assert streams['video']['codec_name'] == 'h264'
    assert streams['video']['profile'] == 'Constrained Baseline'
    assert (streams['video']['width'], streams['video']['height']) == (1080, 720)
    assert streams['audio']['codec_name'] == 'aac'
    assert seconds < 15, f'FFmpeg looked at it for {seconds:.0f} s'


def test_who_wants_sound_gets_no_cover(covered):
    streams, _ = probe(covered.flv(query='?only=audio'))
    assert 'video' not in streams


def test_cover_is_small_and_steady(covered):
    viewer = Viewer(covered.http_port).wait_tags(45, kind=VIDEO)
    pictures = viewer.media(VIDEO)
    keys = [t for t in pictures if t.is_keyframe]
    assert pictures[0].is_keyframe
    steps = [b.time_ms - a.time_ms for a, b in zip(keys, keys[1:])]
    assert all(999 <= step <= 1001 for step in steps), steps
    rest = [len(t.body) for t in pictures if not t.is_keyframe]
    assert max(rest) < 500, max(rest)
    viewer.close()


@pytest.mark.limit(90)
def test_cover_is_seen_on_the_page(covered):
    pictures = pictures_directory()
    jobs = [{'name': p, 'url': covered.http(f'/watch/live/hq?player={p}'), 'seconds': 8,
             'screenshot': os.path.join(pictures, f'cover-{p}.png')} for p in PAGES]
    for name, result in look_at(jobs, 40).items():
        assert result['samples'][-1]['stats']['width'] == 1080, name
