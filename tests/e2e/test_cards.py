# SPDX-License-Identifier: Apache-2.0
"""Product cards: uploaded pictures, templates of a folder, cues as SVG, drawn and looked at."""
import json
import os
import re
import signal
import subprocess

from kit.process import run
from kit.qr import read_codes
from kit.server import Server, binary

OWN = '''<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 300 100">
<rect width="300" height="100" fill="#00ff00"/>
<text data-field="title" x="10" y="40" data-width="200" font-size="20">s</text></svg>'''
HOSTILE = {
    'bomb': '<!DOCTYPE svg [<!ENTITY a "ha">]>\n<svg viewBox="0 0 9 9"><text>&a;</text></svg>',
    'outside': OWN.replace('<rect', '<image href="http://127.0.0.1:1/x.png"/><rect'),
    'script': OWN.replace('<rect', '<script>alert(1)</script><rect'),
    'huge': OWN.replace('300 100', '300000 100', 1),
}


def make_picture(path, size, *options):
    subprocess.run(['ffmpeg', '-v', 'error', '-y', '-f', 'lavfi', '-i', f'color=blue:s={size}',
                    '-frames:v', '1', *options, str(path)], check=True, timeout=30)
    return path.read_bytes()


def pixels(path, width, height):
    raw = subprocess.run(['ffmpeg', '-v', 'error', '-i', str(path), '-f', 'rawvideo', '-pix_fmt',
                          'rgba', '-'], capture_output=True, check=True, timeout=30).stdout
    assert len(raw) == width * height * 4
    return lambda x, y: tuple(raw[(y * width + x) * 4:][:4])


def post(server, path, body):
    answer = server.get(path, method='POST', body=body)
    return answer, json.loads(answer.body or b'{}')


def card(server, cue):
    answer = server.get(cue['card'])
    assert answer.status == 200, answer.body
    assert answer.headers['Content-Type'] == 'image/svg+xml'
    assert "default-src 'none'" in answer.headers['Content-Security-Policy']
    return answer


def test_pictures_and_cards(tmp_path):
    cards = tmp_path / 'cards'
    cards.mkdir()
    (cards / 'own.svg').write_text(OWN)
    for name, text in HOSTILE.items():
        (cards / f'{name}.svg').write_text(text)
    config = tmp_path / 'b.yaml'
    config.write_text(f'cards: {{ dir: {cards} }}\nchannels: {{ live/hq: {{}} }}\n')
    server = Server(str(tmp_path), config=str(config)).start()
    try:
        for name, reason in (('bomb', 'DOCTYPE'), ('outside', 'points outside'),
                             ('script', '<script> is not allowed'), ('huge', 'viewBox')):
            server.wait_log(rf'{name}\.svg: .*{reason}')
        picture = check_pictures(server, tmp_path)
        check_cards(server, tmp_path, picture)
        check_reload(server, cards)
    finally:
        server.stop()


def check_pictures(server, tmp_path):
    jpeg = make_picture(tmp_path / 'p.jpg', '2000x1000')
    answer, picture = post(server, '/api/v1/pictures', jpeg)
    assert answer.status == 201 and (picture['width'], picture['height']) == (2000, 1000), picture
    assert post(server, '/api/v1/pictures', jpeg)[1] == picture  # the same one again
    shown = server.get(picture['url'])
    assert shown.body == jpeg and shown.headers['Content-Type'] == 'image/jpeg'
    assert shown.headers['X-Content-Type-Options'] == 'nosniff'
    # Large bodies by HTTP/2 too, for this path alone.
    noise = tmp_path / 'noise.png'
    subprocess.run(['ffmpeg', '-v', 'error', '-y', '-f', 'lavfi', '-i',
                    'nullsrc=s=700x700,geq=random(1)*255:128:128', '-frames:v', '1', str(noise)],
                   check=True, timeout=30)
    assert noise.stat().st_size > 200000
    curl = ['curl', '-s', '--http2-prior-knowledge', '--data-binary', f'@{noise}', '-w', '%{http_code}']
    result = run([*curl, server.http('/api/v1/pictures')], 20)
    assert result.stdout.endswith('201'), result.stdout
    assert not run([*curl, server.http('/api/v1/channels/live/hq/cues')], 20).stdout.endswith('201')
    for body, code in ((b'<svg/>', 'bad_picture'), (b'', 'bad_picture'), (jpeg[:-200], 'bad_picture'),
                       (jpeg[:200], 'bad_picture'),
                       (make_picture(tmp_path / 'x.png', '5000x10'), 'bad_picture')):
        answer, error = post(server, '/api/v1/pictures', body)
        assert (answer.status, error['error']['code']) == (400, code), error
    assert server.get('/api/v1/pictures', method='POST', body=b'x' * (9 << 20)).status == 413
    assert len(server.json('/api/v1/pictures')['pictures']) == 2
    return picture


def check_cards(server, tmp_path, picture):
    data = {'title': '云南咖啡 <b>&</b>', 'price': '89', 'old_price': '¥129', 'stock': 3,
            'picture': picture['id'], 'qr': 'https://shop.example/p/1'}
    answer, cue = post(server, '/api/v1/channels/live/hq/cues', json.dumps(
        {'id': 'mug', 'kind': 'product', 'data': data}))
    assert answer.status == 201, cue
    answer = card(server, cue)
    text = answer.body.decode()
    assert 'max-age' in answer.headers['Cache-Control']
    assert '&lt;b&gt;&amp;' in text and '<b>' not in text and 'data:image/jpeg;base64,' in text
    assert len(text) < 100000  # a small copy of the picture
    svg, png = tmp_path / 'card.svg', tmp_path / 'card.png'
    svg.write_text(text)
    result = run([binary(), 'card', str(svg), '-o', str(png)], 20)
    assert result.returncode == 0, result
    at = pixels(png, 400, 640)
    assert at(200, 200)[2] > 200 and at(200, 200)[0] < 60  # the blue picture
    assert at(40, 505)[0] > 200 and at(40, 505)[1] < 120   # the price's red
    assert at(390, 600) == (255, 255, 255, 255) and at(0, 0)[3] == 0
    # Another revision is another card.
    answer = server.get('/api/v1/channels/live/hq/cues/mug', method='PATCH',
                        body=json.dumps({'data': {'price': '79', 'template': 'own', 'picture': None}}))
    assert answer.status == 200, answer.body
    changed = card(server, json.loads(answer.body)).body.decode()
    assert '#00ff00' in changed and 'data-field' not in changed
    assert server.get('/live/hq/cues/none.svg').status == 404
    # Whoever sends nonsense gets text.
    answer, cue = post(server, '/api/v1/channels/live/hq/cues', json.dumps(
        {'kind': 'text', 'data': {'text': ']]><script>alert(1)</script>\u202e' + 'x' * 3000}}))
    assert '<script' not in card(server, cue).body.decode()
    assert server.get(f'/api/v1/pictures/{picture["id"]}', method='DELETE').status == 204
    assert server.get(picture['url']).status == 404
    assert not [f for f in os.listdir(os.path.join(server.settings['data.dir'], 'pictures'))
                if f.startswith(picture['id'])]


def check_reload(server, cards):
    (cards / 'own.svg').write_text(OWN.replace('#00ff00', '#0000ff'))
    server.process.signal(signal.SIGHUP)
    server.wait_log('reloaded')
    assert b'#0000ff' in server.get('/live/hq/cues/mug.svg').body


def test_the_command(tmp_path):
    out = tmp_path / 'a.png'
    result = run([binary(), 'card', 'text', '-f', 'text=今晚十点', '-w', '360', '-o', str(out)], 20)
    assert result.returncode == 0, result
    assert pixels(out, 360, 80)(16, 40)[0] > 200
    # Codes are read back: a short one and the longest.
    for text in ('https://shop.example/p/1', 'https://shop.example/' + 'p' * 579):
        result = run([binary(), 'card', 'product', '-f', 'title=T', '-f', f'qr={text}', '-w', '800',
                      '-o', str(out)], 20)
        assert result.returncode == 0 and read_codes(out) == [text], result
    bad = tmp_path / 'bad.svg'
    bad.write_text(HOSTILE['script'])
    result = run([binary(), 'card', str(bad), '-o', str(out)], 20)
    assert result.returncode == 1 and re.search('line 2: <script> is not allowed', result.stderr)
    assert run([binary(), 'card', 'none', '-o', str(out)], 20).returncode == 1
    assert run([binary(), 'card'], 20).returncode == 2
