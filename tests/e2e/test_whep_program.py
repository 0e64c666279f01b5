# SPDX-License-Identifier: Apache-2.0
"""WebRTC viewers of a store see headquarters or the store's own host, in one session."""
import json

import pytest

from kit import process, publish
from kit.browser_rtc import Chromium
from kit.media import SAMPLE_FPS, SAMPLE_SECONDS
from kit.rtc_stage import page, settings
from kit.server import Server

TOTAL = SAMPLE_FPS * SAMPLE_SECONDS
STORE = 'store/0571'
CHANNELS = {STORE: {'sources': ['publisher', {'channel': 'live/hq'}], 'source_wait_ms': 200,
                    'source_stable_ms': 300}}
SWITCHES = 5
# Whose pictures they are is seen by where in the sample they are.
APART = 40


def moves(viewer):
    """Where the pictures are another host's; all others follow each other."""
    return [j for j in viewer.jumps() if APART <= j <= TOTAL - APART]


@pytest.fixture
def server(tmp_path):
    config = tmp_path / 'branchcast.yaml'
    config.write_text(json.dumps({'channels': CHANNELS}))
    mark = process.mark()
    made = Server(str(tmp_path), settings(), config=str(config)).start()
    try:
        yield made
    finally:
        try:
            made.stop()
        finally:
            process.end_all(mark)


@pytest.fixture
def browser(server):
    made = Chromium(())
    yield made
    made.stop()


@pytest.mark.limit(90)
def test_a_session_goes_on_over_switches(server, browser):
    publish.ffmpeg(server.rtmp())
    server.wait_live()
    with page(browser) as tab:
        viewer = tab.whep(server.http(f'/{STORE}/whep'))
        assert viewer.status == 201, viewer.body
        viewer.wait_pictures(30)
        host = None
        for n in range(SWITCHES):
            viewer.forget()
            viewer.wait(lambda v: v.numbers and v.numbers[-1] is not None
                        and 2 * APART < v.numbers[-1] < TOTAL - 4 * APART, 20,
                        'headquarters to be elsewhere than a host that begins')
            decoded = viewer.video['framesDecoded']
            if host is None:
                host = publish.ffmpeg(server.rtmp(STORE))
            else:
                host.end()
                host = None
            viewer.wait(moves, 15, f'switch {n + 1}')
            viewer.wait_pictures(25)
            assert len(moves(viewer)) == 1, viewer.jumps()
            back = [j for j in viewer.jumps() if j > TOTAL - APART]
            assert not back, f'pictures came back: {back}'
            assert viewer.video['framesDecoded'] > decoded + 20
            # A freeze is at most what the new program's keyframe takes to come.
            assert viewer.longest_gap_ms() < 1500 + viewer.late_ms, viewer.describe()
            assert viewer.last['state'] == 'connected'
        for media in (viewer.video, viewer.audio):
            assert media['packetsLost'] == 0, viewer.describe()
        viewer.check_sound(quiet=0.2, beep=False)
        # Counted where they watch, not where the pictures come from.
        assert server.channel(STORE)['viewers_by_protocol']['whep'] == 1
        assert server.channel()['viewers_by_protocol']['whep'] == 0
