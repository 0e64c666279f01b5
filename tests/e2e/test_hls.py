# SPDX-License-Identifier: Apache-2.0
"""HLS as a player asks for it: each playlist held against the rules and against those before."""
import gzip
import re
import socket
import threading
import time

import pytest

from kit import hls, media, publish, rtmp
from kit.process import Process, need, run
from kit.wait import until
from kit.watch import Watcher

CHROMIUM_CODECS = re.compile(r'avc1\.[0-9A-Fa-f]{6},mp4a\.40\.2')


@pytest.fixture(scope='module')
def live(shared_server):
    publish.ffmpeg(shared_server.rtmp())
    shared_server.wait_hls()
    return shared_server


def paths(server):
    return hls.media_playlists(server)[1]


def test_multivariant(live):
    text, playlists = hls.media_playlists(live)
    info = hls.attributes(re.search(r'#EXT-X-STREAM-INF:(.*)', text).group(1))
    assert CHROMIUM_CODECS.fullmatch(info['CODECS']), info
    assert info['RESOLUTION'] == '640x360'
    assert int(info['BANDWIDTH']) > 50_000
    assert abs(float(info.get('FRAME-RATE', 30)) - 30) < 0.1
    assert len(playlists) == 2, 'a video and an audio-only playlist'
    assert live.get('/live/hq.m3u8').status == 200


def test_head_of_the_answers(live):
    """HLS-14, HLS-15, HLS-16."""
    origin = {'Origin': 'https://shop.example'}
    master = live.get('/live/hq/index.m3u8', headers=origin)
    playlist = live.get(paths(live)[0], headers=origin)
    for answer in (master, playlist):
        assert answer.headers['Content-Type'].startswith('application/vnd.apple.mpegurl')
        assert answer.headers['Access-Control-Allow-Origin'] in ('*', origin['Origin'])
    p = hls.Playlist(playlist.body.decode())
    init = live.get(hls.resolve(paths(live)[0], p.segments[0].map), headers=origin)
    segment = live.get(hls.resolve(paths(live)[0], p.segments[-1].uri), headers=origin)
    assert init.headers['Content-Type'] == 'video/mp4' and init.body[4:8] == b'ftyp'
    assert segment.headers['Content-Type'] in ('video/iso.segment', 'video/mp4')
    for answer in (init, segment):
        assert 'immutable' in answer.headers['Cache-Control']
        assert answer.headers['Access-Control-Allow-Origin'] in ('*', origin['Origin'])
        assert int(answer.headers['Content-Length']) == len(answer.body)
        assert 'Content-Encoding' not in answer.headers


def test_gzip(live):
    path = paths(live)[0]
    packed = live.get(path, headers={'Accept-Encoding': 'gzip, deflate'})
    assert packed.headers['Content-Encoding'] == 'gzip'
    assert 'accept-encoding' in packed.headers['Vary'].lower()
    hls.Rules().check(hls.Playlist(gzip.decompress(packed.body).decode()))
    for header in ({}, {'Accept-Encoding': 'identity'}, {'Accept-Encoding': 'gzip;q=0'}):
        assert 'Content-Encoding' not in live.get(path, headers=header).headers, header


def test_low_latency_rules_hold_over_time(live):
    """Two renditions, blocking reloads in a row, every answer checked against all before it;
    parts come at their pace: none is skipped and no request spins."""
    video, audio = paths(live)
    pollers = [hls.Poller(live, video, load=True), hls.Poller(live, audio, load=True),
               hls.Poller(live, video, skip=True)]
    for poller in pollers:
        poller.wait(lambda p=poller: len(p.playlists) > 60, 40, '60 playlists')
    for poller in pollers:
        poller.stop()
    for poller in pollers[:2]:
        steps = [b[1:] for a, b in zip(poller.arrivals, poller.arrivals[1:]) if a[1:] == b[1:]]
        assert not steps, f'stale answers to blocking requests: {steps[:5]}'
    rate = 60 / (pollers[0].arrivals[-1][0] - pollers[0].arrivals[-61][0])
    assert 2.5 < rate < 7, f'{rate:.1f} playlists a second with parts of 200 ms'
    assert pollers[0].latest.control == pollers[1].latest.control, 'LL-1'


def test_renditions_report_each_other(live):
    """LL-14."""
    video, audio = paths(live)
    for path, other in ((video, audio), (audio, video)):
        p = hls.get_playlist(live, path)
        assert len(p.reports) == 1, p.text
        report = p.reports[0]
        assert hls.resolve(path, report['URI']) == other
        msn, part = int(report['LAST-MSN']), int(report['LAST-PART'])
        now = hls.get_playlist(live, other).last
        assert (msn, part) <= now and now[0] - msn <= 1


def test_parts_make_up_their_segment(live):
    """LL-5: the parent is the concatenation of its parts."""
    path = paths(live)[0]
    p = until(lambda: next((p for p in [hls.get_playlist(live, path)]
                            if p.segments[-1].parts), None), 10, 'a segment with parts')
    segment = p.segments[-1]
    whole = live.get(hls.resolve(path, segment.uri)).body
    parts = b''.join(live.get(hls.resolve(path, part.uri)).body for part in segment.parts)
    assert parts == whole


def test_preload_hint_blocks_and_then_comes_whole(live):
    path = paths(live)[0]
    for _ in range(5):
        hint = hls.get_playlist(live, path).hints[0]
        began = time.monotonic()
        answer = live.get(hls.resolve(path, hint['URI']))
        assert answer.status == 200 and len(answer.body) > 100
        assert time.monotonic() - began < 5
        part = next((part for s in hls.get_playlist(live, path).all for part in s.parts
                     if part.uri == hint['URI']), None)
        assert part is not None, 'the hinted part is not in the next playlist'


def test_blocking_reload(live):
    path = paths(live)[0]
    msn, part = hls.get_playlist(live, path).last
    began = time.monotonic()
    p = hls.get_playlist(live, f'{path}?_HLS_msn={msn + 1}')
    waited = time.monotonic() - began
    assert p.last >= (msn + 1, 0), 'LL-9: never stale'
    assert waited < 8
    p = hls.get_playlist(live, f'{path}?_HLS_msn={p.last[0]}&_HLS_part={p.last[1] + 1}')
    old = hls.get_playlist(live, f'{path}?_HLS_msn={p.sequence}&_HLS_part=0')
    assert old.sequence >= p.sequence, 'LL-8: an old number gets the whole playlist'


@pytest.mark.parametrize('query, status', [
    ('_HLS_part=0', 400), ('_HLS_msn=x', 400), ('_HLS_msn=-1', 400),
    ('_HLS_msn=99999999999999999999999', 400), ('_HLS_msn={msn+10}', 400),
    ('_HLS_msn={msn}&_HLS_part=1000', 400), ('_HLS_msn={msn+1}', 200),
    ('_HLS_skip=YES', 200), ('foo=bar', 200),
])
def test_directives(live, query, status):
    """LL-8, LL-10."""
    path = paths(live)[0]
    msn = hls.get_playlist(live, path).last[0]
    text = re.sub(r'\{msn(\+\d+)?\}', lambda m: str(msn + int(m.group(1) or 0)), query)
    answer = live.get(f'{path}?{text}', headers={'Origin': 'https://shop.example'})
    assert answer.status == status, answer.body[:200]
    assert answer.headers['Access-Control-Allow-Origin'], 'CORS on errors too'


def test_delta_update(make_server):
    """LL-12: skipped segments and what follows are the full playlist."""
    live = make_server({'hls.target_s': 1, 'hls.segment_s': 1})
    publish.ffmpeg(live.rtmp())
    live.wait_hls()
    path = paths(live)[0]
    poller = hls.Poller(live, path, skip=True)

    def can_skip():
        p = hls.get_playlist(live, path)
        until_s = float(p.control['CAN-SKIP-UNTIL'])
        return sum(s.duration for s in p.segments) > until_s + 3 * p.target and p
    until(can_skip, 60, 'a playlist long enough to skip from')
    delta = hls.get_playlist(live, f'{path}?_HLS_skip=YES')
    full = hls.get_playlist(live, path)
    assert delta.skipped > 0 and delta.version >= 9
    assert delta.sequence == full.sequence or full.sequence - delta.sequence <= 1
    by_msn = {s.msn: (s.extinf, s.uri, s.map) for s in full.segments}
    for s in delta.segments:
        assert by_msn[s.msn] == (s.extinf, s.uri, s.map)
    poller.wait(lambda: sum(p.skipped > 0 for p in poller.playlists) > 10, 10, 'more of them')
    poller.stop()


def test_waiting_is_over_when_the_publisher_is_gone(make_server):
    """LL-11: no request is held for ever, and the channel's end frees it at once."""
    server = make_server({'stream.grace_s': 1})
    publisher = rtmp.publisher(server.rtmp_port)
    server.wait_hls()
    path = paths(server)[0]
    publisher.stop()
    msn, _ = hls.get_playlist(server, path).last
    answers = []

    def ask():
        answers.append(server.get(f'{path}?_HLS_msn={msn + 2}', seconds=40))

    waiters = [threading.Thread(target=ask) for _ in range(20)]
    for w in waiters:
        w.start()
    publisher.peer.reset()
    began = time.monotonic()
    for w in waiters:
        w.join(30)
    assert len(answers) == 20
    assert time.monotonic() - began < 14
    assert {a.status for a in answers} <= {200, 404, 503}, [a.status for a in answers]
    assert any(b'ENDLIST' in a.body for a in answers if a.status == 200)


def test_a_waiting_request_that_goes_away_costs_nothing(live):
    """500 players leave while they wait; the others go on."""
    path = paths(live)[0]
    msn = hls.get_playlist(live, path).last[0]
    socks = []
    for _ in range(500):
        s = socket.create_connection(('127.0.0.1', live.http_port))
        s.sendall(f'GET {path}?_HLS_msn={msn + 1} HTTP/1.1\r\nHost: x\r\n\r\n'.encode())
        socks.append(s)
    for s in socks:
        s.close()
    poller = hls.Poller(live, path)
    poller.wait_updates(15)
    poller.stop()


def test_ffmpeg_plays_plain_hls(live):
    watcher = Watcher(live.hls(), timing=True).wait_pictures(200, 40)
    watcher.stop()
    watcher.check_pictures()
    watcher.check_sound()
    assert abs(watcher.skew_s()) < 0.045, watcher.skew_s()


@pytest.mark.parametrize('options', [{'bf': 2}, {'fps': 24}, {'gop': 8}],
                         ids=['bframes', '24fps', 'gop8'])
def test_kinds_of_video(server, variants, options):
    publish.ffmpeg(server.rtmp(), media.variant(variants, **options))
    server.wait_hls()
    poller = hls.Poller(server, paths(server)[0], load=True)
    watcher = Watcher(server.hls(), fps=options.get('fps', 30), timing=True).wait_pictures(120, 45)
    watcher.stop()
    poller.stop()
    watcher.check_pictures()
    watcher.check_sound()
    assert abs(watcher.skew_s()) < 0.045, watcher.skew_s()


def test_audio_only_rendition(live):
    watcher = Watcher(live.http('/live/hq/audio.m3u8'), video=False).wait_sound(6, 40)
    watcher.stop()
    watcher.check_sound()


@pytest.mark.parametrize('options', [{'no_audio': True}, {'no_video': True}],
                         ids=['video-only', 'audio-only'])
def test_one_track(server, variants, options):
    publish.ffmpeg(server.rtmp(), media.variant(variants, **options))
    server.wait_hls()
    text, playlists = hls.media_playlists(server)
    assert len(playlists) == 1, text
    poller = hls.Poller(server, playlists[0], load=True)
    poller.wait_updates(30)
    poller.stop()
    if 'no_video' in options:
        assert 'RESOLUTION' not in text
        watcher = Watcher(server.hls(), video=False).wait_sound(5, 40)
        watcher.stop()
        watcher.check_sound()
    else:
        watcher = Watcher(server.hls(), audio=False).wait_pictures(120, 40)
        watcher.stop()
        watcher.check_pictures()


def test_boxes_of_init_and_parts(live, tmp_path):
    """HLS-8: durations 0 in moov, tfdt version 1 in each traf, movie-fragment relative."""
    path = paths(live)[0]
    p = hls.get_playlist(live, path)
    init = live.get(hls.resolve(path, p.segments[-1].map)).body
    segment = live.get(hls.resolve(path, p.segments[-1].uri)).body
    assert b'mvex' in init and b'iso6' in init[:40] or b'cmfc' in init[:40]
    at = 0
    while (at := segment.find(b'tfdt', at + 1)) > 0:
        assert segment[at + 4] == 1, 'tfdt version'
    at = 0
    while (at := segment.find(b'tfhd', at + 1)) > 0:
        assert int.from_bytes(segment[at + 5:at + 8], 'big') & 0x020000, 'default-base-is-moof'
    file = tmp_path / 'segment.mp4'
    file.write_bytes(init + segment)
    result = run(['ffprobe', '-v', 'error', '-show_packets', '-of', 'csv', file])
    assert result.returncode == 0 and not result.stderr, result.stderr[:500]


def test_ranges(live):
    """HLS-24."""
    path = paths(live)[0]
    url = hls.resolve(path, hls.get_playlist(live, path).segments[-1].uri)
    whole = live.get(url).body
    answer = live.get(url, headers={'Range': 'bytes=10-19'})
    assert answer.status == 206 and answer.body == whole[10:20]
    assert answer.headers['Content-Range'] == f'bytes 10-19/{len(whole)}'
    assert live.get(url, headers={'Range': f'bytes={len(whole)}-'}).status == 416
    assert live.get(url, method='HEAD').headers['Content-Length'] == str(len(whole))


@pytest.mark.parametrize('name', ['nothing.m4s', 'main_1.m4s', '../../etc/passwd', '%2e%2e/x',
                                  'main_99999999999999999999.0.m4s'])
def test_unknown_files_are_404_at_once(live, name):
    began = time.monotonic()
    answer = live.get(hls.resolve(paths(live)[0], name))
    assert answer.status in (400, 404) and time.monotonic() - began < 3


def test_query_travels_to_the_children(make_server):
    """HLS-23: a token given with the playlist reaches all that is named in it."""
    server = make_server({'access.play': 'token', 'access.play_key': 'guests-only-please'})
    publish.ffmpeg(server.rtmp())
    until(lambda: server.get('/live/hq/index.m3u8?key=guests-only-please').status == 200, 20, 'HLS')
    watcher = Watcher(server.hls() + '?key=guests-only-please').wait_pictures(60, 30)
    watcher.stop()
    watcher.check_pictures()


def test_dates_are_true(live):
    """HLS-13: PROGRAM-DATE-TIME says when the picture was taken; on loopback, about now."""
    p = hls.get_playlist(live, paths(live)[0])
    assert abs(time.time() - p.edge_date()) < 4


def curl(server, *words):
    return run(['curl', '-sS', '--max-time', '15', *words])


def test_http2_without_tls(live):
    """h2c with prior knowledge and by upgrade."""
    need('curl')
    url = live.hls()
    prior = curl(live, '--http2-prior-knowledge', '-o', '/dev/null', '-w', '%{http_version} %{http_code}', url)
    assert prior.stdout == '2 200', prior
    upgrade = curl(live, '--http2', '-o', '/dev/null', '-w', '%{http_code}', url)
    assert upgrade.stdout == '200', upgrade


def test_http2_waiting_stream_does_not_block_its_connection(live):
    """LL-15: five requests wait, a sixth on the same connection is answered at once."""
    need('nghttp')
    path = paths(live)[0]
    msn = hls.get_playlist(live, path).last[0]
    urls = [live.http(f'{path}?_HLS_msn={msn + 1}&n={i}') for i in range(5)]
    result = run(['nghttp', '-nas', *urls, live.http(path)], 30)
    rows = [line.split() for line in result.stdout.splitlines() if '.m3u8' in line and ' 200 ' in line]
    assert len(rows) == 6, result.stdout
    first = rows[0]
    assert '_HLS_msn' not in first[-1], f'{first} came before the one that waits for nothing'


def test_many_waiting_players_by_h2(live):
    """300 blocked playlist requests over 10 connections, all answered."""
    need('h2load')
    path = paths(live)[0]
    msn = hls.get_playlist(live, path).last[0]
    result = run(['h2load', '-n', '300', '-c', '10', '-m', '30',
                  live.http(f'{path}?_HLS_msn={msn + 2}')], 40)
    assert re.search(r'300 succeeded', result.stdout), result.stdout
    assert re.search(r'status codes: 300 2xx', result.stdout), result.stdout


def test_gstreamer_plays(live):
    """An independent HLS client (adaptivedemux2): fragmented MP4 in ordinary segments."""
    need('gst-launch-1.0')
    if run(['gst-inspect-1.0', 'hlsdemux2']).returncode:
        pytest.skip('the GStreamer element hlsdemux2 is not installed')
    player = Process(['gst-launch-1.0', '-v', 'playbin3', f'uri={live.hls()}',
                      'video-sink=fakesink name=seen silent=false sync=false',
                      'audio-sink=fakesink sync=false'], name='gst-play')
    until(lambda: player.log().count('seen: last-message = chain') >= 60 or not player.alive, 40,
          lambda: f'60 pictures in GStreamer\n{player.tail(20)}')
    assert player.alive and 'ERROR' not in player.log(), player.tail()


def test_plain_player_at_the_very_start(server):
    """Who opens the address before the first segment is complete waits for it and plays."""
    publish.ffmpeg(server.rtmp())
    until(lambda: server.get('/live/hq/index.m3u8').status == 200, 10, 'HLS')
    watcher = Watcher(server.hls()).wait_pictures(60, 30)
    watcher.stop()
    watcher.check_pictures()
