# SPDX-License-Identifier: Apache-2.0
"""Slates: what viewers see while the host is away, and before a scheduled start."""
import datetime
import hashlib
import json
import os
import subprocess

import pytest

from kit import flv, publish
from kit.process import Process, need
from kit.wait import until

pytestmark = pytest.mark.usefixtures('programs')
CONFIG = '''
channels:
  live/hq:
    sources: [publisher, { slate: { image: conf/slate.png } }]
    source_wait_ms: 300
    slate_wait_ms: 500
  live/bad:
    sources: [publisher, { slate: { image: conf/no-such-picture.png } }]
    slate_wait_ms: 0
'''
SIDE_X, SIDE_Y = 32, 18


@pytest.fixture
def programs():
    need('ffmpeg')


@pytest.fixture
def server(make_server, tmp_path):
    path = os.path.join(tmp_path, 'slate.yaml')
    with open(path, 'w', encoding='utf-8') as file:
        file.write(CONFIG)
    return make_server(config=path)


def host(server):
    return publish.ffmpeg(server.rtmp())


def keys(viewer):
    return [t for t in viewer.media(flv.VIDEO) if t.is_keyframe]


def digest(tag):
    return hashlib.sha1(tag.body).digest()


def put(server, path, body):
    answer = server.get(path, {'Content-Type': 'application/json'}, method='PUT',
                        body=json.dumps(body))
    assert answer.status in (200, 201), (answer.status, answer.body)


def frames_of(path):
    """Small grey pictures of what FFmpeg wrote."""
    data = subprocess.run(
        ['ffmpeg', '-v', 'error', '-i', path, '-vf', f'scale={SIDE_X}:{SIDE_Y}:flags=area',
         '-pix_fmt', 'gray', '-f', 'rawvideo', '-'], check=True, stdout=subprocess.PIPE,
        timeout=60).stdout
    size = SIDE_X * SIDE_Y
    return [data[i:i + size] for i in range(0, len(data), size)]


def is_slate(picture):
    """The project's: dark all around, with light letters in the middle."""
    rows = [picture[y * SIDE_X:(y + 1) * SIDE_X] for y in range(SIDE_Y)]
    around = [*rows[0], *rows[1], *rows[-1], *(r[0] for r in rows), *(r[-1] for r in rows)]
    middle = [v for r in rows[4:10] for v in r[8:24]]
    return max(around) < 50 and max(middle) > 90


def test_stands_for_a_host_that_is_away(server, tmp_path):
    """One FLV connection sees the host, the slate with silence, and the host again."""
    first = host(server)
    server.wait_live('live/hq')
    viewer = flv.Viewer(server.http_port)
    viewer.wait_tags(60)
    seen = os.path.join(tmp_path, 'seen.flv')
    player = Process(['ffmpeg', '-v', 'error', '-i', server.flv(), '-c', 'copy', '-y', seen],
                     name='player')
    until(lambda: os.path.exists(seen) and os.path.getsize(seen) > 100000, 15, 'the player')
    first.kill()
    # The slate: pictures of a few bytes and a keyframe each second, sound of a few bytes.
    until(lambda: sum(len(t.body) < 60 for t in viewer.media(flv.VIDEO)[-40:]) > 35, 15,
          lambda: f'the slate; {viewer.end_reason}, {server.process.tail()}')
    viewer.wait_more(60, kind=flv.VIDEO).wait_more(20, kind=flv.AUDIO)
    state = server.json('/api/v1/channels/live/hq')
    assert state['state'] == 'waiting', state
    second = host(server)
    until(lambda: all(len(t.body) > 60 for t in viewer.media(flv.VIDEO)[-20:]), 20,
          lambda: f'the host again; {viewer.end_reason}')
    viewer.wait_more(60, kind=flv.VIDEO)
    assert not viewer.ended, viewer.end_reason
    viewer.check_times()
    assert viewer.longest_gap_ms() < 2500
    assert viewer.longest_gap_ms(flv.AUDIO) < 2500
    player.signal(2)
    player.wait(10)
    pictures = [is_slate(p) for p in frames_of(seen)]
    at = pictures.index(True)
    assert at > 10, 'the host first'
    assert 25 < sum(pictures) < len(pictures) - 10
    assert not any(pictures[-10:]), 'the host at the end'
    viewer.close()
    second.kill()


def test_counts_down_in_the_lobby(server):
    """Before the start each second has a picture of its own, for all who wait."""
    start = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=60)
    put(server, '/api/v1/channels/live/hq/schedule', {'starts_at': start.isoformat()})
    viewer = flv.Viewer(server.http_port)
    assert viewer.status == 200, server.process.tail()
    other = flv.Viewer(server.http_port)
    until(lambda: len(keys(viewer)) >= 6, 15, lambda: f'{len(keys(viewer))} keyframes')
    assert len({digest(t) for t in keys(viewer)}) >= 5
    until(lambda: len(keys(other)) >= 4, 15, 'the other viewer')
    assert {digest(t) for t in keys(other)} & {digest(t) for t in keys(viewer)}
    viewer.check_times()
    viewer.close()
    other.close()


def test_a_bad_file_is_told_and_a_plain_picture_stands_for_it(server):
    viewer = flv.Viewer(server.http_port, '/live/bad.flv')
    assert viewer.status == 200, server.process.tail()
    viewer.wait_tags(30, kind=flv.VIDEO)
    server.process.expect_log('a plain picture is instead: there is no such file', 5)
    viewer.close()
