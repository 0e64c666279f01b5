# SPDX-License-Identifier: Apache-2.0
"""The operator's clip page in Chromium: the frame that was seen is the clip's first."""
import json
import os

import pytest

from kit import clips, media, process, publish
from kit.browser import look_at, pictures_directory
from kit.process import need, run
from kit.server import TOP, Server
from kit.wait import until

SCRIPT = os.path.join(TOP, 'tests', 'e2e', 'browser', 'clips.mjs')
TOTAL = media.SAMPLE_FPS * media.SAMPLE_SECONDS
BROADCAST_S = 12


def operate(server, replay, **job):
    need('node')
    result = run(['node', SCRIPT, json.dumps(
        {'base': server.http(''), 'replay': replay['id'], 'pictures': pictures_directory(), **job})], 90)
    if result.returncode == 77:
        pytest.skip(result.stdout.strip())
    assert result.returncode == 0, result.stderr[-3000:]
    return json.loads(result.stdout.splitlines()[-1])


@pytest.fixture(scope='module')
def stage(tmp_path_factory):
    """A server with a replay, and a broadcast that is recorded while the tests run."""
    mark = process.mark()
    server = Server(str(tmp_path_factory.mktemp('console')), clips.RECORDED).start()
    push = publish.ffmpeg(server.rtmp('live/over'), before=('-t', str(BROADCAST_S)), loop=False)
    push.wait(60)

    def over():
        replay = clips.replay_of(server, 'live/over')
        return replay and replay['state'] == 'ready' and replay
    server.over = until(over, 30, lambda: f'the replay\n{server.process.tail()}')
    publish.ffmpeg(server.rtmp('live/on'))
    server.on = clips.wait_replay(server, 30, 4, 'live/on')
    yield server
    try:
        server.stop()
    finally:
        process.end_all(mark)


def numbers_of(server, clip):
    return [number for _, number in clips.frames_of(server.http(f'/clip/{clip}.mp4'))]


@pytest.mark.limit(150)
@pytest.mark.parametrize('name, look', [
    ('desktop', {'language': 'en-US'}),
    ('phone', {'language': 'zh-CN', 'width': 360, 'height': 740}),
])
def test_a_clip_by_keys(stage, name, look):
    title = f'Highlight {name}'
    seen = operate(stage, stage.over, title=title, name=name, seconds=2, frames=7, length=4, **look)
    assert seen['console'] == []
    assert seen['first'] is not None and seen['last'] is not None, seen
    assert seen['again'] == seen['first'], seen
    assert seen['state'] == 'ready', seen['text'][-2000:]
    assert seen['overflow'] <= 0
    assert '?replay=' in seen['address'] and 'token' not in seen['address']
    numbers = numbers_of(stage, seen['clip'])
    assert numbers[0] == seen['first'], (numbers[:5], seen)
    assert numbers[-1] == seen['last'], (numbers[-5:], seen)
    expected = (seen['last'] - seen['first']) % TOTAL + 1
    assert len(numbers) == expected
    assert stage.json(f'/api/v1/clips/{seen["clip"]}')['title'] == title


@pytest.mark.limit(150)
def test_the_last_seconds_of_a_live(stage):
    seen = operate(stage, stage.on, title='Just now', name='live', last=30)
    assert seen['console'] == []
    assert seen['state'] == 'ready', seen['text'][-2000:]
    stats = seen['stats']
    numbers = numbers_of(stage, seen['clip'])
    wanted = (stats['to_ms'] - stats['from_ms']) / 1000 * media.SAMPLE_FPS
    assert abs(len(numbers) - wanted) <= 2, (len(numbers), stats)
    assert stage.is_live('live/on')


@pytest.mark.limit(120)
def test_pages_of_recordings(stage):
    """A replay and a live that is rewound, in both languages and on a phone."""
    pictures = pictures_directory()
    results = look_at([
        {'name': 'replay', 'url': stage.http(f'/watch/replay/{stage.over["id"]}'), 'seconds': 3,
         'screenshot': os.path.join(pictures, 'replay-desktop.png')},
        {'name': 'phone', 'url': stage.http(f'/watch/replay/{stage.over["id"]}?t=4'), 'seconds': 3,
         'width': 360, 'height': 740, 'language': 'zh-CN',
         'screenshot': os.path.join(pictures, 'replay-phone.png')},
        {'name': 'gone', 'url': stage.http('/watch/replay/20200101-000000-00000000'),
         'until_text': 'This recording is not here'},
        {'name': 'hub', 'url': stage.http('/console/'), 'until_text': 'Clips', 'width': 360,
         'height': 740, 'screenshot': os.path.join(pictures, 'console-hub.png')},
    ], 10)
    for name, result in results.items():
        assert result['error'] is None, (name, result['error'], result['console'][-5:])
        assert result['overflow'] <= 0, name
    last = results['replay']['samples'][-1]
    assert last['stats']['state'] == 'playing'
    assert last['number'] is not None
    assert abs(last['stats']['duration_s'] - BROADCAST_S) < 1
    assert results['phone']['samples'][-1]['stats']['current_time'] > 5
    assert '下载' in results['phone']['text']
