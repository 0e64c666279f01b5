# SPDX-License-Identifier: Apache-2.0
"""Composite channels: the server starts the composers, stores with the same scene share one, and a
composer that dies costs viewers nothing but the scene."""
import json
import os
import signal
import subprocess
import time

from kit.composer import Regions, is_near
from kit.composites import children, put, status, wait_on_air
from kit.flv import Viewer
from kit.publish import ffmpeg
from kit.qr import read_codes
from kit.wait import until

CORNER = (0.7, 0.7, 0.2, 0.2)
GREEN, BLUE = (0, 160, 0), (0, 0, 200)
FALLBACK = {'channels.store/a.source_wait_ms': 500, 'channels.store/a.source_stable_ms': 500,
            'channels.store/b.source_stable_ms': 500, 'compose.max': 3}


def scene(colour):
    """Headquarters above a plain colour, which is seen in the corner."""
    return {'width': 640, 'height': 360, 'fps': 30, 'video_kbps': 1200, 'background': colour,
            'inputs': ['live/hq', 'store/guide'],
            'layers': [{'id': 'main', 'type': 'channel', 'channel': 'live/hq', 'x': 0, 'y': 0,
                        'w': 0.6, 'h': 0.6}]}


def changes(server, player):
    """Another scene in place, and a take with a fade and back; no keyframe is awaited."""
    waits = []
    for colour, wanted in (('#0000c8', BLUE), ('#00a000', GREEN), ('#0000c8', BLUE)):
        began = time.monotonic()
        assert put(server, 'store/a', scene(colour))[0] == 200
        waits.append(player.wait(lambda n, c, w=wanted: is_near(c[0], w), 10, colour) - began)
    # To be seen it has to pass the encoder, the server and a player that decodes on this machine.
    assert min(waits) < 0.7, waits
    assert put(server, 'store/a', scene('#00a000'), '/preview')[0] == 200
    start = len(player.rows)
    assert put(server, 'store/a', {'effect': 'fade', 'ms': 600}, '/take', 'POST')[0] == 200
    until(lambda: is_near(player.rows[-1][2][0], GREEN), 10, 'the end of the fade')
    mixed = [row for row in player.rows[start:] if is_near(row[2][0], (0, 80, 100), 45)]
    assert len(mixed) >= 4, 'both scenes in a fade of 18 pictures'
    preview = server.json('/api/v1/channels/store/a/scene/preview')['scene']
    assert preview['background'].lower().startswith('#0000c8'), preview


def sharing(server):
    """The same scene is one process; a store that changes it gets its own."""
    assert put(server, 'store/b', scene('#00a000'))[1]['shared'] == 2
    wait_on_air(server, 'store/b')
    assert len(children(server.process.pid)) == 1
    assert put(server, 'store/b', scene('#0000c8'))[0] == 200
    until(lambda: len(children(server.process.pid)) == 2, 10, 'a composer of its own')
    assert status(server, 'store/a')['shared'] == 1
    wait_on_air(server, 'store/b')
    assert put(server, 'store/b', '', method='DELETE')[0] == 204
    until(lambda: len(children(server.process.pid)) == 1, 10, 'that it ends')


def death(server, player):
    """Viewers see headquarters' clean picture, then the scene again, on one connection."""
    viewer = Viewer(server.http_port, '/store/a.flv')
    viewer.wait_tags(30)
    pid = children(server.process.pid)[0]
    os.kill(pid, signal.SIGKILL)
    player.wait(lambda n, c: not is_near(c[0], GREEN), 10, 'the clean picture')
    wait_on_air(server, 'store/a')
    player.wait(lambda n, c: is_near(c[0], GREEN), 10, 'the scene')
    assert children(server.process.pid) and children(server.process.pid)[0] != pid
    viewer.wait_more(60)
    viewer.check_times()
    viewer.close()


def refusals(server):
    for body, place in (('{', ''), ('[' * 4000, ''), ({'width': 99999}, 'width'),
                        ({'layers': [{'id': 'a', 'type': 'channel', 'channel': 'live/hq',
                                      'w': 9}]}, 'layers[0].w'),
                        ({'layers': [{'id': 'a', 'type': 'picture',
                                      'picture': '/etc/passwd'}]}, 'picture')):
        code, answer = put(server, 'store/a', body)
        assert code == 400 and place in answer['error']['message'], answer
    own = {**scene('#00a000'), 'inputs': ['store/a']}
    assert put(server, 'store/a', own)[1]['error']['code'] == 'circle'
    for n in (1, 2):
        assert put(server, f'store/more{n}', scene(f'#00000{n}'))[0] == 200
    code, answer = put(server, 'store/more3', scene('#000003'))
    assert code == 409 and answer['error']['code'] == 'too_many_composers', answer
    for n in (1, 2):
        assert put(server, f'store/more{n}', '', method='DELETE')[0] == 204


def preview(server):
    def picture():
        answer = server.get('/api/v1/channels/store/a/scene/preview.jpg')
        return answer if answer.status == 200 else None
    until(picture, 10, lambda: f'a picture\n{server.process.tail()}')
    assert picture().body[:3] == b'\xff\xd8\xff'


def test_composites(make_server):
    server = make_server(FALLBACK)
    assert put(server, 'store/a', scene('#00a000'))[0] == 200
    host = ffmpeg(server.rtmp('live/hq'))
    server.wait_live('live/hq')
    wait_on_air(server, 'store/a')
    player = Regions(server.flv('store/a'), [(0, 0, 0.6, 0.6)], [CORNER])
    player.wait(lambda n, c: is_near(c[0], GREEN) and n[0] is not None, 20, 'the scene')
    changes(server, player)
    preview(server)
    sharing(server)
    death(server, player)
    refusals(server)
    player.stop()
    # What the API set is there again after a restart.
    server.stop()
    server.start()
    assert server.json('/api/v1/channels/store/a/scene')['origin'] == 'api'
    assert host is not None


TEMPLATE = '''<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 300 100">
<rect width="300" height="100" fill="#00a000"/><rect x="150" width="150" height="100" fill="#c80000"
data-if="hot"/></svg>'''


def test_uploaded_pictures_templates_and_codes(make_server, tmp_path):
    """A scene without a channel: a picture that was uploaded, a card of a template of cards.dir,
    a product's card and a plain QR code, looked at in what viewers get."""
    (tmp_path / 'cards').mkdir()
    (tmp_path / 'cards' / 'own.svg').write_text(TEMPLATE)
    (tmp_path / 'b.yaml').write_text(f'cards: {{ dir: {tmp_path}/cards }}\nchannels: {{}}\n')
    server = make_server(config=str(tmp_path / 'b.yaml'))
    picture = tmp_path / 'blue.png'
    subprocess.run(['ffmpeg', '-v', 'error', '-y', '-f', 'lavfi', '-i', 'color=0x0000c8:s=400x200',
                    '-frames:v', '1', str(picture)], check=True, timeout=30)
    answer = server.get('/api/v1/pictures', method='POST', body=picture.read_bytes())
    assert answer.status == 201, answer.body
    layers = [
        {'type': 'picture', 'picture': json.loads(answer.body)['id'], 'x': 0, 'y': 0, 'w': 0.3,
         'h': 0.3, 'fit': 'cover'},
        {'type': 'card', 'template': 'own', 'data': {'hot': True}, 'x': 0, 'y': 0.5, 'w': 0.3,
         'h': 0.178},
        {'type': 'card', 'template': 'product', 'x': 0.35, 'y': 0, 'w': 0.35, 'h': 1,
         'data': {'title': 'Tea', 'price': '98', 'qr': 'https://shop.example/p/1'}},
        {'type': 'qr', 'text': 'https://shop.example/live', 'x': 0.75, 'y': 0.25, 'w': 0.22,
         'h': 0.4}]
    assert put(server, 'store/c', {'width': 1280, 'height': 720, 'fps': 10, 'background': '#ffffff',
                                   'layers': layers})[0] == 200
    wait_on_air(server, 'store/c')
    shot = tmp_path / 'shot.png'
    subprocess.run(['ffmpeg', '-v', 'error', '-nostdin', '-y', '-i', server.flv('store/c'),
                    '-frames:v', '1', str(shot)], check=True, timeout=30)
    raw = subprocess.run(['ffmpeg', '-v', 'error', '-i', str(shot), '-f', 'rawvideo', '-pix_fmt',
                          'rgb24', '-'], capture_output=True, check=True, timeout=30).stdout
    assert len(raw) == 1280 * 720 * 3
    for (x, y), wanted in (((100, 100), BLUE), ((50, 400), GREEN), ((300, 400), (200, 0, 0)),
                           ((100, 300), (255, 255, 255)), ((100, 600), (255, 255, 255))):
        colour = tuple(raw[(y * 1280 + x) * 3:][:3])
        assert is_near(colour, wanted, 12), f'{colour} at {x}, {y}: {shot}'
    assert read_codes(shot) == ['https://shop.example/live', 'https://shop.example/p/1'], shot
