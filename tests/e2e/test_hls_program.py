# SPDX-License-Identifier: Apache-2.0
"""A channel that shows other channels in turn, by LL-HLS: a reader of playlists, hls.js in the
watch page and FFmpeg go on over every switch, and one recording has it all."""
import json
import os
import threading

import pytest

from kit import hls, publish, recordings
from kit.browser import look_at
from kit.media import SAMPLE_FPS
from kit.wait import until
from kit.watch import Watcher

CHANNELS = {
    'store/1': {'sources': ['publisher', {'channel': 'live/b'}], 'record': 'always',
                'source_wait_ms': 200, 'source_stable_ms': 500},
    'store/2': {'sources': [{'channel': 'store/1'}]},
    'live/b': {'record': 'never'},
}
WATCH_S = 20


@pytest.fixture
def server(make_server, tmp_path):
    config = tmp_path / 'branchcast.yaml'
    config.write_text(json.dumps({'channels': CHANNELS}))
    return make_server({'stream.grace_s': 0, 'access.play': 'open'}, config=str(config))


def discontinuities(poller):
    numbers = {s.msn for p in poller.playlists for s in p.all if s.discontinuity}
    return len(numbers)


def switch(poller, act):
    """What this changes is one more DISCONTINUITY, with a MAP of its own."""
    before = discontinuities(poller)
    act()
    poller.wait(lambda: discontinuities(poller) > before, 12, 'the DISCONTINUITY of a switch')
    poller.wait_updates(12)
    assert discontinuities(poller) == before + 1
    return before + 1


@pytest.mark.limit(120)
def test_hls_goes_on_over_switches(server):
    b = publish.ffmpeg(server.rtmp('live/b'))
    until(lambda: server.get('/store/1/index.m3u8').status == 200, 20, 'the store shows b')
    text, paths = hls.media_playlists(server, 'store/1')
    main = hls.Poller(server, paths[0], load=True)
    audio = hls.Poller(server, next(p for p in paths if p.endswith('/audio.m3u8')), skip=True)
    alias = hls.Poller(server, '/store/2/main.m3u8')
    player = Watcher(server.hls('store/1'))
    main.wait_updates(5)
    state = {}

    def host_comes():
        state['a'] = publish.ffmpeg(server.rtmp('store/1'))

    def host_goes():
        state['a'].end()

    seen = {}
    page = threading.Thread(target=lambda: seen.update(look_at(
        [{'name': 'page', 'url': server.http('/watch/store/1?player=llhls'),
          'seconds': WATCH_S}], WATCH_S + 30)))
    page.start()
    player.wait_pictures(2 * SAMPLE_FPS)
    for _ in range(2):
        switch(main, host_comes)
        switch(main, host_goes)
    player.wait_pictures(SAMPLE_FPS)
    main.stop()
    audio.stop()
    alias.stop()
    assert discontinuities(audio) == discontinuities(main) == discontinuities(alias) == 4
    # What both name is the same text for both names: the alias is nothing of its own.
    def shared():
        one, other = (server.get(f'/store/{n}/main.m3u8').body for n in (1, 2))
        return one == other
    until(shared, 5, 'one text under both names')
    page.join()
    answer = seen['page']
    assert answer['error'] is None, f'{answer["error"]}\n{answer["console"][-10:]}'
    frames = [s['stats']['decoded_frames'] for s in answer['samples']]
    assert frames == sorted(frames) and frames[-1] > 0.7 * SAMPLE_FPS * WATCH_S, frames
    assert player.process.alive
    # Each switch is one break in the row of numbers, besides the sample's own end.
    player.check_pictures(allowed_breaks=4)
    player.stop()
    picture = until(lambda: (a := server.get('/store/2.jpg')).status == 200 and a, 10, 'a picture')
    assert picture.body[:2] == b'\xff\xd8'
    closed = server.get('/api/v1/channels/store/2', {'Content-Type': 'application/json'},
                        method='PATCH', body=json.dumps({'open': False}))
    assert closed.status == 200, closed.body
    for path in ('main.m3u8', 'index.m3u8'):
        answer = server.get(f'/store/2/{path}')
        assert answer.status == 403 and b'"closed"' in answer.body, answer.body
    assert server.get('/store/1/main.m3u8').status == 200
    b.end()
    until(lambda: hls.get_playlist(server, '/store/1/main.m3u8').ended, 8, 'ENDLIST')
    (recording,) = [r for r in until(lambda: (lambda all: all if all and all[0].ended else None)(
        recordings.read_all(server)), 10, 'the end of the recording')]
    recording.check()
    assert recording.about['channel'] == 'store/1'
    assert len(recording.breaks()) in (4, 5), recording.breaks()  # a file that loops may jump
    numbers = [n for file in recording.numbers() for n in file]
    assert None not in numbers and len(numbers) > SAMPLE_FPS * 15
    assert os.path.isdir(recording.folder)
