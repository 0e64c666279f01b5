# SPDX-License-Identifier: Apache-2.0
"""Going back in a live on the watch page, and returning, in Chromium."""
import json
import os

import pytest

from kit import clips, media, publish
from kit.browser import pictures_directory
from kit.process import need, run
from kit.server import TOP

SCRIPT = os.path.join(TOP, 'tests', 'e2e', 'browser', 'dvr.mjs')
TOTAL = media.SAMPLE_FPS * media.SAMPLE_SECONDS
RECORDED_S = 10


@pytest.mark.limit(120)
def test_back_to_the_beginning_and_live_again(make_server):
    need('node')
    server = make_server(clips.RECORDED)
    publish.ffmpeg(server.rtmp())
    clips.wait_replay(server, 30, RECORDED_S)
    result = run(['node', SCRIPT, json.dumps(
        {'url': server.http('/watch/live/hq'),
         'picture': os.path.join(pictures_directory(), 'watch-dvr-phone.png')})], 90)
    if result.returncode == 77:
        pytest.skip(result.stdout.strip())
    assert result.returncode == 0, result.stderr[-3000:]
    seen = json.loads(result.stdout.splitlines()[-1])
    live, back, again = seen['live'], seen['back'], seen['again']
    assert back['player'] == 'dvr' and again['player'] != 'dvr', seen
    # What the live would have shown at a moment, less what was shown: how far back that is.
    def behind_s(look):
        due = live['number'] + (look['at_ms'] - live['at_ms']) / 1000 * media.SAMPLE_FPS
        return (due - look['number']) % TOTAL / media.SAMPLE_FPS
    assert RECORDED_S / 2 < behind_s(back) < media.SAMPLE_SECONDS, seen
    # The players differ in how close they are to the host.
    assert min(behind_s(again), media.SAMPLE_SECONDS - behind_s(again)) < 3, seen
