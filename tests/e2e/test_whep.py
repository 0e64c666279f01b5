# SPDX-License-Identifier: Apache-2.0
"""WHEP in browsers: what is seen and heard, and the rules of its HTTP side."""
import re

import pytest

from kit import publish, rtc_media
from kit.browser_rtc import Firefox
from kit.media import SAMPLE, variant
from kit.process import need, run
from kit.rtc_peers import gst_host
from kit.rtc_stage import offer, page, post, request, settings, stage
from kit.wait import until

SKEW_MS = 45


@pytest.fixture(scope='module')
def scene(tmp_path_factory):
    with stage(tmp_path_factory, ()) as made:
        made.push()
        yield made


@pytest.fixture(scope='module')
def firefox(tmp_path_factory):
    made = Firefox(tmp_path_factory.mktemp('firefox'))
    yield made
    made.stop()


def serve(make_server, sample, **more):
    """A server of its own, with a host."""
    server = make_server(settings(**more))
    publish.ffmpeg(server.rtmp(), sample)
    server.wait_live()
    return server


# --- what Chromium sees and hears ---

@pytest.mark.limit(60)
def test_chromium_sees_and_hears_rtmp(scene):
    """Every picture in order, the tone from AAC as Opus, sound and picture together."""
    with scene.page() as tab:
        warm = tab.whep(scene.whep())       # the browser's own first start is not the server's
        warm.wait_pictures(1)
        warm.remove()
        viewer = tab.whep(scene.whep())
        assert viewer.status == 201, viewer.body
        viewer.wait_pictures(180)
        assert viewer.last['first_picture_ms'] < 700 + viewer.late_ms, viewer.describe()
        assert viewer.last['pair']['protocol'] == 'udp'
        assert viewer.last['srtp'] == 'SRTP_AEAD_AES_128_GCM', viewer.describe()
        assert viewer.video['codec'] == 'video/H264'
        assert viewer.audio['codec'] == 'audio/opus'
        viewer.wait(lambda v: abs(v.playout_skew_ms() or 1000) <= SKEW_MS, 30,
                    'sound and picture to be together')
        viewer.check_pictures()
        viewer.check_sound()
        assert viewer.video['framesDecoded'] >= len(viewer.pictures)
        viewer.check_freezes()
        assert viewer.video['packetsLost'] == 0, viewer.describe()
        assert viewer.remove() == 200
        viewer.wait_state('disconnected')


@pytest.mark.limit(60)
@pytest.mark.parametrize('kind', ['audio', 'video'])
def test_one_kind_alone(scene, kind):
    with scene.page() as tab:
        viewer = tab.whep(scene.whep(), kinds=[kind])
        assert viewer.status == 201, viewer.body
        if kind == 'audio':
            viewer.wait_sound(3).check_sound()
            assert not viewer.pictures
        else:
            viewer.wait_pictures(60).check_pictures()
            assert not viewer.audio


@pytest.mark.limit(60)
@pytest.mark.parametrize('kind', ['audio', 'video'])
def test_a_host_with_one_kind_alone(scene, variants, kind):
    """A viewer who wants both gets what there is."""
    channel = f'live/only-{kind}'
    other = 'no_video' if kind == 'audio' else 'no_audio'
    scene.push(channel, variant(variants, **{other: True}))
    with scene.page() as tab:
        viewer = tab.whep(scene.whep(channel))
        assert viewer.status == 201, viewer.body
        if kind == 'audio':
            viewer.wait_sound(3).check_sound()
        else:
            viewer.wait_pictures(60).check_pictures()


@pytest.mark.limit(60)
def test_ice_restart_goes_on(scene):
    with scene.page() as tab:
        viewer = tab.whep(scene.whep()).wait_pictures(10)
        result = viewer.restart_ice()
        assert result['status'] == 200, result
        assert result['etag'] and result['etag'] != result['before']
        viewer.wait_pictures(60).check_pictures()


@pytest.mark.limit(60)
def test_data_channel_answers_a_ping(scene):
    with scene.page() as tab:
        viewer = tab.whep(scene.whep(), channel='events').wait_pictures(5)
        tab.call('say', viewer.name, '{"type":"ping","t":12.5}')
        viewer.wait(lambda v: v.last['messages'], 5, 'a message')
        assert '"pong"' in viewer.last['messages'][0] and '12.5' in viewer.last['messages'][0]


@pytest.mark.limit(60)
def test_viewers_are_counted(scene):
    def count():
        return scene.server.channel()['viewers_by_protocol']['whep']
    until(lambda: count() == 0, 40, 'the others to leave')
    with scene.page() as tab:
        viewer = tab.whep(scene.whep()).wait_pictures(1)
        until(lambda: count() == 1, 5, 'the count to rise')
        viewer.remove()
        until(lambda: count() == 0, 5, 'the count to fall')


# --- B-frames, by policy ---

@pytest.fixture(scope='module')
def b_frames(tmp_path_factory):
    return rtc_media.b_frames(tmp_path_factory.mktemp('bf'))


@pytest.mark.limit(60)
def test_b_frames_are_encoded_again(scene, b_frames):
    scene.push('live/bf', b_frames)
    with scene.page() as tab:
        viewer = tab.whep(scene.whep('live/bf'))
        assert viewer.status == 201, viewer.body
        viewer.wait_pictures(120).check_pictures(missing=0.05)
        viewer.check_sound()
        viewer.check_freezes(400)       # an encoder shares the machine


@pytest.mark.limit(60)
def test_b_frames_are_left_out(make_server, scene, variants):
    server = serve(make_server, rtc_media.b_frames(variants, pyramid=False), **{'webrtc.b_frames': 'drop'})
    with scene.page() as tab:
        viewer = tab.whep(server.http('/live/hq/whep'))
        assert viewer.status == 201, viewer.body
        viewer.wait_pictures(60)
        jumps = viewer.jumps()[5:]
        # Each third picture of a GOP is left, and its last one; the browser may skip some.
        kept = [n for n in viewer.numbers if n is not None]
        assert all(n % 30 % 3 == 0 or n % 30 > 27 for n in kept), kept
        assert all(0 < j < 60 for j in jumps), jumps
        assert jumps.count(3) > len(jumps) // 2, jumps
        viewer.check_sound()


@pytest.mark.limit(60)
def test_b_frames_that_others_need_cannot_be_left_out(make_server, b_frames):
    server = serve(make_server, b_frames, **{'webrtc.b_frames': 'drop'})
    def refusal():
        answer = post(server, '/live/hq/whep', offer())
        return answer if answer.status == 406 else None
    assert until(refusal, 10, 'a refusal').code == 'b_frames'


@pytest.mark.limit(60)
def test_b_frames_are_refused(make_server, scene, b_frames):
    server = serve(make_server, b_frames, **{'webrtc.b_frames': 'refuse'})
    with scene.page() as tab:
        viewer = tab.whep(server.http('/live/hq/whep'))
        assert viewer.status == 406, viewer.body
        assert viewer.code == 'b_frames' and 'B-frames' in viewer.body


# --- Firefox ---

@pytest.mark.limit(90)
def test_firefox_is_told_why_there_is_no_h264(scene, firefox):
    with page(firefox) as tab:
        if 'video/H264' in tab.call('codecs', 'video'):
            pytest.skip('this Firefox has H.264')
        viewer = tab.whep(scene.whep())
        assert viewer.status == 406
        assert viewer.code == 'no_common_codec'
        assert 'H.264' in viewer.body and 'VP8' in viewer.body


@pytest.mark.limit(90)
def test_firefox_watches_vp8_from_gstreamer(scene, firefox, tmp_path_factory):
    host = gst_host(scene.whip('live/vp8'), rtc_media.frames(tmp_path_factory.mktemp('vp8'), 'vp8'))
    host.wait_state()
    scene.server.wait_live('live/vp8')
    with page(firefox) as tab:
        viewer = tab.whep(scene.whep('live/vp8'))
        assert viewer.status == 201, viewer.body
        viewer.wait_pictures(120, 30).check_pictures(missing=0.1, skip=20)
        # Without a sound card it does not run an AudioContext; 0.08 as a sine is 0.057.
        # It is the level of a moment.
        viewer.wait(lambda v: v.audio.get('audioLevel', 0) > 0.04, 10, 'the tone')
        heard = viewer.audio
        assert heard['totalAudioEnergy'] / heard['totalSamplesDuration'] > 0.002, viewer.describe()
        assert heard['concealedSamples'] < 0.1 * heard['totalSamplesReceived'], viewer.describe()


# --- the HTTP side ---

def test_answer_has_all_that_a_client_needs(scene):
    answer = post(scene.server, '/live/hq/whep', offer(), Origin='https://shop.example')
    assert answer.status == 201
    assert answer.headers['Content-Type'] == 'application/sdp'
    assert answer.headers['Location'].startswith('/live/hq/whep/')
    assert re.fullmatch(r'"[^"]+"', answer.headers['ETag'])
    assert answer.headers['Access-Control-Allow-Origin'] == '*'
    exposed = answer.headers['Access-Control-Expose-Headers']
    for name in ('Location', 'ETag', 'Link'):
        assert name in exposed
    candidates = re.findall(r'^a=candidate:.*$', answer.body, re.M)
    assert any(' udp ' in c for c in candidates) and any(' tcp ' in c for c in candidates)
    assert 'a=ice-lite' in answer.body and 'a=setup:passive' in answer.body
    assert answer.body.count('a=sendonly') == 2
    path = answer.headers['Location']
    assert request(scene.server, 'GET', path).status in (200, 204)
    assert request(scene.server, 'DELETE', path).status == 200
    assert request(scene.server, 'DELETE', path).status == 404


def test_trickle_and_its_conditions(scene):
    answer = post(scene.server, '/live/hq/whep', offer('Wxyz'))
    path, etag = answer.headers['Location'], answer.headers['ETag']
    kind = 'application/trickle-ice-sdpfrag'
    body = ('a=ice-ufrag:Wxyz\r\na=ice-pwd:0123456789abcdefghijklmn\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0'
            '\r\na=mid:0\r\na=candidate:1 1 udp 2130706431 198.51.100.1 39132 typ host\r\n'
            'a=end-of-candidates\r\n')

    def patch(text, **headers):
        return request(scene.server, 'PATCH', path, text, {'Content-Type': kind, **headers})

    assert patch(body, **{'If-Match': etag}).status == 204
    assert patch(body).status == 428
    assert patch(body, **{'If-Match': '"stale"'}).status == 412
    assert request(scene.server, 'PATCH', path, body, {'If-Match': etag}).status == 415
    assert patch('rubbish', **{'If-Match': etag}).status == 400
    restart = patch(body.replace('Wxyz', 'Vwxy'), **{'If-Match': '*'})
    assert restart.status == 200
    assert restart.headers['Content-Type'] == kind
    assert restart.headers['ETag'] != etag
    assert restart.sdp('ice-ufrag') != answer.sdp('ice-ufrag')
    assert patch(body, **{'If-Match': etag}).status == 412, 'the old ETag is no good any more'
    assert request(scene.server, 'DELETE', path).status == 200


def test_nothing_live_is_a_conflict(scene):
    answer = post(scene.server, '/live/nobody/whep', offer())
    assert answer.status == 409 and answer.code == 'not_live'
    assert int(answer.headers['Retry-After']) > 0


def test_methods_and_preflight(scene):
    preflight = request(scene.server, 'OPTIONS', '/live/hq/whep', headers={
        'Origin': 'https://shop.example', 'Access-Control-Request-Method': 'POST',
        'Access-Control-Request-Headers': 'content-type, authorization'})
    assert preflight.status in (200, 204)
    for method in ('POST', 'PATCH', 'DELETE'):
        assert method in preflight.headers['Access-Control-Allow-Methods']
    allowed = preflight.headers['Access-Control-Allow-Headers'].lower()
    assert 'content-type' in allowed and 'authorization' in allowed
    assert request(scene.server, 'GET', '/live/hq/whep').status == 200
    assert request(scene.server, 'HEAD', '/live/hq/whep').status == 200
    assert request(scene.server, 'PUT', '/live/hq/whep').status == 405


def test_ice_servers_are_told(make_server):
    server = serve(make_server, SAMPLE, **{
        'webrtc.ice_servers': 'stun:stun.example:3478 turn:me:secret@turn.example:3478?transport=udp'})
    links = post(server, '/live/hq/whep', offer()).headers.get_all('Link')
    assert '<stun:stun.example:3478>; rel="ice-server"' in links
    turn = next(link for link in links if 'turn:' in link)
    assert turn.startswith('<turn:turn.example:3478?transport=udp>')
    assert 'username="me"' in turn and 'credential="secret"' in turn


def test_h2_takes_an_offer(scene, tmp_path):
    """curl with h2 on the plain port."""
    need('curl')
    path = tmp_path / 'offer.sdp'
    path.write_bytes(offer().encode())
    result = run(['curl', '-s', '--http2-prior-knowledge', '-i', '-H', 'Content-Type: application/sdp',
                  '--data-binary', f'@{path}', scene.whep()])
    assert 'HTTP/2 201' in result.stdout, result.stdout[:500]
    assert re.search(r'^location: /live/hq/whep/', result.stdout, re.M)
