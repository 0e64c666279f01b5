# SPDX-License-Identifier: Apache-2.0
"""Going back in a live on the watch page, and returning, in Chromium."""
import json
import os
import time

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
    began_ms = time.time() * 1000
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
    # The beginning, however long the machine took to get here: numbers begin again after a while,
    # but not that soon.
    assert back['number'] < RECORDED_S / 2 * media.SAMPLE_FPS, seen
    assert (back['at_ms'] - began_ms) / 1000 - back['number'] / media.SAMPLE_FPS > RECORDED_S / 2, seen
    due = live['number'] + (again['at_ms'] - live['at_ms']) / 1000 * media.SAMPLE_FPS
    behind_s = (due - again['number']) % TOTAL / media.SAMPLE_FPS
    # The players differ in how close they are to the host.
    assert min(behind_s, media.SAMPLE_SECONDS - behind_s) < 3, seen
