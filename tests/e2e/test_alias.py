# SPDX-License-Identifier: Apache-2.0
"""Stores' channels that show headquarters' one: viewers keep their sockets through every switch."""
import json

import pytest

from kit import media, publish, rtmp, srt
from kit.flv import AUDIO, VIDEO, Viewer, WebSocketViewer
from kit.process import Process, need
from kit.server import TOP
from kit.wait import until
from kit.watch import Watcher

HQ = 'live/hq'
CONFIG = f"""\
channels:
  store/1: {{sources: [{{channel: live/hq}}], viewers_max: 1}}
  store/2:
    sources: [publisher, {{channel: live/hq}}]
    source_wait_ms: 300
    source_stable_ms: 0
  store/3:
    sources: [{{channel: live/hq}}, {{slate: {{image: {TOP}/conf/slate.png}}}}]
    slate_wait_ms: 300
  store/4: {{sources: [{{channel: live/hq}}], open: false}}
"""
ROUNDS = 2


@pytest.fixture
def server(make_server, tmp_path):
    need('ffmpeg')
    config = tmp_path / 'stores.yaml'
    config.write_text(CONFIG)
    return make_server(config=str(config))


def fingerprint(tag):
    return tag.kind, tag.time_ms, hash(tag.body)


class Reference:
    """What headquarters' own viewers get: all others of the stream share its bytes and times."""

    def __init__(self, server):
        self.viewer = Viewer(server.http_port, f'/{HQ}.flv').wait_tags(30)

    def index(self, kind):
        return {fingerprint(tag): n for n, tag in enumerate(self.viewer.media(kind))}


def shows(viewer, reference):
    """Whether its newest picture is headquarters'."""
    tags = viewer.media(VIDEO)
    return bool(tags) and fingerprint(tags[-1]) in reference.index(VIDEO)


def shows_another(viewer, reference):
    """Whether its last half second is not headquarters'. Each of the two is read by a thread of
    its own: a single picture may only be one that the reference has not read yet."""
    index = reference.index(VIDEO)
    return not any(fingerprint(tag) in index for tag in viewer.media(VIDEO)[-15:])


def phases(tags, index):
    """Neighbours of one origin: [(is headquarters', tags)]."""
    out = []
    for tag in tags:
        own = fingerprint(tag) in index
        if not out or out[-1][0] != own:
            out.append((own, []))
        out[-1][1].append(tag)
    return out


def check(viewer, reference, switches):
    """Times rise, each program begins with a keyframe, and nothing is left out of it."""
    assert viewer.ended is None, viewer.end_reason
    viewer.check_times()
    # The first pictures may be older than the reference's.
    began = reference.viewer.media(VIDEO)[0].time_ms
    for kind in VIDEO, AUDIO:
        # In this order: what comes meanwhile is newer than the newest.
        newest = reference.viewer.media(kind)[-1].time_ms
        index = reference.index(kind)
        tags = [t for t in viewer.media(kind) if began <= t.time_ms <= newest]
        found = phases(tags, index)
        assert len(found) == switches + 1, [(own, len(part)) for own, part in found]
        for own, part in found:
            if own:     # at headquarters' own times: the skew is none, for both kinds
                places = [index[fingerprint(tag)] for tag in part]
                assert places == list(range(places[0], places[0] + len(places)))
            else:
                gaps = [b.time_ms - a.time_ms for a, b in zip(part, part[1:])]
                assert max(gaps, default=0) < 150, gaps
        if kind == VIDEO:
            assert all(part[0].is_keyframe for _, part in found[1:])


def counts(server, channel):
    state = server.channel(channel)
    return {k: n for k, n in state['viewers_by_protocol'].items() if n} if state else None


def check_refusals(server):
    """A channel with viewers enough, and a closed one."""
    for channel, status, code, reject in (('store/1', 503, 'full', 1402),
                                          ('store/4', 403, 'closed', 1403)):
        answer = server.get(f'/{channel}.flv')
        assert (answer.status, json.loads(answer.body)['error']['code']) == (status, code)
        with pytest.raises(srt.Refused) as refused:
            srt.Caller(server.srt_port, f'read:{channel}')
        assert refused.value.code == reject
        app, name = channel.split('/')
        assert rtmp.Peer(server.rtmp_port).play(name, app) == 'NetStream.Play.StreamNotFound'


def player_of(server, channel):
    """GStreamer, which gives up when its connection is closed."""
    return Process(['gst-launch-1.0', '-q', 'souphttpsrc', 'is-live=true', 'retries=0',
                    f'location={server.flv(channel)}', '!', 'flvdemux', 'name=d',
                    'd.video', '!', 'queue', '!', 'fakesink', 'd.audio', '!', 'queue', '!',
                    'fakesink'], name='gst-flv')


@pytest.mark.limit(150)
def test_a_store_opens_and_closes(server, tmp_path):
    own = media.variant(tmp_path, bf=2)
    hq = publish.ffmpeg(server.rtmp(HQ))
    server.wait_live(HQ)
    reference = Reference(server)
    viewers = [Viewer(server.http_port, '/store/2.flv'),
               WebSocketViewer(server.http_port, '/store/2.flv')]
    alias, slated = (Viewer(server.http_port, f'/store/{n}.flv') for n in (1, 3))
    decoders = [Watcher(server.rtmp('store/2'), timing=True),
                Watcher(f'srt://127.0.0.1:{server.srt_port}?streamid=read:store/2&latency=120000')]
    player = player_of(server, 'store/2')
    for decoder in decoders:
        decoder.wait_pictures(30)
    until(lambda: counts(server, 'store/2') == {'flv': 2, 'ws_flv': 1, 'rtmp': 1, 'srt': 1}, 10,
          lambda: f'viewers counted: {counts(server, "store/2")}')
    check_refusals(server)
    assert counts(server, 'store/1') == {'flv': 1} and counts(server, HQ) == {'flv': 1}
    for _ in range(ROUNDS):
        host = publish.ffmpeg(server.rtmp('store/2'), own)
        until(lambda: shows_another(viewers[0], reference), 15, "the store's own host")
        viewers[0].wait_more(45, kind=VIDEO)
        host.kill()
        until(lambda: shows(viewers[0], reference), 15, 'headquarters again')
        viewers[0].wait_more(45, kind=VIDEO)
    for viewer in viewers:
        check(viewer, reference, 2 * ROUNDS)
        # What was lost is waited for, and then a keyframe.
        assert viewer.longest_gap_ms() < 300 + 1000 + 500
    check(alias, reference, 0)
    for decoder in decoders:
        decoder.stop()
        # A killed host may not have sent its last B-frames.
        jumps = [b for b in decoder.breaks() if None in b or b[2] - b[1] not in (2, 3)]
        assert len(jumps) <= 2 * ROUNDS, decoder.breaks()
        assert len(decoder.numbers) > 2 * 45 * ROUNDS
    assert abs(decoders[0].skew_s()) <= 0.045
    assert player.alive, player.tail()
    player.end()
    # Headquarters' host dies: a store has a slate for that, the others wait.
    check(slated, reference, 0)
    hq.kill()
    until(lambda: shows_another(slated, reference), 15, 'the slate')
    slated.wait_more(60)
    publish.ffmpeg(server.rtmp(HQ))
    until(lambda: shows(slated, reference), 15, 'headquarters after the slate')
    slated.wait_more(60)
    check(slated, reference, 2)
    check(alias.wait_more(10), reference, 0)
    for viewer in viewers + [alias, slated]:
        viewer.close()
    until(lambda: not counts(server, 'store/2'), 10, 'viewers gone')
