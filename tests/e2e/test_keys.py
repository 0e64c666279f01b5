# SPDX-License-Identifier: Apache-2.0
"""Publish keys: the default, refusals that encoders act on, and who takes over from whom."""
import os
import re
import stat

import pytest

from kit import publish, rtmp
from kit.flv import Viewer
from kit.process import need
from kit.wait import until

REFUSED = {'NetStream.Publish.BadName', 'NetStream.Publish.Denied', 'NetStream.Publish.Rejected',
           'NetStream.Failed', 'NetConnection.Connect.InvalidApp',
           'NetConnection.Connect.Rejected'}    # RTMP-37


@pytest.fixture
def keyed(make_server):
    return make_server({'access.api': 'open'}, open_access=False)


def test_first_start_makes_secrets_and_says_what_to_paste(keyed):
    key, token = keyed.publish_key(), keyed.admin_token()
    assert len(key) >= 16 and len(token) >= 16 and key != token
    keys = os.path.join(keyed.settings['data.dir'], 'keys')
    for name in os.listdir(keys):
        assert stat.S_IMODE(os.stat(os.path.join(keys, name)).st_mode) == 0o600, name
    log = keyed.log()
    assert f'?key={key}' in log, 'the first start prints the stream key for OBS'
    assert 'rtmp://' in log


def test_second_start_keeps_the_key_and_does_not_print_it(keyed, make_server):
    key = keyed.publish_key()
    keyed.stop()
    again = make_server({'access.api': 'open', 'data.dir': keyed.settings['data.dir']},
                        open_access=False)
    assert again.publish_key() == key
    assert key not in again.log()


def test_right_key(keyed):
    peer = rtmp.Peer(keyed.rtmp_port)
    assert peer.publish(f'hq?key={keyed.publish_key()}') == 'NetStream.Publish.Start'
    peer.close()


@pytest.mark.parametrize('name', ['hq', 'hq?key=', 'hq?key=wrong', 'hq?kex=1', 'hq?key=%00'])
def test_wrong_or_no_key_is_refused_with_a_code_and_closed(keyed, name):
    peer = rtmp.Peer(keyed.rtmp_port)
    assert peer.publish(name) in REFUSED
    until(peer.is_closed, 5, 'the server to close')
    assert keyed.channel() is None or keyed.channel()['state'] == 'offline'


def test_key_in_the_app_or_the_address(keyed):
    """RTMP-41: the query may stand behind the app or in tcUrl."""
    key = keyed.publish_key()
    peer = rtmp.Peer(keyed.rtmp_port)
    assert peer.publish('hq', app=f'live?key={key}') == 'NetStream.Publish.Start'
    peer.close()


def test_ffmpeg_gets_a_refusal(keyed):
    push = publish.ffmpeg(keyed.rtmp(query='?key=wrong'))
    assert push.wait(15) != 0
    push = publish.ffmpeg(keyed.rtmp(query=f'?key={keyed.publish_key()}'))
    keyed.wait_live()
    assert push.alive


def test_gstreamer_gets_a_refusal(keyed):
    need('gst-launch-1.0')
    push = publish.gst_rtmp2sink(keyed.rtmp(query='?key=wrong'))
    assert push.wait(20) != 0
    assert re.search(r'denied|not authorized|authori|publish|refus', push.log(), re.I), push.tail()


def test_the_key_is_never_logged(keyed):
    key = keyed.publish_key()
    before = keyed.log().count(key)
    wrong = 'this-is-a-wrong-secret'
    for name in (f'hq?key={key}', f'hq?key={wrong}'):
        peer = rtmp.Peer(keyed.rtmp_port)
        peer.publish(name)
        peer.close()
    keyed.wait_log(r'(?i)refus|denied|reject')
    assert keyed.log().count(key) == before
    assert wrong not in keyed.log()


def test_a_channel_may_have_its_own_key(make_server, tmp_path):
    config = tmp_path / 'branchcast.yaml'
    config.write_text('channels:\n  live/hq:\n    publish_key: "own-key-of-hq"\n')
    server = make_server(config=str(config))
    for name, good in (('hq', False), ('hq?key=own-key-of-hq', True), ('other', True)):
        peer = rtmp.Peer(server.rtmp_port)
        assert (peer.publish(name) == 'NetStream.Publish.Start') == good, name
        peer.close()


def test_same_key_takes_over_a_half_open_connection(keyed):
    """RTMP-50: the encoder's old connection is dead, but nobody told the server."""
    name = f'hq?key={keyed.publish_key()}'
    old = rtmp.publisher(keyed.rtmp_port, name)
    keyed.wait_live()
    viewer = Viewer(keyed.http_port).wait_tags(30)
    old.stop()      # silent, the socket stays open
    new = rtmp.publisher(keyed.rtmp_port, name)
    viewer.wait_more(60)
    until(old.peer.is_closed, 5, 'the old connection to be closed')
    assert viewer.ended is None, viewer.end_reason
    viewer.check_times()
    new.stop()
    viewer.close()


def test_another_key_does_not_take_over(make_server, tmp_path):
    """Two good keys for a channel: the first stays, the second is told BadName."""
    config = tmp_path / 'branchcast.yaml'
    config.write_text('channels: {}\n')
    server = make_server(config=str(config))
    first = rtmp.publisher(server.rtmp_port, 'hq?key=one')
    server.wait_live()
    second = rtmp.Peer(server.rtmp_port)
    assert second.publish('hq?key=two') == 'NetStream.Publish.BadName'
    until(second.is_closed, 5, 'the second to be closed')
    viewer = Viewer(server.http_port).wait_tags(60)
    assert first.error is None
    first.stop()
    viewer.close()


def test_play_token(make_server):
    server = make_server({'access.play': 'token', 'access.play_key': 'guests-only-please'})
    publish.ffmpeg(server.rtmp())
    server.wait_live()
    assert server.get('/live/hq.flv').status in (401, 403)
    assert server.get('/live/hq/index.m3u8').status in (401, 403)
    viewer = Viewer(server.http_port, '/live/hq.flv?key=guests-only-please').wait_tags(20)
    viewer.close()
    peer = rtmp.Peer(server.rtmp_port)
    code = peer.play('hq?key=wrong')
    while code == 'NetStream.Play.Reset':
        code = peer.wait_command('onStatus')[3]['code']
    assert code not in ('NetStream.Play.Start',), code


def test_api_wants_the_token(make_server):
    server = make_server({'access.publish': 'open'}, open_access=False)
    answer = server.get('/api/v1/channels')
    assert answer.status == 401
    assert b'"error"' in answer.body
    good = {'Authorization': f'Bearer {server.admin_token()}'}
    assert server.get('/api/v1/channels', headers=good).status == 200
    bad = {'Authorization': 'Bearer nonsense'}
    assert server.get('/api/v1/channels', headers=bad).status == 401
    assert server.get('/healthz').status == 200
