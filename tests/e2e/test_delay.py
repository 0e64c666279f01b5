# SPDX-License-Identifier: Apache-2.0
"""A broadcast delay: all comes late, and what is cut is seen by nobody."""
import http.client
import json
import time

import pytest

from kit import clips, cues, flv, publish, recordings
from kit.media import SAMPLE_FPS, SAMPLE_SECONDS
from kit.server import TOP
from kit.wait import until
from kit.watch import Watcher

DELAY_S = 10
CUT_S = 3
GOP = SAMPLE_FPS            # of the sample
TOTAL = SAMPLE_FPS * SAMPLE_SECONDS


def is_playable(server, path='/live/hq.flv'):
    connection = server.connection()
    try:
        connection.request('GET', path)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


@pytest.fixture
def delayed(make_server, tmp_path):
    config = tmp_path / 'delay.yaml'
    config.write_text('channels:\n  live/hq:\n'
                      f'    delay_s: {DELAY_S}\n'
                      '    sources:\n      - publisher\n'
                      f'      - slate: {{image: {TOP}/conf/slate.png}}\n')
    return make_server({'record.mode': 'always'}, config=str(config))


@pytest.mark.limit(90)
def test_pictures_come_late_and_a_cut_takes_exactly_its_own(delayed):
    server = delayed
    began = time.monotonic()
    host = publish.ffmpeg(server.rtmp())
    server.wait_live()
    # What is live is not shown yet, but the slate.
    until(lambda: is_playable(server), 20, 'something to see')
    viewer = Watcher(server.flv(), audio=False, timing=True)
    other = Watcher(server.rtmp(), audio=False, timing=True)
    for watcher in (viewer, other):
        until(lambda w=watcher: any(n is not None for n in w.numbers), 20,
              'what was sent 10 s ago')
    assert time.monotonic() - began >= DELAY_S
    viewer.wait_pictures(30)
    other.wait_pictures(30)
    late = viewer.times[-1] - began - viewer.numbers[-1] / SAMPLE_FPS
    assert DELAY_S - 0.5 < late < DELAY_S + 3, late
    shown = [len(viewer.numbers), len(other.numbers)]
    answer = server.get('/api/v1/channels/live/hq/cut', method='POST',
                        body=json.dumps({'seconds': CUT_S}),
                        headers={'Content-Type': 'application/json'})
    assert answer.status // 100 == 2, answer.body
    cut_at = time.monotonic()
    for watcher, before in zip((viewer, other), shown):
        until(lambda w=watcher, n=before: any(
            a is None and b is not None for a, b in zip(w.numbers[n:], w.numbers[n + 1:])),
            15, lambda w=watcher: f'the slate to go: {w.numbers[-200:]}')
        watcher.wait_pictures(20)
        watcher.stop()
        lobby = next(i for i, n in enumerate(watcher.numbers) if n is not None)
        shown_at = watcher.picture_pts()[lobby:]
        watcher.numbers, watcher.times = watcher.numbers[lobby:], watcher.times[lobby:]
        numbers = watcher.numbers
        first = numbers.index(None)
        back = next(i for i in range(first, len(numbers)) if numbers[i] is not None)
        # The slate came at once, not with the delay, and stood for as long as was cut.
        assert watcher.times[first] - cut_at < DELAY_S / 2
        slate_s = shown_at[back] - shown_at[first]
        assert CUT_S - 1 < slate_s < CUT_S + 3, slate_s
        # Exactly the cut pictures are missing, and those up to the next keyframe.
        missing = (numbers[back] - numbers[first - 1] - 1) % TOTAL
        assert CUT_S * SAMPLE_FPS - 5 <= missing <= CUT_S * SAMPLE_FPS + GOP, missing
        assert numbers[back] % GOP == 0
        for part in (numbers[:first], numbers[back:]):
            assert all((a + 1) % TOTAL == b for a, b in zip(part, part[1:])), part
    check_the_end(server, host, viewer.numbers)


def check_the_end(server, host, seen):
    """What was held back when the host left is shown and recorded, what was cut is not."""
    host.end()
    ended = time.monotonic()
    until(lambda: any(r.ended for r in recordings.read_all(server)), 25,
          'the end of the recording')
    assert time.monotonic() - ended > DELAY_S - 3
    found = recordings.read_all(server)
    assert len(found) == 1
    kept = [n for numbers in found[0].numbers() for n in numbers]
    lobby = next(i for i, n in enumerate(kept) if n is not None)    # a last part of it
    kept = kept[lobby:]
    slate = kept.index(None)
    back = next(i for i in range(slate, len(kept)) if kept[i] is not None)
    # All that was shown before the cut is kept.
    short = (seen[seen.index(None) - 1] - kept[slate - 1]) % TOTAL
    assert short <= 1, (short, kept[slate - 5:slate + 3])
    assert CUT_S * SAMPLE_FPS - 5 <= (kept[back] - kept[slate - 1] - 1) % TOTAL
    late = seen[-1]     # of the viewers, 10 s before the end
    assert len(kept) - kept.index(late, back) > (DELAY_S - 3) * SAMPLE_FPS, kept[-5:]


def listed(server, cue_id, channel='store/1'):
    shown = server.json(f'/api/v1/channels/{channel}/cues')['cues']
    return next((cue for cue in shown if cue['id'] == cue_id), None)


@pytest.mark.limit(120)
def test_headquarters_cues_come_with_their_pictures(make_server, tmp_path):
    """To a branch with a delay, by its own rules; a cut leaves none out."""
    config = tmp_path / 'delay.yaml'
    config.write_text('channels:\n  live/hq: {}\n  store/1:\n'
                      f'    delay_s: {DELAY_S}\n    sources:\n      - publisher\n'
                      '      - channel: live/hq\n')
    server = make_server({'record.mode': 'never'}, config=str(config))
    publish.ffmpeg(server.rtmp())
    server.wait_live()
    rules = {'rules': [{'sku': 'A1', 'data': {'price': '79'}}]}
    assert clips.ask(server, 'channels/store/1/cue-rules', rules, 'PUT').status < 300
    near = flv.Viewer(server.http_port).wait_tags(20)
    tea = cues.post(server, id='tea', kind='product', data={'sku': 'A1', 'price': '99'})
    posted = time.monotonic()
    said = cues.wait_point(near, 'tea')[1]
    until(lambda: is_playable(server, '/store/1.flv'), 20, 'the store to begin')
    far = flv.Viewer(server.http_port, '/store/1.flv').wait_tags(5)
    late = cues.wait_point(far, 'tea', seconds=20)[1]
    assert time.monotonic() - posted > DELAY_S - 1
    prices = [json.loads(at['parameters']['data'])['price'] for at in (said, late)]
    assert prices == ['99', '79']
    # The picture that has it is the same one, and has it once.
    until(lambda: cues.pictures_with(far, 'tea'), 5, 'the picture')
    first = cues.pictures_with(near, 'tea')[0]
    frame = cues.pictures_with(far, 'tea')[0]
    assert frame.body == first.body and len(cues.sei(frame)) == 1
    assert abs(frame.time_ms - late['time'] * 1000) < 100, (frame.time_ms, late['time'])
    mine = until(lambda: listed(server, 'tea'), 5, 'the cue in the list')
    assert mine['channel'] == 'live/hq' and mine['data']['price'] == '79'
    assert mine['at_ms'] - tea['at_ms'] > (DELAY_S - 1) * 1000
    assert '79' in server.get(mine['card']).body.decode()
    # Its end is within a cut, and so is the next one: they count behind it.
    cues.end(server, 'tea')
    cues.post(server, id='cup', kind='product', data={'sku': 'B2'})
    cues.wait_point(near, 'cup')
    assert listed(server, 'tea') and not listed(server, 'cup')
    assert clips.ask(server, 'channels/store/1/cut').status < 300
    until(lambda: listed(server, 'cup') and not listed(server, 'tea'), 20, 'what was cut over')
    until(lambda: cues.pictures_with(far, 'cup'), 20, 'a picture with it behind the cut')
    # Where the store's own host is shown they are no more.
    publish.ffmpeg(server.rtmp('store/1'))
    until(lambda: not listed(server, 'cup'), 30, 'it to end')
    cues.end(server, 'cup')
