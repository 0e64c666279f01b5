# SPDX-License-Identifier: Apache-2.0
"""Cues by HLS: date ranges and event messages at the picture they belong to, live, in the replay
and in a clip; an alias has its own text of them."""
import json
import os
import re
import signal
import struct
import threading
from datetime import datetime
from urllib.parse import unquote

import pytest

from kit import clips, hls, publish
from kit.browser import look_at
from kit.media import SAMPLE_FPS, SAMPLE_SECONDS
from kit.process import need, run
from kit.wait import until

CHANNELS = {
    'live/hq': {'record': 'always'},
    'store/1': {'sources': [{'channel': 'live/hq'}], 'record': 'never'},
}
FRAMES = SAMPLE_FPS * SAMPLE_SECONDS
SCHEME = b'https://aomedia.org/emsg/ID3\0\0'


class Range:
    """An EXT-X-DATERANGE of ours."""

    def __init__(self, line):
        values = hls.attributes(line)
        assert values['CLASS'] == 'com.branchcast.cue'
        self.name = values['ID']
        self.cue = values['X-CUE']
        self.kind = values['X-KIND']
        self.revision = int(values['X-REVISION'])
        self.data = json.loads(unquote(values['X-DATA']))
        self.start = moment(values['START-DATE'])
        self.end = moment(values['END-DATE']) if 'END-DATE' in values else None
        self.planned = float(values.get('PLANNED-DURATION', 0))
        self.text = line


def moment(text):
    return datetime.fromisoformat(text.replace('Z', '+00:00')).timestamp()


def ranges(playlist):
    lines = re.findall(r'^#EXT-X-DATERANGE:(.*)$', playlist.text, re.M)
    return {r.name: r for r in map(Range, lines)}


def call(server, method, path, body=None):
    answer = clips.ask(server, path, body, method)
    assert answer.status in (200, 201, 204), (method, path, answer.status, answer.body)
    return json.loads(answer.body) if answer.body else None


def messages(data):
    """[(seconds, cue)] of the event messages before the moofs of a segment or part."""
    found, at = [], 0
    while at + 8 <= len(data):
        size, kind = struct.unpack_from('>I4s', data, at)
        assert size >= 8, (size, kind)
        if kind == b'emsg':
            assert data[at + 8] == 1
            scale, time, length, _ = struct.unpack_from('>IQII', data, at + 12)
            rest = data[at + 32:at + size]
            assert rest.startswith(SCHEME) and length == 0xffffffff
            tag = rest[len(SCHEME):]
            assert tag[:6] == b'ID3\4\0\0' and tag[10:14] == b'TXXX' and tag[20] == 3
            name, _, text = tag[21:].partition(b'\0')
            assert name == b'branchcast'
            found.append((time / scale, json.loads(text)))
        at += size
    assert at == len(data)
    return found


class Found:
    """Which burnt-in numbers are shown from a moment of the wall clock on, by the segment that has
    it; and what event messages it holds."""

    def __init__(self, server, path, playlist, wall, directory):
        i = next(i for i, s in enumerate(playlist.segments)
                 if s.date - 0.001 <= wall < s.date + s.duration)
        first = playlist.segments[i]
        # The message of a cue within a segment's last frame comes with the next frame.
        self.media = b''.join(server.get(hls.resolve(path, s.uri)).body
                              for s in playlist.segments[i:i + 2])
        init = server.get(hls.resolve(path, first.map)).body
        file = os.path.join(str(directory), f'segment-{first.msn}-{len(self.media)}.mp4')
        with open(file, 'wb') as out:
            out.write(init + self.media)
        self.frames = clips.frames_of(file)
        self.first = self.frames[0][0]
        self.number = self.at(self.first + wall - first.date)

    def at(self, pts):
        return next((n for t, n in self.frames if t >= pts - 0.004), self.frames[-1][1] + 1)


def near(one, other, frames=1):
    return min((one - other) % FRAMES, (other - one) % FRAMES) <= frames


@pytest.fixture
def server(make_server, tmp_path):
    config = tmp_path / 'branchcast.yaml'
    config.write_text(json.dumps({'channels': CHANNELS}))
    settings = {**clips.RECORDED, 'record.resume_s': 0, 'stream.grace_s': 0, 'access.play': 'open',
                'hls.segment_s': 1}
    settings.pop('record.mode')
    return make_server(settings, config=str(config))


@pytest.mark.limit(120)
def test_cues_in_step_live_and_later(server, tmp_path):
    push = publish.ffmpeg(server.rtmp())
    server.wait_hls()
    over = tmp_path / 'over'
    page, seen_by_page = hls_js(server, str(over))
    call(server, 'PUT', 'channels/store/1/cue-rules',
         {'rules': [{'sku': 'A1', 'data': {'price': '89'}}]})
    live = hls.Poller(server, '/live/hq/main.m3u8', load=True)
    small = hls.Poller(server, '/live/hq/audio.m3u8', skip=True)
    store = hls.Poller(server, '/store/1/main.m3u8', skip=True)
    live.wait_updates(3)
    store.wait_updates(3)
    # A name without cues has the same text as its neighbour.
    until(lambda: server.get('/store/1/main.m3u8').body == server.get('/live/hq/main.m3u8').body,
          5, 'one text for both names')
    until(lambda: not page.is_alive() or server.channel()['viewers_by_protocol']['hls'] >= 2, 25,
          'the page')
    call(server, 'POST', 'channels/live/hq/cues', {
        'id': 'mug', 'kind': 'product', 'delay_ms': 800, 'duration_ms': 20000,
        'data': {'sku': 'A1', 'title': '"茶杯" 100%\n', 'price': '99'}})
    live.wait(lambda: 'mug' in ranges(live.latest), 10, 'the cue in the playlist')
    store.wait(lambda: 'mug' in ranges(store.latest), 10, 'the cue in the store')
    small.wait(lambda: 'mug' in ranges(small.latest), 10, 'the cue beside the sound alone')
    mug = ranges(live.latest)['mug']
    assert mug.data == {'sku': 'A1', 'title': '"茶杯" 100%\n', 'price': '99'}
    assert mug.planned == 20 and mug.end is None and mug.kind == 'product'
    assert ranges(small.latest)['mug'].text == mug.text
    own = ranges(store.latest)['mug']
    assert own.data['price'] == '89' and abs(own.start - mug.start) < 0.002
    # The same moment by the date and by the message in the media: one picture.
    live.wait(lambda: live.latest.segments[-1].date > mug.start, 10, 'its segments')
    now = Found(server, live.path, live.latest, mug.start, tmp_path)
    inside = messages(now.media)
    assert [(c['id'], c['revision']) for _, c in inside] == [('mug', 1)], inside
    assert near(now.at(inside[0][0]), now.number), (now.at(inside[0][0]), now.number)
    # A revision is a range of its own, and the end is told.
    call(server, 'PATCH', 'channels/live/hq/cues/mug', {'data': {'price': '79'}})
    live.wait(lambda: 'mug.2' in ranges(live.latest), 10, 'the new price')
    second = ranges(live.latest)['mug.2']
    assert second.data['price'] == '79' and second.cue == 'mug'
    live.wait(lambda: ranges(live.latest)['mug'].end is not None, 5, 'the end of the old one')
    assert abs(ranges(live.latest)['mug'].end - second.start) < 0.002
    live.wait_updates(4)
    call(server, 'DELETE', 'channels/live/hq/cues/mug')
    live.wait(lambda: ranges(live.latest)['mug.2'].end is not None, 10, 'its end')
    second = ranges(live.latest)['mug.2']
    # What was told of an ID never had another value.
    for poller in (live, small, store):
        poller.stop()
        seen = {}
        for playlist in poller.playlists:
            for name, r in ranges(playlist).items():
                values = hls.attributes(r.text)
                for key, value in values.items():
                    assert seen.setdefault((name, key), value) == value
    check_dvr(server, mug)
    over.touch()
    page.join()
    check_page(seen_by_page, mug, second)
    live_numbers = now.number, Found(server, live.path, hls.get_playlist(server, live.path),
                                     second.start, tmp_path).number
    push.end()
    check_replay(server, live_numbers, tmp_path)


def hls_js(server, over):
    """hls.js alone in Chromium, beside all of the live part: until there is a file `over`."""
    seen = {}
    thread = threading.Thread(target=lambda: seen.update(look_at(
        [{'name': 'page', 'url': server.http('/healthz'), 'hls': server.hls(), 'seconds': 7,
          'stop': over}], 120)))
    thread.start()
    return thread, seen


def check_page(seen, mug, second):
    if not seen:
        return              # no Chromium here
    answer = seen['page']
    assert answer['error'] is None, answer['error']
    stats = answer['samples'][-1]['stats']
    assert stats['fatal'] == [], stats['fatal']
    assert stats['decoded_frames'] > 4 * SAMPLE_FPS
    for r in (mug, second):
        told = stats['ranges'][r.name]
        assert told['valid'] and abs(told['start_ms'] - r.start * 1000) < 1.5
    # The tag's lengths before the name may look like any letter.
    words = [m['text'].split('branchcast', 1)[1] for m in stats['metadata']]
    texts = [json.loads(word[word.index('{'):]) for word in words]
    assert {c['revision'] for c in texts if c['id'] == 'mug'} >= {1, 2}, stats['metadata']


def check_dvr(server, mug):
    text, paths = None, []

    def there():
        nonlocal text, paths
        text = server.get('/live/hq/index.m3u8?dvr=1').body.decode()
        paths = [hls.resolve('/live/hq/index.m3u8', u)
                 for u in re.findall(r'#EXT-X-STREAM-INF:.*\n([^#\n]+)', text)]
        return 'dvr.m3u8' in text and 'mug.2' in ranges(hls.get_playlist(server, paths[0]))
    until(there, 10, 'the cue in what can be rewound')
    first = ranges(hls.get_playlist(server, paths[0]))['mug']
    assert abs(first.start - mug.start) < 0.05, (first.start, mug.start)


def check_replay(server, numbers, directory):
    replay = clips.replay_of(server)['id']
    path = f'/replay/{replay}/main.m3u8'
    until(lambda: server.get(path).body.endswith(b'#EXT-X-ENDLIST\n'), 10, 'the replay')
    playlist = hls.get_playlist(server, path)
    found = ranges(playlist)
    assert set(found) == {'mug', 'mug.2'} and all(r.end for r in found.values())
    for name, number in zip(('mug', 'mug.2'), numbers):
        there = Found(server, path, playlist, found[name].start, directory)
        assert near(there.number, number), (name, there.number, number)
    cues = server.json(f'/replay/{replay}/cues.json')['cues']
    for cue in cues:
        card = server.get(f'/replay/{replay}/card-{cue["id"]}-{cue["revision"]}.svg')
        assert card.status == 200 and card.headers['Content-Type'] == 'image/svg+xml', card.body
        assert f'>{cue["data"]["price"]}<' in card.body.decode()
    assert server.get(f'/replay/{replay}/card-mug-99.svg').status == 404
    assert [(c['id'], c['revision'], c['data']['price']) for c in cues] \
        == [('mug', 1, '99'), ('mug', 2, '79')]
    # With and without the event messages: no decoder minds.
    assert 'rror' not in clips.decode_all(server.http(f'/replay/{replay}.mp4'))
    assert 'rror' not in clips.decode_all(server.http(f'/replay/{replay}/index.m3u8'))
    gstreamer(server.http(f'/replay/{replay}.mp4'))
    check_clips(server, replay, cues, numbers)


def check_clips(server, replay, cues, numbers):
    """One that begins before the cue, and one in the middle of it."""
    first, second = cues
    clip = clips.make(
        server, f'replays/{replay}', first['from_ms'] - 500, second['to_ms'] + 200)
    moved = server.json(f'/clip/{clip["id"]}/cues.json')['cues']
    assert [c['revision'] for c in moved] == [1, 2]
    assert abs(moved[0]['from_ms'] - 500) < 40, moved
    frames = clips.frames_of(server.http(f'/clip/{clip["id"]}/index.m3u8'))
    shown = next(n for t, n in frames if t - frames[0][0] >= moved[0]['from_ms'] / 1000 - 0.004)
    assert near(shown, numbers[0], 2), (shown, numbers[0])
    listed = ranges(hls.get_playlist(server, f'/clip/{clip["id"]}/main.m3u8'))
    assert set(listed) == {'mug', 'mug.2'}
    clip = clips.make(server, f'replays/{replay}', second['from_ms'] - 200,
                      second['from_ms'] + 300)
    middle = server.json(f'/clip/{clip["id"]}/cues.json')['cues']
    assert middle[0]['revision'] == 1 and middle[0]['from_ms'] == 0, middle


def gstreamer(url):
    need('gst-launch-1.0')
    result = run(['gst-launch-1.0', '-q', 'souphttpsrc', f'location={url}', '!', 'decodebin', '!',
                  'fakesink', 'sync=false'], 60)
    assert result.returncode == 0, result.stderr[-2000:]


@pytest.mark.limit(80)
def test_a_kill_costs_no_cue(make_server):
    """A running cue goes on in the same recording after a kill, and one line that was torn by it is
    no harm."""
    server = make_server({**clips.RECORDED, 'stream.grace_s': 20, 'record.resume_s': 20,
                          'access.play': 'open', 'hls.segment_s': 1})
    push = publish.ffmpeg(server.rtmp())
    server.wait_hls()
    call(server, 'POST', 'channels/live/hq/cues', {'id': 'mug', 'kind': 'text', 'data': {'text': 'a'}})
    replay = clips.wait_replay(server, 10, 0.5)['id']
    path = f'/replay/{replay}/cues.json'
    until(lambda: server.json(path)['cues'], 10, 'the cue in the recording')
    kept = os.path.join(server.settings['data.dir'], 'cues')
    until(lambda: os.path.isdir(kept) and os.listdir(kept), 10, 'the cue on the disk')
    server.process.signal(signal.SIGKILL)
    server.process.wait(5)
    push.end()
    folder = os.path.join(server.settings['data.dir'], 'recordings', replay)
    with open(os.path.join(folder, 'cues.jsonl'), 'a') as lines:
        lines.write('{"at_us":1,"event":"beg')
    server.start()
    push = publish.ffmpeg(server.rtmp())
    server.wait_hls()
    main = hls.Poller(server, '/live/hq/main.m3u8')
    main.wait_updates(1)
    main.wait(lambda: any(r.cue == 'mug' for r in ranges(main.latest).values()), 10, 'the cue again')
    main.wait_updates(6)
    call(server, 'DELETE', 'channels/live/hq/cues/mug')
    main.wait_updates(6)
    main.stop()
    push.end()
    server.stop()
    assert sorted(os.listdir(os.path.dirname(folder))) == [replay]
    server.start()
    cues = server.json(path)['cues']
    # A process tells of what it found as a new revision; nothing is between the two.
    assert [c['id'] for c in cues] == ['mug', 'mug'] and cues[0]['to_ms'] == cues[1]['from_ms'], cues
    length_ms = server.json(f'/api/v1/replays/{replay}')['duration_ms']
    # It ended by hand, a moment before the broadcast did, and not where the kill was.
    assert cues[1]['to_ms'] > cues[1]['from_ms'] + 1000
    assert length_ms - 4000 < cues[1]['to_ms'] < length_ms, (cues, length_ms)
