# SPDX-License-Identifier: Apache-2.0
"""Cues as SEI in H.265 pictures, from hosts by enhanced RTMP and by SRT, in all that carries them:
FLV in both its forms, RTMP, HLS."""
import json
import os

import pytest
from kit import cues, flv, hevc, hls, publish, rtmp
from kit.cues import pictures_with, wait_point
from kit.process import need
from kit.wait import until

DATA = {'sku': 'A1', 'title': '龙井茶', 'price': '99', 'note': 'long ' * 60}


def hosts(server, directory):
    """The same pictures as FourCC hvc1, and in MPEG-TS by FFmpeg."""
    host = rtmp.publisher(server.rtmp_port, 'enhanced', path=hevc.make(directory, True))
    publish.ffmpeg(f'srt://127.0.0.1:{server.srt_port}?streamid=publish:live/ts',
                   os.path.join(directory, 'sample.mp4'), muxer='mpegts')
    return host


def numbers_of(viewer, directory):
    """As cues.decode(), of the pictures that came since the header."""
    path = os.path.join(directory, 'seen.hevc')
    header = next(t for t in viewer.tags if t.kind == flv.VIDEO and t.is_header)
    with open(path, 'wb') as file:
        file.write(hevc.annex_b(header.picture, [t.picture for t in viewer.media(flv.VIDEO)]))
    return cues.decode('-f', 'hevc', '-i', path)


def segments_with_sei(server, channel):
    """The segments from the first one with SEI on, with what players load before them."""
    path = hls.media_playlists(server, channel)[1][0]
    playlist = hls.get_playlist(server, path)
    media = [server.get(hls.resolve(path, s.uri)).body for s in playlist.segments]
    first = next((i for i, data in enumerate(media) if cues.UUID in data), None)
    if first is None:
        return None
    init = server.get(hls.resolve(path, playlist.segments[first].map)).body
    return init + b''.join(media[first:])


def check(server, channel, directory):
    app, name = channel.split('/')
    old = flv.Viewer(server.http_port, f'/{channel}.flv')
    new = flv.Viewer(server.http_port, f'/{channel}.flv?hevc=enhanced')
    player = rtmp.Player(server.rtmp_port, name, app)
    everybody = (old, new, player)
    for viewer in everybody:
        until(lambda v=viewer: len(v.media(flv.VIDEO)) > 10, 15, 'pictures')
    cue = cues.post(server, channel, kind='product', data=DATA, delay_ms=600)
    for viewer in everybody:
        said = wait_point(viewer, cue['id'])[1]
        until(lambda v=viewer: len(pictures_with(v, cue['id'])) > 1, 15, 'SEI, and a keyframe')
        found = pictures_with(viewer, cue['id'])
        first = next(t for t in viewer.media(flv.VIDEO) if t.time_ms >= said['time'] * 1000 - 1)
        assert found[0] is first and all(t.is_keyframe for t in found[1:]), (found, first)
        assert cues.sei(first)[0]['data'] == DATA
    assert new.media(flv.VIDEO)[0].is_enhanced and not old.media(flv.VIDEO)[0].is_enhanced
    assert len({pictures_with(v, cue['id'])[0].picture for v in everybody}) == 1
    # FFmpeg finds it in the same picture, by FLV and by HLS.
    path = os.path.join(directory, 'segments.mp4')
    with open(path, 'wb') as file:
        file.write(until(lambda: segments_with_sei(server, channel), 15, 'a segment with SEI'))
    numbers = [(n[m[0]], len(m) > 1) for n, m in (numbers_of(v, directory) for v in (old, new))]
    assert numbers[0] == numbers[1] and numbers[0][1], numbers
    shown, marked = cues.decode('-i', path)
    assert shown[marked[0]] == numbers[0][0], (shown[marked[0]], numbers)
    cues.end(server, cue['id'], channel)
    for viewer in everybody:
        until(lambda v=viewer: cues.sei(pictures_with(v, cue['id'])[-1])[0].get('ended'), 10,
              'its end')
        viewer.close()


@pytest.mark.limit(90)
def test_sei_in_hevc(make_server, tmp_path):
    need('ffmpeg')
    server = make_server({'hls.segment_s': 1})
    host = hosts(server, str(tmp_path))
    for channel in ('live/enhanced', 'live/ts'):
        server.wait_live(channel)
        server.wait_hls(channel)
        assert server.channel(channel)['video']['codec'] == 'hevc'
        check(server, channel, str(tmp_path))
    host.stop()
