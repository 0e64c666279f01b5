# SPDX-License-Identifier: Apache-2.0
"""What the operator meets: the command line, signals, API, metrics, advice."""
import json
import re
import signal
import time

import pytest

from kit import media, ports, publish
from kit.flv import Viewer, WebSocketViewer
from kit.process import run
from kit.server import binary
from kit.wait import until


def branchcast(*words, **kw):
    return run([binary(), *words], 20, **kw)


def test_version():
    result = branchcast('version')
    assert result.returncode == 0
    assert re.match(r'branchcast \d+\.\d+\.\d+', result.stdout), result.stdout


@pytest.mark.parametrize('words', [('--help',), ('serve', '--help'), ('check', '--help'),
                                   ('clip', '--help')])
def test_help(words):
    result = branchcast(*words)
    assert result.returncode == 0 and 'usage' in result.stdout.lower(), result
    assert max(map(len, result.stdout.splitlines())) <= 100


@pytest.mark.parametrize('words', [(), ('nonsense',), ('serve', '--nonsense'), ('serve', '--set'),
                                   ('serve', 'nonsense'), ('clip', 'id', '0', 'end')])
def test_wrong_usage_is_2(words):
    result = branchcast(*words)
    assert result.returncode == 2, result
    assert result.stderr and not result.stdout


def test_check_prints_the_effective_configuration(tmp_path):
    file = tmp_path / 'b.yaml'
    file.write_text('hls:\n  part_ms: 300\nchannels:\n  live/hq:\n    publish_key: very-secret-1\n')
    result = branchcast('check', '-c', str(file))
    assert result.returncode == 0, result
    assert re.search(r'part_ms: 300\b', result.stdout)
    assert 'very-secret-1' not in result.stdout + result.stderr


@pytest.mark.parametrize('text, line, word', [
    ('hls:\n  part_ms: 5\n', 2, 'part_ms'),
    ('\n\nhls:\n  part_msec: 200\n', 4, 'part_msec'),
    ('rtmp:\n  listen: "nowhere:99999"\n', 2, 'listen'),
    ('hls: [1, 2\n', 2, ''),
    ('access:\n  publish: maybe\n', 2, 'publish'),
    ('channels:\n  "bad name!": {}\n', 2, 'bad name'),
])
def test_check_names_file_and_line(tmp_path, text, line, word):
    file = tmp_path / 'b.yaml'
    file.write_text(text)
    result = branchcast('check', '-c', str(file))
    assert result.returncode == 1, result
    assert re.search(rf'b\.yaml:{line}\b.*{re.escape(word)}', result.stderr), result.stderr


def test_check_of_the_sample_file():
    from kit.server import TOP
    result = branchcast('check', '-c', f'{TOP}/conf/branchcast.yaml')
    assert result.returncode == 0, result.stderr


def test_port_in_use_is_said_clearly(server, tmp_path):
    result = branchcast('serve', '--set', f'rtmp.listen=127.0.0.1:{server.rtmp_port}',
                        '--set', f'http.listen=127.0.0.1:{ports.free_port()}',
                        '--set', 'webrtc.listen=', '--set', 'srt.listen=',
                        '--set', f'data.dir={tmp_path}/other')
    assert result.returncode == 1
    assert str(server.rtmp_port) in result.stderr and 'in use' in result.stderr.lower()


def test_health(server):
    assert server.get('/healthz').status == 200
    assert server.get('/readyz').status == 200


def test_reload(make_server, tmp_path):
    """SIGHUP: what can change changes, the rest is named, errors keep the old values."""
    config = tmp_path / 'b.yaml'
    config.write_text('log:\n  level: info\n')
    server = make_server(config=str(config))
    publish.ffmpeg(server.rtmp())
    server.wait_live()
    viewer = Viewer(server.http_port).wait_tags(10)
    config.write_text('log:\n  level: debug\n')
    server.process.signal(signal.SIGHUP)
    server.wait_log(r'log\.level')
    config.write_text('log:\n  level: debug\nworkers: 3\n')
    server.process.signal(signal.SIGHUP)
    server.wait_log(r'workers.*restart')
    config.write_text('log:\n  level: nonsense\n')
    server.process.signal(signal.SIGHUP)
    server.wait_log(r'b\.yaml:2')
    viewer.wait_more(60)
    assert viewer.ended is None
    viewer.close()


def test_sigterm_drains(make_server):
    """Viewers get a proper end, the process ends by itself with 0."""
    server = make_server()
    publish.ffmpeg(server.rtmp())
    server.wait_live()
    flv = Viewer(server.http_port).wait_tags(20)
    ws = WebSocketViewer(server.http_port).wait_tags(20)
    began = time.monotonic()
    server.process.signal(signal.SIGTERM)
    assert server.process.wait(15) == 0
    assert time.monotonic() - began < 14
    flv.wait_end(2)
    ws.wait_end(2)
    assert flv.end_reason == 'last chunk'
    assert ws.close_code == 1001


def test_sigint_ends_too(make_server):
    server = make_server()
    server.process.signal(signal.SIGINT)
    assert server.process.wait(15) == 0


def test_channel_state(server):
    publish.ffmpeg(server.rtmp())
    server.wait_live()
    viewers = [Viewer(server.http_port).wait_tags(5) for _ in range(2)]
    ws = WebSocketViewer(server.http_port).wait_tags(5)
    until(lambda: server.channel()['viewers'] == 3, 5, 'three viewers')
    until(lambda: abs(server.channel()['video']['fps'] - 30) < 1.5, 10,
          lambda: f'the measured rate: {server.channel()["video"]}')
    state = server.channel()
    assert state['channel'] == 'live/hq'
    assert state['state'] == 'live'
    assert state['viewers_by_protocol']['flv'] == 2
    assert state['viewers_by_protocol']['ws_flv'] == 1
    assert (state['video']['width'], state['video']['height']) == (640, 360)
    assert state['audio']['sample_rate'] == 48000 and state['audio']['channels'] == 2
    assert re.fullmatch(r'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z', state['began_at']), state
    until(lambda: abs((server.channel()['gop_ms'] or 0) - 1000) <= 1, 10,
          lambda: f'the GOP length: {server.channel()["gop_ms"]}')
    assert server.channel()['has_b_frames'] is False
    assert server.channel()['bitrate_kbps'] > 100
    assert server.channel()['take']['encoder'], 'who pushes'
    assert len(server.channel()['takes']) == 1
    listed = server.json('/api/v1/channels')['channels']
    assert [c['channel'] for c in listed] == ['live/hq']
    public = server.json('/api/v1/public/channels')['channels']
    assert [c['channel'] for c in public] == ['live/hq']
    assert 'takes' not in json.dumps(public), 'the public list tells nothing of the publisher'
    for viewer in viewers + [ws]:
        viewer.close()


def test_unknown_channel_is_a_proper_error(server):
    answer = server.get('/api/v1/channels/live/nobody')
    assert answer.status == 404
    error = json.loads(answer.body)['error']
    assert error['code'] and error['message']


def test_metrics(server):
    publish.ffmpeg(server.rtmp())
    server.wait_live()
    viewer = Viewer(server.http_port).wait_tags(20)
    text = server.get('/metrics').body.decode()
    names = set()
    for line in text.splitlines():
        if line.startswith('#'):
            assert re.match(r'# (HELP|TYPE) branchcast_[a-z0-9_]+ ', line), line
            continue
        match = re.fullmatch(r'(branchcast_[a-z0-9_]+)(\{[^{}]*\})? -?[0-9.e+-]+', line)
        assert match, line
        names.add(match.group(1))
    assert len(names) > 10, names
    assert any('viewers' in n for n in names) and any('bytes' in n for n in names)
    viewer.close()


def advice(server):
    state = server.channel() or {}
    return {a['code'] for a in state.get('advice', [])}


@pytest.mark.parametrize('options, word', [
    ({'gop': 8}, 'gop'), ({'bf': 2}, 'b_?frames'), ({'no_audio': True}, 'no_audio')],
    ids=['gop', 'bframes', 'no-audio'])
def test_advice_to_the_host(server, variants, options, word):
    """In the API with a code and a sentence, and once in the log."""
    publish.ffmpeg(server.rtmp(), media.variant(variants, **options))
    server.wait_live()
    until(lambda: any(re.search(word, code) for code in advice(server)), 25,
          lambda: f'advice about {word}: {advice(server)}')
    item = next(a for a in server.channel()['advice'] if re.search(word, a['code']))
    assert len(item['message']) > 20
    warned = [line for line in server.log().splitlines() if item['message'][:20] in line]
    assert len(warned) == 1, warned


def test_no_advice_without_reason(server):
    publish.ffmpeg(server.rtmp())
    server.wait_live()
    Viewer(server.http_port).wait_tags(300).close()
    assert advice(server) == set()


def test_log_lines(server):
    """One line a session's begin and end, with facts; JSON when asked for."""
    push = publish.ffmpeg(server.rtmp())
    server.wait_live()
    Viewer(server.http_port).wait_tags(20).close()
    push.end()
    until(lambda: not server.is_live(), 10, 'the end')
    assert re.search(r'live/hq', server.log())


def test_json_log(make_server):
    server = make_server({'log.format': 'json'}, quiet=True)
    publish.ffmpeg(server.rtmp())
    server.wait_live()
    lines = [line for line in server.log().splitlines() if line.strip()]
    assert lines
    for line in lines:
        json.loads(line)


def test_start_page_and_static_files(server):
    answer = server.get('/')
    assert answer.status == 200 and b'Branchcast' in answer.body
    assert 'text/html' in answer.headers['Content-Type']
    script = re.search(rb'(?:src|href)="(/[^"]+\.(?:js|css))"', answer.body)
    assert script, answer.body[:500]
    asset = server.get(script.group(1).decode(), headers={'Accept-Encoding': 'gzip'})
    assert asset.status == 200
    assert server.get('/watch/live/hq').status == 200
    assert server.get('/embed/live/hq').status == 200
    assert server.get('/no/such/page.html').status == 404
