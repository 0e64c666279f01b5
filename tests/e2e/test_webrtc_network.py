# SPDX-License-Identifier: Apache-2.0
"""WebRTC over bad networks: without UDP, with loss, delay, disorder, and on a path that shrinks.
bcimpair stands between Chromium and the server, which names it as its public address."""
import pytest

from kit import ports, rtc_media
from kit.impair import Impair
from kit.rtc_stage import Stage

FREEZE_MS = 500
BEHIND_MS = 3000
SETTLE_S = 20


class Path:
    """One server behind one bad path, that each test makes bad in its own way."""

    def __init__(self, tmp_path_factory):
        self.proxy_port = ports.free_port()
        self.stage = Stage(tmp_path_factory.mktemp('network'), (), **{
            'webrtc.public_addresses': f'127.0.0.1:{self.proxy_port}'})
        self.impair = Impair(to=self.stage.rtc_port, port=self.proxy_port, seed=1).start()
        self.stage.push()
        self.stage.push('live/heavy', rtc_media.heavy(tmp_path_factory.mktemp('heavy')))

    def stop(self):
        self.stage.stop()


@pytest.fixture(scope='module')
def module_path(tmp_path_factory):
    made = Path(tmp_path_factory)
    yield made
    made.stop()


@pytest.fixture
def path(module_path):
    yield module_path
    module_path.impair.set('block off', 'loss 0', 'delay 0', 'jitter 0', 'reorder 0', 'rate 0')


def watch(tab, path, channel='live/hq', **options):
    viewer = tab.whep(path.stage.whep(channel), **options)
    assert viewer.status == 201, viewer.body
    return viewer.wait_pictures(30)


def measured(viewer, pictures, seconds=30):
    """What happens from now on."""
    viewer.forget()
    before = dict(viewer.look().video)
    viewer.wait_pictures(pictures, seconds)
    return {name: viewer.video[name] - before[name]
            for name in ('freezeCount', 'totalFreezesDuration', 'framesDecoded', 'packetsLost',
                         'nackCount', 'pliCount')}


# --- TCP ---

@pytest.mark.limit(60)
def test_tcp_when_udp_is_blocked(path):
    path.impair.set('block udp')
    with path.stage.page() as tab:
        viewer = watch(tab, path)
        assert viewer.last['pair']['protocol'] == 'tcp', viewer.describe()
        viewer.wait_pictures(60)
        viewer.wait_sound(2)
        viewer.check_pictures()
        viewer.check_sound()
        viewer.check_freezes()


@pytest.mark.limit(60)
def test_tcp_candidates_alone(path):
    with path.stage.page() as tab:
        viewer = watch(tab, path, only='tcp')
        assert viewer.last['pair']['protocol'] == 'tcp', viewer.describe()
        viewer.wait_pictures(60).check_pictures()
        viewer.check_sound()


# --- loss ---

@pytest.mark.limit(90)
def test_two_percent_lost_without_a_freeze(path):
    path.impair.set('loss 2', 'delay 20')
    with path.stage.page() as tab:
        viewer = watch(tab, path)
        seen = measured(viewer, 300)
        assert path.impair.stats()['down']['lost'] > 3
        assert seen['nackCount'] > 0, 'nothing was asked for again: was anything lost?'
        viewer.check_gaps(FREEZE_MS, seen['totalFreezesDuration'])
        viewer.check_pictures(missing=0.05)
        viewer.check_sound(quiet=0.06)


@pytest.mark.limit(90)
def test_five_percent_lost_is_watchable(path):
    path.impair.set('loss 5', 'delay 40')
    with path.stage.page() as tab:
        viewer = watch(tab, path)
        seen = measured(viewer, 200, 40)
        viewer.check_gaps(1500, seen['totalFreezesDuration'])
        back = [j for j in viewer.jumps() if j > 240]
        assert not back, back
        viewer.check_sound(quiet=0.15)


@pytest.mark.limit(60)
def test_delay_and_disorder(path):
    path.impair.set('delay 80', 'jitter 15', 'reorder 5')
    with path.stage.page() as tab:
        viewer = watch(tab, path)
        seen = measured(viewer, 150)
        viewer.check_gaps(FREEZE_MS, seen['totalFreezesDuration'])
        viewer.check_pictures(missing=0.05)
        viewer.check_sound(quiet=0.06)


# --- a path that shrinks ---

@pytest.mark.limit(120)
def test_a_shrinking_path_loses_pictures_not_time(path):
    """2.5 Mbit/s on 800 kbit/s: pictures go on, not much older, and all are back later."""
    path.impair.set('delay 20')
    with path.stage.page() as tab:
        viewer = watch(tab, path, 'live/heavy')
        viewer.wait_pictures(60)
        path.impair.set('down rate 800', 'queue 200')
        ages = []

        def goes_on(v):
            """Once a second at least, after the server found out how narrow the path is."""
            ages.append(v.age_ms() or 0)
            times = [p[0] for p in v.pictures[-12:]]
            return len(times) == 12 and v.last['now_ms'] - times[0] < 12000 and \
                max(b - a for a, b in zip(times, times[1:])) < 1500 and \
                sum(j > 1 for j in v.jumps()[-12:]) > 2
        viewer.wait(goes_on, SETTLE_S, 'pictures to go on')
        assert max(ages) < BEHIND_MS, ages
        assert not [j for j in viewer.jumps() if j > 240], viewer.jumps()
        path.impair.set('down rate 0')

        def all_back(v):
            return len(v.pictures) > 60 and all(0 < j < 3 for j in v.jumps()[-30:])
        viewer.forget()
        viewer.wait(all_back, 40, 'all pictures to be back')
        viewer.wait(lambda v: (v.age_ms() or BEHIND_MS) < 500, 10, 'the picture to be new again')
