# SPDX-License-Identifier: Apache-2.0
"""Cues on the wire: script tags in FLV and RTMP, SEI in the pictures, the data channel of WebRTC;
through an edge and a push to another server."""
import json

import pytest

from kit import cues, flv, publish
from kit.cues import pictures_with, wait_point
from kit.media import SAMPLE_FPS, SAMPLE_SECONDS
from kit.process import need
from kit.rtc_stage import stage
from kit.server import TOP
from kit.wait import until

pytestmark = pytest.mark.usefixtures('programs')
EDGE = f'{TOP}/conf/edge.yaml'
DATA = {'sku': 'A1', 'title': '龙井茶', 'price': '99'}


@pytest.fixture
def programs():
    need('ffmpeg')


def check_tag(viewer, cue, at, late_ms=1):
    """Right before the first picture or sound of its time, in this connection's timeline. What
    came with an upstream's media may be a little late, but its time is right."""
    index, said = at
    tags = list(viewer.tags)
    assert said['name'] == cue['id'] and said['type'] == 'event'
    parameters = said['parameters']
    assert (parameters['id'], parameters['kind']) == (cue['id'], cue['kind'])
    assert json.loads(parameters['data']) == cue['data']
    before = [t.time_ms for t in tags[:index] if t.kind != flv.DATA]
    after = next(t for t in tags[index:] if t.kind != flv.DATA)
    time_ms = said['time'] * 1000
    assert max(before) < time_ms + late_ms and after.time_ms >= time_ms - 1, (before[-3:], time_ms, after)
    assert tags[index].time_ms == after.time_ms


def decode(viewer, directory):
    """What FFmpeg makes of the viewer's bytes."""
    path = directory / 'seen.flv'
    with open(path, 'wb') as f:
        f.write(viewer.parser.header)
        for t in list(viewer.tags):
            head = bytes([t.kind]) + len(t.body).to_bytes(3, 'big') \
                + (t.time_ms & 0xffffff).to_bytes(3, 'big') + bytes([t.time_ms >> 24, 0, 0, 0])
            f.write(head + t.body + (11 + len(t.body)).to_bytes(4, 'big'))
    return cues.decode('-i', path)


@pytest.mark.limit(80)
def test_tags_and_sei_at_their_frame(make_server, tmp_path):
    """The same frame has it for FLV, WebSocket, who joins, a server that is pushed to and an
    edge; changes and the end come too."""
    origin = make_server({'relay.allow_private': 'true'})
    publish.ffmpeg(origin.rtmp())
    origin.wait_live()
    edge = make_server({'relay.origins': origin.http(''), 'relay.edge_grace_s': '1'}, config=EDGE)
    near, far = flv.Viewer(origin.http_port), flv.Viewer(edge.http_port)
    pushed = origin.get('/api/v1/relays', {'Content-Type': 'application/json'}, method='POST',
                        body=json.dumps({'kind': 'push', 'channel': 'live/hq',
                                         'url': edge.rtmp('live/copy')}))
    assert pushed.status in (200, 201), pushed.body
    edge.wait_live('live/copy')
    socket = flv.WebSocketViewer(origin.http_port)
    copy = flv.Viewer(edge.http_port, '/live/copy.flv')
    everybody = [near, socket, far, copy]
    for viewer in everybody:
        viewer.wait_tags(20)
    cue = cues.post(origin, kind='product', data=DATA, delay_ms=600)
    for viewer in everybody:
        check_tag(viewer, cue, wait_point(viewer, cue['id']), 1 if viewer in (near, socket) else 150)
    # The picture with SEI is the first one of the cue's time, everywhere the same.
    near.wait_more(40)
    said = cues.points(near.tags, cue['id'])[0][1]
    first = next(t for t in near.media(flv.VIDEO) if t.time_ms >= said['time'] * 1000 - 1)
    with_sei = pictures_with(near, cue['id'])
    assert with_sei[0] is first and all(t.is_keyframe for t in with_sei[1:])
    assert json.dumps(cues.sei(first)[0]['data']) == json.dumps(DATA)
    for viewer in everybody[1:]:
        until(lambda v=viewer: pictures_with(v, cue['id']), 5, 'a picture with SEI')
        assert pictures_with(viewer, cue['id'])[0].body == first.body
        assert all(len(cues.sei(t)) < 2 for t in viewer.media(flv.VIDEO))
    # Who joins has it right after the headers, and in the keyframe.
    until(lambda: len(pictures_with(near, cue['id'])) > 1, 8, 'the next keyframe')
    late = flv.Viewer(origin.http_port).wait_tags(10)
    index, said = wait_point(late, cue['id'])
    kinds = [t.kind for t in late.tags[:index + 2] if not t.is_header]
    assert kinds == [flv.DATA, flv.DATA, flv.VIDEO], kinds
    assert said['time'] * 1000 < late.tags[index].time_ms
    shown = edge.json('/api/v1/channels/live/hq/cues')
    listed = shown['cues'] if isinstance(shown, dict) else shown
    assert [c['id'] for c in listed] == [cue['id']]
    # Changed, and ended.
    changed = cues.change(origin, cue['id'], data={'price': '89'})
    for viewer in [*everybody, late]:
        _, said = wait_point(viewer, cue['id'], 2)
        assert said['parameters']['revision'] == changed['revision'] == 2
        assert json.loads(said['parameters']['data'])['price'] == '89'
    cues.end(origin, cue['id'])
    for viewer in [*everybody, late]:
        assert wait_point(viewer, cue['id'], 3)[1]['parameters']['ended'] is True
    near.wait_more(20)
    numbers, marked = decode(near, tmp_path)
    frames = near.media(flv.VIDEO)
    assert marked[0] == frames.index(first), (marked, frames.index(first))
    around = numbers[marked[0] - 1:marked[0] + 2]
    assert None not in around and around[2] - around[0] in (2, 2 - 16 * SAMPLE_FPS), around
    quiet = flv.Viewer(origin.http_port).wait_tags(30)
    assert not cues.points(quiet.tags)
    for viewer in [*everybody, late, quiet]:
        viewer.check_times()
        viewer.close()


@pytest.mark.limit(60)
def test_data_channel_tells_the_frame(tmp_path_factory):
    """In Chromium: the picture whose RTP time the cue names is one that is shown; who joins
    later hears of it too."""
    with stage(tmp_path_factory, ()) as scene:
        scene.push()
        near = flv.Viewer(scene.server.http_port).wait_tags(20)
        with scene.page() as tab:
            viewer = tab.whep(scene.whep(), channel='events').wait_pictures(20)
            until(lambda: viewer.look() or viewer.last['state'] == 'connected', 5, 'the peer')
            cue = cues.post(scene.server, kind='coupon', data={'title': 'now'}, delay_ms=800)

            def told(v, count=1):
                return len([m for m in v.last['messages'] if cue['id'] in m]) >= count
            viewer.wait(told, 10, 'the cue')
            said = json.loads(next(m for m in viewer.last['messages'] if cue['id'] in m))
            assert said['rtp_clock'] == 90000 and said['data'] == {'title': 'now'}, said
            # The first picture of that time is the one with the SEI of the cue.
            viewer.wait(lambda v: (v.pictures[-1][5] or 0) >= said['rtp_time'] + 9000, 10, 'its picture')
            seen = next(p for p in viewer.pictures
                        if p[1] is not None and (p[5] or 0) >= said['rtp_time'])
            # A busy browser may have left some out before it shows one.
            later_by = round((seen[5] - said['rtp_time']) * SAMPLE_FPS / 90000)
            assert later_by < SAMPLE_FPS, (seen, said)
            until(lambda: pictures_with(near, cue['id']), 5, 'SEI')
            numbers, marked = decode(near, tmp_path_factory.mktemp('flv'))
            off = (seen[1] - later_by - numbers[marked[0]] + 1) % (SAMPLE_FPS * SAMPLE_SECONDS)
            assert off <= 2, (numbers[marked[0]], seen, said)
            later = tab.whep(scene.whep(), channel='events')
            later.wait(told, 10, 'the running cue')
            cues.end(scene.server, cue['id'])
            for v in (viewer, later):
                v.wait(lambda v: told(v, 2), 5, 'its end')
                assert '"ended":true' in [m for m in v.last['messages'] if cue['id'] in m][-1]
        near.close()
