# SPDX-License-Identifier: Apache-2.0
"""A scheduled broadcast, an evening in seconds: lobby, start, end, replay at the same address."""
import concurrent.futures
import datetime
import json
import os
import subprocess
import threading
import time

import pytest

from kit import publish
from kit.browser import pictures_directory
from kit.clips import ask
from kit.process import need, run
from kit.server import TOP, binary
from kit.wait import until
from kit.watch import Watcher

BROWSER = os.path.join(TOP, 'tests', 'e2e', 'browser')
TITLE = '春季新品发布'
KEYS_S, START_S, LENGTH_S = 7, 14, 8
# The schedule is looked at once a second, a host begins with its next keyframe.
LATE_S = 3.5


def rfc3339(wall_s):
    return datetime.datetime.fromtimestamp(wall_s, datetime.timezone.utc).isoformat()


def node(script, job, seconds):
    need('node')
    result = run(['node', os.path.join(BROWSER, script), json.dumps(job)], seconds)
    if result.returncode == 77:
        pytest.skip(result.stdout.strip())
    assert result.returncode == 0, result.stderr[-3000:]
    return json.loads(result.stdout.splitlines()[-1])


class Page(threading.Thread):
    """A viewer who is there from the lobby to the replay."""

    def __init__(self, server):
        super().__init__(daemon=True)
        self.job = {'url': server.http('/watch/live/hq'), 'seconds': 45, 'language': 'zh-CN',
                    'pictures': pictures_directory()}
        self.result = None
        self.start()

    def run(self):
        try:
            self.result = node('evening.mjs', self.job, 80)
        except BaseException as error:  # skips too
            self.result = error


def about(server):
    return server.json('/live/hq/about.json')


@pytest.mark.limit(150)
def test_an_evening_in_seconds(make_server):
    server = make_server({'record.mode': 'never', 'record.min_free_bytes': '1MiB',
                          'channels.live/hq.sources':
                              '[publisher, slate: { image: conf/slate.png }]'})
    assert about(server)['state'] in ('offline', 'lobby')
    now_s = time.time()
    start_s = now_s + START_S
    answer = ask(server, 'channels/live/hq/schedule', {
        'starts_at': rfc3339(start_s), 'ends_at': rfc3339(start_s + LENGTH_S),
        'keys_from': rfc3339(now_s + KEYS_S), 'record': True, 'title': TITLE}, 'PUT')
    assert answer.status == 200, answer.body
    until(lambda: about(server)['state'] == 'lobby', 3, 'the lobby')
    page = Page(server)
    # Too early: the encoder is sent away, and says why.
    until(lambda: 'schedules] live/hq: early' in server.log(), 3, 'the schedule to be noticed')
    early = publish.ffmpeg(server.rtmp())
    early.wait(10)
    assert early.code != 0
    assert 'too early' in server.log(), server.process.tail()
    # From keys_from a host is accepted and seen by the operator, not by viewers.
    until(lambda: 'schedules] live/hq: lobby' in server.log(), 10, 'keys to be valid')
    host = publish.ffmpeg(server.rtmp())
    until(lambda: server.channel()['source']['list'][0]['state'] == 'standby', 5,
          lambda: f'the host to stand by\n{server.channel()}\n{server.process.tail()}')
    assert about(server)['state'] == 'lobby'
    viewer = Watcher(server.flv(), audio=False)
    until(lambda: about(server)['state'] == 'live', 20, lambda: f'the start\n{server.process.tail()}')
    # Not early; how late it is seen is also up to the machine.
    assert start_s - 0.1 <= time.time() < start_s + LENGTH_S
    until(lambda: any(n is not None for n in viewer.numbers), 10, "the host's pictures")
    shown = [(at, number) for at, number in zip(viewer.times, viewer.numbers)
             if number is not None]
    begun_s = shown[0][0] + time.time() - time.monotonic()
    assert start_s - 0.1 <= begun_s < start_s + LENGTH_S, begun_s - start_s
    channel = server.channel()
    assert channel['source']['on_air'] == 0 and channel['schedule']['phase'] == 'on'
    # At the end the host is told, and the replay comes at the same address.
    host.wait(START_S + LENGTH_S + 5)
    assert time.time() >= start_s + LENGTH_S - 0.1
    until(lambda: about(server)['replay_url'], 15, lambda: f'the replay\n{server.process.tail()}')
    last = about(server)
    assert last['state'] == 'ended' and last['title'] == TITLE
    replay = server.json('/api/v1/public/replays/' + last['replay_url'].rsplit('/', 1)[1])
    assert replay['title'] == TITLE
    assert LENGTH_S - LATE_S < replay['duration_ms'] / 1000 < LENGTH_S + LATE_S
    again = publish.ffmpeg(server.rtmp())
    again.wait(10)
    page.join(80)
    check_page(page.result, start_s)


def check_page(result, start_s):
    if isinstance(result, BaseException):
        raise result
    seen = result['seen']
    assert result['error'] is None, (result['error'], seen[-3:])
    assert result['console'] == []
    lobby = [s for s in seen if s['lobby']]
    assert lobby and TITLE in ''.join(s['lobby'] for s in lobby), seen[:5]
    assert any(' s' in s['lobby'] for s in lobby)
    first = next(s for s in seen if s['state'] == 'playing' and not s['lobby'])
    assert start_s - 0.1 <= first['at_ms'] / 1000 < start_s + LENGTH_S + LATE_S
    assert seen[-1]['replay'] > 0.5
    assert TITLE in result['later']['text'] and result['later']['overflow'] <= 0


@pytest.mark.limit(120)
def test_the_operators_page(make_server):
    """Sources, a schedule and the switch, on a desktop and on a phone at the same time."""
    jobs = [{'name': 'desktop', 'channel': 'store/0571', 'take': 1},
            {'name': 'phone', 'channel': 'store/0755', 'width': 360, 'height': 740,
             'language': 'zh-CN', 'close': True}]
    server = make_server({'access.api': 'token', **{
        f'channels.{job["channel"]}.sources': '[publisher, channel: live/hq]' for job in jobs}})
    token = server.admin_token()
    for channel in ('live/hq', *(job['channel'] for job in jobs)):
        publish.ffmpeg(server.rtmp(channel))

    def ready(channel):
        answer = server.get(f'/api/v1/channels/{channel}', {'Authorization': f'Bearer {token}'})
        assert answer.status == 200, answer.body
        states = [s['state'] for s in json.loads(answer.body)['source']['list']]
        return states == ['on_air', 'standby']

    def operate(job):
        return node('channels.mjs', {'base': server.http(''), 'token': token, 'title': TITLE,
                                     'pictures': pictures_directory(), **job}, 60)

    until(lambda: all(ready(job['channel']) for job in jobs), 15,
          lambda: f'two sources\n{server.process.tail()}')
    with concurrent.futures.ThreadPoolExecutor() as pool:
        results = list(pool.map(operate, jobs))
    for job, seen in zip(jobs, results):
        assert seen['error'] is None and seen['console'] == [], seen
        assert seen['overflow'] <= 0, job['name']
        assert TITLE in seen['scheduled'] and TITLE not in seen['after']
    assert 'On air: live/hq' in results[0]['taken'], results[0]
    assert '已关闭' in results[1]['closed'] and '已开放' in results[1]['after'], results[1]


def test_the_configurations_as_they_stand():
    """conf/*.yaml are what docs/relay.md shows: the program takes them without a word."""
    for name in sorted(os.listdir(os.path.join(TOP, 'conf'))):
        if name.endswith('.yaml'):
            result = subprocess.run([binary(), 'check', '-c', os.path.join('conf', name)], cwd=TOP,
                                    capture_output=True, text=True, timeout=20, check=False)
            assert result.returncode == 0, (name, result.stderr)
