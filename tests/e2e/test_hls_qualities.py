# SPDX-License-Identifier: Apache-2.0
"""A host with several qualities: HLS variants, and hls.js that changes between them."""
import json
import os

import pytest

from kit.browser import look_at, pictures_directory
from kit.rtc_stage import stage
from kit.wait import until

LAYERS = [{'rid': '0', 'scaleResolutionDownBy': 1, 'maxBitrate': 700000},
          {'rid': '1', 'scaleResolutionDownBy': 2, 'maxBitrate': 250000}]
WATCH_S = 24


@pytest.fixture(scope='module')
def scene(tmp_path_factory):
    with stage(tmp_path_factory, ()) as made:
        yield made


def multivariant(server):
    return server.get('/live/sim/index.m3u8').body.decode()


@pytest.mark.limit(150)
def test_viewers_choose_among_layers(scene):
    server = scene.server
    with scene.page('host') as tab:
        host = tab.whip_canvas(scene.whip('live/sim'), codec='h264', encodings=LAYERS,
                               width=960, height=540, fps=12)
        assert host.status == 201, host.body
        server.wait_live('live/sim')
        text = until(lambda: (lambda t: t if '/v1.m3u8' in t else None)(multivariant(server)), 40,
                     'the second quality')
        assert 'RESOLUTION=960x540' in text and 'RESOLUTION=480x270' in text, text
        picture = os.path.join(pictures_directory(), 'watch-quality.png')
        jobs = [{'name': 'choose', 'url': server.http('/watch/live/sim?player=llhls'),
                 'seconds': WATCH_S, 'qualities': {2: '270', 13: '540'}, 'screenshot': picture},
                {'name': 'phone', 'url': server.http('/watch/live/sim?player=llhls'), 'seconds': 6,
                 'width': 390, 'height': 844, 'language': 'zh-CN',
                 'screenshot': picture.replace('.png', '-phone.png')}]
        # These cannot choose by themselves: the page asks the server.
        jobs += [{'name': name, 'url': server.http(f'/watch/live/sim?player={name}'),
                  'seconds': 14, 'qualities': {5: '270'}} for name in ('flv', 'whep')]
        results = look_at(jobs, WATCH_S + 30)
    answer = results['choose']
    assert answer['error'] is None, f'{answer["error"]}\n{answer["console"][-10:]}'
    heights = [s['stats']['height'] for s in answer['samples']]
    assert 270 in heights[4:14], heights
    assert heights[-1] == 540, heights
    assert heights[8:13] == [270] * 5, heights
    frames = [s['stats']['decoded_frames'] for s in answer['samples']]
    assert frames == sorted(frames)
    assert answer['samples'][-1]['stats']['stalls'] <= 1, answer['samples'][-1]
    for name in ('flv', 'whep'):
        answer = results[name]
        assert answer['error'] is None, f'{answer["error"]}\n{answer["console"][-10:]}'
        last = answer['samples'][-1]['stats']
        assert last['player'] == name and last['height'] == 270, answer['samples']
    assert results['phone']['error'] is None
    assert '清晰度' in results['phone']['text'] and results['phone']['overflow'] <= 0


@pytest.mark.limit(90)
def test_a_picture_without_a_form_in_hls_takes_another_way(scene):
    """VP8: 406 with the reason, and the page goes by WebRTC and says why."""
    server = scene.server
    with scene.page('host') as tab:
        host = tab.whip_canvas(scene.whip('live/vp8'), codec='vp8', fps=12)
        assert host.status == 201, host.body
        server.wait_live('live/vp8')
        answer = until(lambda: (lambda a: a if a.status == 406 else None)(
            server.get('/live/vp8/index.m3u8')), 10, 'an answer that tells the codec')
        error = json.loads(answer.body)['error']
        assert error['code'] == 'codec_not_carried' and 'vp8' in error['message'], error
        assert server.get('/live/vp8/audio.m3u8').status == 200
        job = {'name': 'zh', 'url': server.http('/watch/live/vp8?player=llhls'), 'seconds': 4,
               'language': 'zh-CN',
               'screenshot': os.path.join(pictures_directory(), 'watch-vp8.png')}
        result = look_at([job], 40)['zh']
    assert result['error'] is None, f'{result["error"]}\n{result["console"][-10:]}'
    last = result['samples'][-1]['stats']
    assert last['player'] == 'whep' and last['reason'] == 'codec', last
    assert '无法用这种方式播放' in result['text'], result['text']
