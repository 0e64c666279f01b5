# SPDX-License-Identifier: Apache-2.0
"""OBS Studio, as the host uses it: stream, crash, start again, stop."""
import pytest

from kit import hls
from kit.flv import VIDEO, Viewer
from kit.obs import Obs
from kit.wait import until
from kit.watch import Watcher

pytestmark = pytest.mark.limit(180)


def check_seen(watcher):
    """OBS draws at its own pace and may show a picture twice or skip one when the machine is
    busy, but what it sends is readable, goes on, and is heard."""
    unread = sum(n is None for n in watcher.numbers)
    assert unread <= len(watcher.numbers) // 50 + 1, f'{unread} pictures cannot be read'
    times = watcher.picture_pts()[60:]
    assert max(b - a for a, b in zip(times, times[1:])) < 1.5


@pytest.fixture
def keyed(make_server):
    return make_server({'access.api': 'open'}, open_access=False)


def obs_for(server, directory, key=None, **kw):
    key = key or server.publish_key()
    return Obs(str(directory), f'rtmp://127.0.0.1:{server.rtmp_port}/live', f'hq?key={key}', **kw)


def test_stream_crash_start_again(keyed, tmp_path):
    """The host's evening: viewers of every kind stay while OBS is killed and started again."""
    obs = obs_for(keyed, tmp_path).start().wait_streaming()
    keyed.wait_live()
    keyed.wait_hls()
    flv = Viewer(keyed.http_port).wait_tags(30)
    player = Watcher(keyed.rtmp()).wait_pictures(90, 30)
    poller = hls.Poller(keyed, hls.media_playlists(keyed)[1][0], load=True)
    poller.wait_updates(10)
    obs.kill()
    until(lambda: not keyed.is_live(), 15, 'the crash to be seen')
    assert flv.ended is None
    obs.start().wait_streaming()
    keyed.wait_live(seconds=20)
    flv.wait_more(90, seconds=30, kind=VIDEO)
    player.wait_pictures(90, 30)
    poller.wait(lambda: any(s.discontinuity for s in poller.latest.segments), 20, 'DISCONTINUITY')
    poller.stop()
    assert flv.ended is None, flv.end_reason
    flv.check_times()
    player.stop()
    assert sum(n is None for n in player.numbers) <= 5
    assert sum(s.discontinuity for s in poller.latest.segments) == 1
    # The host says goodbye: everything ends at once.
    obs.stop_streaming()
    flv.wait_end(10)
    until(lambda: not keyed.is_live(), 5, 'the end')
    assert obs.process.alive, obs.process.tail()


def test_sound_and_picture_of_obs(keyed, tmp_path):
    obs_for(keyed, tmp_path).start().wait_streaming()
    keyed.wait_live()
    watcher = Watcher(keyed.flv(), timing=True).wait_pictures(240, 40)
    watcher.stop()
    check_seen(watcher)
    assert abs(watcher.skew_s()) < 0.1, watcher.skew_s()
    state = keyed.channel()
    assert state['video']['codec'].startswith('avc1') or state['video']['codec'] in ('h264', 'avc')
    assert state['audio']['sample_rate'] == 48000


def test_frozen_obs_is_taken_over_by_a_second_one(keyed, tmp_path):
    """SIGSTOP leaves the old connection half-open; the same key must get in at once."""
    import signal
    first = obs_for(keyed, tmp_path / 'a').start().wait_streaming()
    keyed.wait_live()
    flv = Viewer(keyed.http_port).wait_tags(30)
    first.process.signal(signal.SIGSTOP)
    obs_for(keyed, tmp_path / 'b').start().wait_streaming()
    flv.wait_more(90, seconds=30, kind=VIDEO)
    assert flv.ended is None
    flv.close()
    first.process.signal(signal.SIGCONT)


def test_wrong_key_is_told_to_the_host(keyed, tmp_path):
    """OBS stops with an error and does not hang in Connecting (RTMP-37)."""
    obs = obs_for(keyed, tmp_path, key='wrong').start()
    until(lambda: 'Connection to' in obs.process.log(), 20, obs.process.tail)
    until(lambda: not obs.status()['outputActive'] and not obs.status()['outputReconnecting'], 20,
          lambda: f'OBS to give up: {obs.status()}\n{obs.process.tail()}')
    assert keyed.channel() is None or keyed.channel()['state'] == 'offline'


def test_server_restart_under_obs(keyed, make_server, tmp_path):
    """OBS reconnects by itself when the server comes back."""
    obs = obs_for(keyed, tmp_path).start().wait_streaming()
    keyed.wait_live()
    settings = {k: keyed.settings[k] for k in ('data.dir', 'http.listen', 'rtmp.listen')}
    keyed.process.kill()
    again = make_server({**settings, 'access.api': 'open'}, open_access=False)
    again.wait_live(seconds=30)
    Viewer(again.http_port).wait_tags(60).close()
    assert obs.process.alive


def test_srt(make_server, tmp_path):
    """The key goes into the stream id; what comes by a transport stream is seen and heard. OBS is
    killed and comes back."""
    server = make_server({'access.api': 'open'}, open_access=False)
    url = (f'srt://127.0.0.1:{server.srt_port}?streamid='
           f'#!::r=live/hq,m=publish,key={server.publish_key()}')
    obs = Obs(str(tmp_path), url, '').start().wait_streaming()
    server.wait_live(seconds=30)
    assert server.channel()['take']['protocol'] == 'srt'
    watcher = Watcher(server.flv(), timing=True).wait_pictures(180, 40)
    flv = Viewer(server.http_port).wait_tags(30)
    watcher.stop()
    check_seen(watcher)
    assert abs(watcher.skew_s()) < 0.1, watcher.skew_s()
    obs.kill()
    until(lambda: not server.is_live(), 20, 'the crash to be seen')
    obs.start().wait_streaming()
    flv.wait_more(90, seconds=30, kind=VIDEO)
    assert flv.ended is None, flv.end_reason
    obs.stop_streaming()
    until(lambda: not server.is_live(), 10, 'the end')
