# SPDX-License-Identifier: Apache-2.0
"""HEVC from a host in both forms of RTMP, out by HLS and by FLV in the form that is asked for."""
import os

import pytest

from kit import hevc, rtmp
from kit.browser import look_at, pictures_directory
from kit.flv import VIDEO, Viewer
from kit.watch import Watcher

FORMS = {'id12': False, 'enhanced': True}


@pytest.fixture(scope='module')
def directory(tmp_path_factory):
    return str(tmp_path_factory.mktemp('hevc'))


@pytest.fixture(params=FORMS)
def live(request, server, directory):
    path = hevc.make(directory, FORMS[request.param])
    publisher = rtmp.publisher(server.rtmp_port, path=path)
    server.wait_live()
    yield server
    publisher.stop()


def test_hls_shows_every_picture(live):
    live.wait_hls()
    text = live.get('/live/hq/index.m3u8').body.decode()
    assert 'hvc1.' in text, text
    watcher = Watcher(live.http('/live/hq/index.m3u8')).wait_pictures(90)
    watcher.stop()
    watcher.check_pictures()
    assert live.channel()['video']['codec'] == 'hevc'


def test_flv_in_the_form_that_is_asked_for(live):
    old = Viewer(live.http_port, '/live/hq.flv')
    new = Viewer(live.http_port, '/live/hq.flv?hevc=enhanced')
    old.wait_tags(30, kind=VIDEO).check_times()
    new.wait_tags(30, kind=VIDEO)
    assert all(t.body[0] & 0x8f == 12 for t in old.tags if t.kind == VIDEO), old.tags[:5]
    assert all(t.body[0] & 0x80 and t.body[1:5] == b'hvc1'
               for t in new.tags if t.kind == VIDEO), new.tags[:5]
    old.close()
    new.close()


@pytest.mark.limit(90)
def test_page_says_what_the_browser_cannot_show(server, directory):
    """Chromium here has no HEVC: after all ways were tried the page says so and offers the sound."""
    publisher = rtmp.publisher(server.rtmp_port, path=hevc.make(directory, True))
    server.wait_live()
    server.wait_hls()
    pictures = pictures_directory()
    texts = {'en-US': 'cannot show H.265 video', 'zh-CN': '无法播放 H.265 画面'}
    jobs = [{'name': language, 'url': server.http('/watch/live/hq'), 'language': language,
             'until_text': text, 'width': 390 if language == 'zh-CN' else 1280,
             'screenshot': os.path.join(pictures, f'watch-hevc-{language}.png')}
            for language, text in texts.items()]
    results = look_at(jobs, 40)
    publisher.stop()
    for language, result in results.items():
        assert result['error'] is None, f'{result["error"]}\n{result["console"][-10:]}'
        assert result['overflow'] <= 0
