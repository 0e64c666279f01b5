# SPDX-License-Identifier: Apache-2.0
"""WHEP viewers that are no browsers: GStreamer, aiortc, werift; and those who are not let in."""
import pytest

from kit.rtc_peers import aiortc_viewer, gst_viewer, node_peer
from kit.rtc_stage import stage
from kit.wait import until

SKEW_S = 0.045
# aiortc does not read sender reports: each track's time begins with its first packet, which
# need not be of the same moment.
SKEW_AT_START_S = 0.1


@pytest.fixture(scope='module')
def scene(tmp_path_factory):
    with stage(tmp_path_factory) as made:
        made.push()
        yield made


def check_all(viewer, skew_s=SKEW_S):
    assert viewer.status == 201, viewer.words()
    viewer.wait_pictures(150)
    viewer.wait_sound(1)
    viewer.check_pictures()
    viewer.check_sound()
    assert abs(viewer.skew_s()) < skew_s


@pytest.mark.limit(60)
def test_gstreamer_sees_and_hears(scene):
    check_all(gst_viewer(scene.whep()))


@pytest.mark.limit(60)
@pytest.mark.parametrize('kind', ['audio', 'video'])
def test_gstreamer_takes_one_kind_alone(scene, kind):
    viewer = gst_viewer(scene.whep(), kinds=kind)
    if kind == 'audio':
        viewer.wait_sound(3).check_sound()
    else:
        viewer.wait_pictures(60).check_pictures()


@pytest.mark.limit(60)
def test_aiortc_with_sha1_alone(scene):
    """It knows no SRTP profile but AES128_CM_SHA1_80."""
    check_all(aiortc_viewer(scene.whep()), SKEW_AT_START_S)


@pytest.mark.limit(60)
def test_werift_gets_each_packet_once(scene):
    viewer = node_peer('werift_whep.mjs', {'url': scene.whep()})
    assert viewer.status == 201, viewer.words()
    viewer.wait_state()

    def seen(kind):
        last = next((word['seen'] for word in reversed(viewer.said) if 'seen' in word), {})
        return last.get(kind, {'packets': 0, 'keys': 0})
    until(lambda: seen('video')['packets'] > 150 and seen('audio')['packets'] > 150
          and seen('video')['keys'] > 3, 20, lambda: f'packets; {viewer.words()}')
    for kind in ('video', 'audio'):
        assert seen(kind)['gaps'] == 0 and seen(kind)['repeats'] == 0, seen(kind)
    assert seen('video')['orphans'] == 0, f'keyframes without SPS and PPS: {seen("video")}'
    assert seen('audio')['timestamps'] == seen('audio')['packets']


@pytest.mark.limit(60)
@pytest.mark.parametrize('peer', ['werift', 'aiortc'])
def test_wrong_fingerprint_never_connects(scene, peer):
    """Somebody between could have changed it: no media, and the others play on."""
    viewer = gst_viewer(scene.whep()).wait_pictures(10)
    if peer == 'werift':
        forger = node_peer('werift_whep.mjs', {'url': scene.whep(), 'forge': True})
    else:
        forger = aiortc_viewer(scene.whep(), '--forge')
    assert forger.status == 201, forger.words()
    scene.server.wait_log('fingerprint', 15)
    viewer.wait_pictures(60).check_pictures()
    assert not getattr(forger, 'pictures', None)
    seen = [word['seen'] for word in forger.said if 'seen' in word]
    assert not seen or not any(kind['packets'] for kind in seen[-1].values()), seen[-1]
