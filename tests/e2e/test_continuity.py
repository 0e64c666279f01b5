# SPDX-License-Identifier: Apache-2.0
"""A take drops and comes back: viewers stay, HLS goes on, nothing starts over."""
import signal
import time

from kit import hls, media, publish, rtmp
from kit.flv import VIDEO, Viewer, WebSocketViewer
from kit.wait import holds, until
from kit.watch import Watcher


def drop_and_return(server, kill):
    """One publisher dies, the next begins; returns when the channel is live again."""
    first = publish.ffmpeg(server.rtmp())
    server.wait_live()
    yield
    kill(first)
    until(lambda: not server.is_live(), 15, 'the server to see the drop')
    publish.ffmpeg(server.rtmp())
    server.wait_live()
    yield


def hard(process):
    process.kill()


def test_viewers_stay_through_kill_9(server):
    story = drop_and_return(server, hard)
    next(story)
    server.wait_hls()
    flv = Viewer(server.http_port).wait_tags(40)
    ws = WebSocketViewer(server.http_port).wait_tags(40)
    player = Watcher(server.rtmp()).wait_pictures(60)
    decoder = Watcher(server.flv()).wait_pictures(30)
    path = hls.media_playlists(server)[1][0]
    poller = hls.Poller(server, path, load=True)
    poller.wait_updates(10)
    before = poller.latest
    next(story)
    for viewer in (flv, ws):
        viewer.wait_more(90, kind=VIDEO)
        assert viewer.ended is None, viewer.end_reason
        viewer.check_times()
        viewer.close()
    for watcher in (player, decoder):
        watcher.wait_pictures(90)
        watcher.stop()
        # The break is where one take ends and the next begins, and nowhere else.
        watcher.check_pictures(allowed_breaks=1)
    poller.wait(lambda: len([s for s in poller.latest.segments if s.discontinuity]) == 1
                and len(poller.latest.segments) > len(before.segments) + 2,
                20, 'a DISCONTINUITY and segments after it')
    poller.stop()
    after = poller.latest
    marked = [s for s in after.segments if s.discontinuity]
    assert len(marked) == 1, after.text
    assert after.sequence + len(after.segments) > before.sequence + len(before.segments)
    maps = [s.map for s in after.segments]
    at = after.segments.index(marked[0])
    assert maps[at] != maps[at - 1] and len(set(maps)) == 2, 'a new MAP per epoch'
    assert all(s.discontinuity is False for s in after.segments[at + 1:])


def test_ffmpeg_hls_player_goes_on(server):
    story = drop_and_return(server, hard)
    next(story)
    server.wait_hls()
    watcher = Watcher(server.hls(), audio=False).wait_pictures(60, 30)
    next(story)
    watcher.wait_pictures(240, 45)
    watcher.stop()
    watcher.check_pictures(allowed_breaks=1)


def test_several_drops(make_server):
    """Each costs one DISCONTINUITY; numbers never go back."""
    server = make_server()
    push = publish.ffmpeg(server.rtmp())
    server.wait_hls()
    flv = Viewer(server.http_port).wait_tags(20)
    path = hls.media_playlists(server)[1][0]
    before = hls.get_playlist(server, path).discontinuity_sequence
    poller = hls.Poller(server, path)
    for _ in range(3):
        flv.wait_more(60, kind=VIDEO)
        push.kill()
        push = publish.ffmpeg(server.rtmp())
    flv.wait_more(90, kind=VIDEO)
    assert flv.ended is None, flv.end_reason
    flv.check_times()

    def told():     # also by those that have left the playlist since
        last = poller.latest
        return sum(s.discontinuity for s in last.segments) + last.discontinuity_sequence - before
    poller.wait(lambda: told() >= 3, 20, 'three discontinuities')
    poller.stop()
    assert told() == 3


def test_a_clean_end_ends_at_once(server):
    """FCUnpublish and deleteStream: ENDLIST and the viewers' end, without the grace period."""
    publisher = rtmp.publisher(server.rtmp_port)
    server.wait_hls()
    path = hls.media_playlists(server)[1][0]
    flv = Viewer(server.http_port).wait_tags(20)
    player = Watcher(server.rtmp()).wait_pictures(30)
    publisher.stop()
    publisher.peer.unpublish()
    began = time.monotonic()
    flv.wait_end(5)
    player.wait_end(8)
    until(lambda: hls.get_playlist(server, path).ended, 5, 'ENDLIST')
    assert time.monotonic() - began < 8
    until(lambda: not server.is_live(), 5, 'the channel to be off')


def test_sigterm_of_ffmpeg_is_a_clean_end(server):
    push = publish.ffmpeg(server.rtmp())
    server.wait_live()
    flv = Viewer(server.http_port).wait_tags(20)
    push.end()
    flv.wait_end(8)


def test_grace_runs_out(make_server):
    server = make_server({'stream.grace_s': 2})
    push = publish.ffmpeg(server.rtmp())
    server.wait_hls()
    path = hls.media_playlists(server)[1][0]
    flv = Viewer(server.http_port).wait_tags(20)
    push.kill()
    began = time.monotonic()
    holds(lambda: flv.ended is None, 1.2, 'the viewer during the grace period')
    assert not hls.get_playlist(server, path).ended
    flv.wait_end(6)
    until(lambda: hls.get_playlist(server, path).ended, 4, 'ENDLIST')
    assert 1.5 < time.monotonic() - began < 8


def test_waiting_is_seen_in_the_api(make_server):
    server = make_server({'stream.grace_s': 20})
    push = publish.ffmpeg(server.rtmp())
    server.wait_live()
    push.kill()
    until(lambda: server.channel()['state'] == 'waiting', 5, 'the state waiting')
    publish.ffmpeg(server.rtmp())
    server.wait_live()
    takes = server.channel()['takes']
    assert len(takes) >= 2, takes


def test_a_new_viewer_during_the_gap_waits_for_the_next_take(make_server):
    server = make_server({'stream.grace_s': 20})
    push = publish.ffmpeg(server.rtmp())
    server.wait_live()
    push.kill()
    until(lambda: not server.is_live(), 5, 'the drop to be seen')
    viewer = Viewer(server.http_port)
    publish.ffmpeg(server.rtmp())
    viewer.wait_tags(60, kind=VIDEO)
    viewer.close()


def test_a_stopped_encoder_is_noticed(make_server):
    """SIGSTOP: the socket stays open, nothing comes. The idle timeout ends the take, not the
    channel; and the same host can come back meanwhile."""
    server = make_server({'stream.idle_timeout_s': 2})
    push = publish.ffmpeg(server.rtmp())
    server.wait_live()
    flv = Viewer(server.http_port).wait_tags(20)
    push.signal(signal.SIGSTOP)
    until(lambda: not server.is_live(), 8, 'the idle timeout')
    assert flv.ended is None
    publish.ffmpeg(server.rtmp())
    flv.wait_more(60, kind=VIDEO)
    push.signal(signal.SIGCONT)
    flv.close()


def test_takeover_keeps_the_pictures_coming(server):
    """A second push with the same credential while the first still sends."""
    publish.ffmpeg(server.rtmp())
    server.wait_live()
    flv = Viewer(server.http_port).wait_tags(40)
    second = publish.ffmpeg(server.rtmp())
    flv.wait_more(120, kind=VIDEO)
    assert flv.ended is None and second.alive
    flv.check_times()
    flv.close()


def test_codec_change_between_takes(server, variants):
    """Another encoder setup: a new MAP, a DISCONTINUITY, and the RTMP player gets new headers."""
    push = publish.ffmpeg(server.rtmp())
    server.wait_hls()
    poller = hls.Poller(server, hls.media_playlists(server)[1][0], load=True)
    poller.wait_updates(5)
    player = Watcher(server.rtmp()).wait_pictures(30)
    push.kill()
    publish.ffmpeg(server.rtmp(), media.variant(variants, bf=2))
    server.wait_live()
    player.wait_pictures(90)
    player.stop()
    player.check_pictures(allowed_breaks=1)
    poller.wait(lambda: any(s.discontinuity for s in poller.latest.segments), 15, 'DISCONTINUITY')
    poller.stop()


def test_numbers_survive_a_restart_of_the_server(server, make_server):
    """HLS-2: the same URL never goes back, even when the server was started again."""
    publish.ffmpeg(server.rtmp())
    server.wait_hls()
    before = hls.get_playlist(server, hls.media_playlists(server)[1][0])
    settings = {k: server.settings[k] for k in ('data.dir', 'http.listen', 'rtmp.listen')}
    server.stop()
    again = make_server(settings)
    publish.ffmpeg(again.rtmp())
    again.wait_hls()
    after = hls.get_playlist(again, hls.media_playlists(again)[1][0])
    assert after.sequence > before.last[0]
