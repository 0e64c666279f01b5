# SPDX-License-Identifier: Apache-2.0
"""The pages by WebRTC in Chromium: viewers by WHEP, a host by WHIP, and what happens without."""
import json
import os
import socket
import threading

import pytest

from kit import ports, publish
from kit.browser import check_grows, check_stalls, look_at, pictures_directory
from kit.process import need, run
from kit.server import TOP
from kit.wait import until
from test_watch_page import Numbered

SCRIPT = os.path.join(TOP, 'tests', 'e2e', 'browser', 'webrtc.mjs')
WATCH_S = 20
FALLBACK_MS = 3000


def browse(scenario, server, seconds=0, channel='live/hq', **job):
    need('node')
    job.update(scenario=scenario, base=server.http(''), channel=channel, seconds=seconds)
    result = run(['node', SCRIPT, json.dumps(job)], seconds + 90)
    if result.returncode == 77:
        pytest.skip(result.stdout.strip())
    assert result.returncode == 0, result.stderr[-3000:]
    answer = json.loads(result.stdout.splitlines()[-1])
    assert answer['error'] is None, f'{answer["error"]}\n{answer["console"][-10:]}'
    return answer


def webrtc(**more):
    return {'webrtc.listen': f'127.0.0.1:{ports.free_port()}', **more}


def exceptions(answer):
    return [line for line in answer['console'] if line.startswith('exception')]


def check_steady(samples):
    check_grows([s['decoded_frames'] for s in samples], [s['late_ms'] for s in samples])
    check_stalls(samples[-1], samples[-1]['late_ms'])


@pytest.mark.limit(120)
def test_watch_page_prefers_webrtc(make_server):
    """Numbered pictures, without a freeze and a fraction of a second old."""
    server = make_server(webrtc())
    numbered = Numbered(server)
    server.wait_live()
    jobs = [{'name': 'auto', 'url': server.http('/watch/live/hq'), 'seconds': WATCH_S, 'panel': True,
             'screenshot': os.path.join(pictures_directory(), 'watch-whep.png')},
            {'name': 'zh', 'url': server.http('/watch/live/hq?protocol=whep'), 'seconds': WATCH_S,
             'width': 390, 'height': 844, 'language': 'zh-CN', 'panel': True,
             'screenshot': os.path.join(pictures_directory(), 'watch-whep-phone.png')}]
    results = look_at(jobs, WATCH_S)
    numbered.publisher.stop()
    for name, result in results.items():
        assert result['error'] is None, f'{name}: {result["error"]}\n{result["console"][-10:]}'
        bad = [line for line in result['console'] if line.startswith(('error', 'exception'))]
        assert not bad, f'{name}: {bad[:5]}'
        assert result['overflow'] <= 0
        own = [{**s['stats'], 'late_ms': s['late_ms']} for s in result['samples']]
        assert own[-1]['player'] == 'whep', own[-1]
        # A machine that is busy with other tests may stop the browser once for a moment.
        assert own[-1]['freeze_ms'] <= max(500, own[-1]['late_ms']), own[-1]
        assert own[-1]['first_frame_ms'] < 3000, own[-1]
        check_steady(own)
        seen = sorted(x for x in map(numbered.latency, result['samples'][3:]) if x is not None)
        assert len(seen) > WATCH_S // 2, f'{name}: the numbers in the picture cannot be read'
        assert seen[len(seen) // 2] < 0.5, f'{name}: {seen}'


@pytest.mark.limit(120)
def test_watch_page_falls_back_when_the_port_is_silent(make_server):
    """Both UDP and TCP swallow what is sent: nothing says so but the clock."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as hole, socket.socket() as tcp_hole:
        port = ports.free_port()
        hole.bind(('127.0.0.1', port))
        tcp_hole.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        tcp_hole.bind(('127.0.0.1', port))
        tcp_hole.listen(64)
        server = make_server(webrtc(**{'webrtc.public_addresses': f'127.0.0.1:{port}'}))
        publish.ffmpeg(server.rtmp())
        server.wait_hls()
        answer = browse('fallback', server)
    assert answer['first']['player'] == 'llhls', answer
    assert answer['first']['reason'] == 'blocked', answer['first']
    assert answer['first_ms'] < FALLBACK_MS + 1000 + 2 * answer['first']['late_ms'], answer
    assert answer['again']['player'] == 'llhls', answer
    assert answer['again_ms'] < answer['first_ms'] - 500, 'a reload waited again'
    assert not exceptions(answer)


@pytest.mark.limit(120)
def test_watch_page_without_webrtc(make_server):
    server = make_server({'webrtc.listen': ''})
    publish.ffmpeg(server.rtmp())
    server.wait_hls()
    answer = browse('fallback', server)
    assert answer['first']['player'] == 'llhls', answer
    assert answer['first']['reason'] == 'webrtc_off', answer['first']
    assert min(answer['first_ms'], answer['again_ms']) < FALLBACK_MS, answer


@pytest.mark.limit(150)
def test_a_host_goes_live_from_the_browser(make_server):
    server = make_server(webrtc(), open_access=False)
    answer = browse('publish', server, 12, key=server.publish_key(), players=['whep', 'llhls', 'flv'],
                    screenshot=os.path.join(pictures_directory(), 'golive-phone.png'))
    assert answer['live_ms'] < 8000, answer['live_ms']
    for player, samples in answer['seen'].items():
        assert samples[-1]['player'] == player, samples[-1]
        check_steady(samples[4:])
    assert answer['seen']['whep'][-1]['height'] > 0
    assert answer['numbers']['codec'] == 'video/H264', answer['numbers']
    assert answer['numbers']['health'] == 'good', answer['numbers']
    assert 'You are live.' in answer['text'], answer['text']
    assert answer['overflow'] <= 0
    assert 'key' not in answer['address'], answer['address']
    assert answer['last']['state'] == 'ended', f'viewers do not see that it is over: {answer["last"]}'
    assert not exceptions(answer)


@pytest.mark.limit(60)
@pytest.mark.parametrize('language, key, words', [
    ('en-US', 'not-the-key', 'publish key is wrong'), ('zh-CN', 'not-the-key', '密钥错误'),
    ('en-US', '', 'asks for a publish key')])
def test_a_host_with_a_wrong_key_is_told_so(make_server, language, key, words):
    server = make_server(webrtc(), open_access=False)
    answer = browse('refused', server, key=key, language=language)
    assert words in answer['saying'], answer['saying']


@pytest.mark.limit(150)
def test_layers_and_one_size_of_picture(make_server):
    """With ?simulcast=1 three layers leave the browser; every viewer gets one of them."""
    server = make_server(webrtc())
    answer = browse('publish', server, 8, players=['whep', 'flv'], query={'simulcast': '1'})
    for player, samples in answer['seen'].items():
        check_steady(samples[4:])
        assert samples[-1]['height'] in (180, 360, 720), samples[-1]


@pytest.mark.limit(90)
def test_watch_page_goes_by_tcp_where_udp_is_blocked(make_server):
    server = make_server(webrtc())
    publish.ffmpeg(server.rtmp())
    server.wait_live()
    answer = browse('fallback', server, only_tcp=True)
    assert answer['later']['player'] == 'whep', answer
    assert answer['later']['transport'] == 'tcp', answer['later']


@pytest.mark.limit(150)
def test_pages_come_back_after_the_server_did(make_server):
    """kill -9 of the server: host and viewer are back without a touch."""
    server = make_server(webrtc())
    answers = {}
    thread = threading.Thread(target=lambda: answers.update(browse('survive', server, 60)))
    thread.start()
    until(lambda: (server.channel() or {}).get('viewers', 0) >= 1 or not thread.is_alive(), 40,
          'somebody who watches')
    server.process.kill()
    server.start()
    thread.join(120)
    if not answers:
        pytest.skip('no browser')
    assert 'Reconnecting' in answers['saying'], answers['saying']
    assert answers['after']['state'] == 'playing', answers['after']


@pytest.mark.limit(90)
def test_messages_reach_the_page(make_server):
    server = make_server(webrtc())
    publish.ffmpeg(server.rtmp())
    server.wait_live()
    messages = [{'data': {'card': 7}}, {'text': '满 100 减 20 <b>'}]
    answer = browse('message', server, messages=messages)
    assert answer['statuses'] == [202, 202]
    assert answer['seen'] == [{'type': 'data', **messages[0]}, {'type': 'text', **messages[1]}]
    assert answer['toast'] == messages[1]['text']
