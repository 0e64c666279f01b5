# SPDX-License-Identifier: Apache-2.0
"""Cards on the pages in Chromium: with which number in the picture they come and go."""
import json
import os
import subprocess
import threading
import urllib.request

import pytest

from kit import clips, media, publish
from kit.browser import pictures_directory
from kit.flv import DATA, VIDEO, Parser
from kit.process import need, run
from kit.server import TOP

SCRIPT = os.path.join(TOP, 'tests', 'e2e', 'browser', 'cues.mjs')
PLAYERS = ['llhls', 'flv', 'whep']
TOTAL = media.SAMPLE_FPS * media.SAMPLE_SECONDS
CUE = {'id': 'tea', 'kind': 'product', 'delay_ms': 2000, 'duration_ms': 4000,
       'data': {'sku': 'A1', 'title': '龙井茶 100%', 'price': '129', 'url': 'https://shop.example/tea?a=1'}}
TOLERANCE_MS = 100


class Recorder:
    """What an FLV viewer gets, byte by byte: the tag of a cue stands before its first picture."""

    def __init__(self, url):
        self.data = bytearray()
        self.answer = urllib.request.urlopen(url, timeout=20)
        self.stopped = False
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self):
        while not self.stopped and (data := self.answer.read1(65536)):
            self.data += data

    def stop(self):
        self.stopped = True
        self.thread.join(10)
        self.answer.close()

    def first_number(self, cue):
        """The number in the first picture after the cue's first tag."""
        parser = Parser()
        parser.feed(bytes(self.data))
        at = next(i for i, tag in enumerate(parser.tags)
                  if tag.kind == DATA and b'onCuePoint' in tag.body and cue.encode() in tag.body)
        before = sum(tag.kind == VIDEO and not tag.is_header for tag in parser.tags[:at])
        shown = subprocess.run(['ffmpeg', '-hide_banner', '-loglevel', 'error', '-i', 'pipe:0', '-vf',
                                media.STRIP_FILTER, '-fps_mode', 'passthrough', '-f', 'rawvideo', 'pipe:1'],
                               input=bytes(self.data), stdout=subprocess.PIPE, timeout=60).stdout
        return media.number_of(shown[before * media.BLOCKS:(before + 1) * media.BLOCKS])


def browse(server, **job):
    need('node')
    job.update(base=server.http(''), channel='live/hq')
    result = run(['node', SCRIPT, json.dumps(job)], 100)
    if result.returncode == 77:
        pytest.skip(result.stdout.strip())
    assert result.returncode == 0, result.stderr[-3000:]
    return json.loads(result.stdout.splitlines()[-1])


def late_ms(number, due):
    """How much later than due a picture is; the sample goes around."""
    frames = (number - due + TOTAL // 2) % TOTAL - TOTAL // 2
    return frames * 1000 / media.SAMPLE_FPS


def off_ms(frames, due, end):
    """How far the card was from its pictures at its begin and its end: 0 where each picture that
    came to the screen had it right. A busy browser leaves pictures out; that is no offence."""
    seen = [(number, there) for number, there in frames if number is not None]
    shown = [i for i, (number, there) in enumerate(seen) if there]
    begin, over = shown[0], shown[-1] + 1

    def off(at, moment):
        early = max(0, -late_ms(seen[at][0], moment))
        late = max(0, late_ms(seen[at - 1][0], moment) + 1000 / media.SAMPLE_FPS)
        return round(max(early, late))
    return off(begin, due), off(over, end)


@pytest.mark.limit(120)
def test_cards_are_in_step_with_the_picture(make_server):
    """LL-HLS, FLV and WebRTC at the same time: within 100 ms of the frame, and in the replay."""
    server = make_server(clips.RECORDED)
    publisher = publish.ffmpeg(server.rtmp())
    server.wait_hls()
    recorder = Recorder(server.flv())
    seen = browse(server, players=PLAYERS, cue=CUE, change={'data': {'price': '99'}},
                  picture=pictures_directory())
    recorder.stop()
    due = recorder.first_number(CUE['id'])
    end = (due + CUE['duration_ms'] * media.SAMPLE_FPS // 1000) % TOTAL
    report = {}
    for player in PLAYERS:
        page = seen[player]
        assert page['played'] == player
        report[player] = off_ms(page['frames'], due, end)
        bad = [line for line in page['console'] if line.startswith(('error', 'exception'))]
        assert not bad, f'{player}: {bad[:5]}'
        card = page['card']
        assert card['revision'] == '2' and card['href'] == CUE['data']['url'], card
        assert card['rel'] == 'noopener' and '99' in card['label'] and card['inside'], card
        assert card['drawn'] and '/live/hq/cues/tea.svg?rev=2' in card['src'], card
        assert page['overflow'] <= 0
    print('off at its begin and its end (ms):', report)
    assert all(off <= TOLERANCE_MS for pair in report.values() for off in pair), report
    publisher.end()
    replay = clips.wait_replay(server, 20, 1)
    # The browsers took their time: the cue may be far from the beginning.
    kept = server.json(f'/replay/{replay["id"]}/cues.json')['cues']
    from_s = max(0, min(c['from_ms'] for c in kept) / 1000 - 4)
    again = browse(server, replay=replay['id'], cue={'id': CUE['id']}, from_s=from_s,
                   picture=pictures_directory())
    report = off_ms(again['replay']['frames'], due, end)
    print('in the replay:', report)
    assert max(report) <= TOLERANCE_MS, report
