# SPDX-License-Identifier: Apache-2.0
"""The cards in a composite's picture: as its own channel has the cues."""
import base64
import json
import struct
import zlib

from kit import cues
from kit.composer import Regions, is_near
from kit.composites import put, status, wait_on_air
from kit.publish import ffmpeg

GREEN = (0, 160, 0)


def png(*colour):
    """A plain picture as a data: URL."""
    def chunk(kind, data):
        return struct.pack('>I', len(data)) + kind + data + struct.pack('>I', zlib.crc32(kind + data))
    rows = b''.join(b'\0' + bytes(colour) * 32 for _ in range(32))
    data = (b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', struct.pack('>IIBBBBB', 32, 32, 8, 2, 0, 0, 0))
            + chunk(b'IDAT', zlib.compress(rows, 9)) + chunk(b'IEND', b''))
    return 'data:image/png;base64,' + base64.b64encode(data).decode()


def test_cards_are_as_the_store_has_them(make_server):
    """Two stores with one scene: headquarters' product with another price and picture in one of them,
    its own product there, and hidden in the other. Colours tell whose card it is."""
    at = (0.66, 0.16, 0.18, 0.22)  # in the product's picture on the card
    body = {'width': 640, 'height': 360, 'fps': 30, 'video_kbps': 1200, 'background': '#00a000',
            'inputs': ['live/hq'], 'layers': [
        {'id': 'main', 'type': 'channel', 'channel': 'live/hq', 'x': 0, 'y': 0, 'w': 0.5, 'h': 0.5},
        {'id': 'card', 'type': 'cues', 'channel': 'live/hq', 'template': 'product',
         'x': 0.5, 'y': 0, 'w': 0.5, 'h': 1, 'z': 5}]}
    red, violet, white = (200, 0, 0), (120, 0, 200), (235, 235, 235)
    server = make_server({})
    rules = {'rules': [{'sku': 'A1', 'data': {'price': '79', 'picture': png(*violet)}}]}
    answer = server.get('/api/v1/channels/store/a/cue-rules', method='PUT', body=json.dumps(rules))
    assert answer.status == 200, answer.body
    ffmpeg(server.rtmp('live/hq'))
    server.wait_live('live/hq')
    for store in ('a', 'b'):
        assert put(server, f'store/{store}', body)[0] == 200
    for store in ('a', 'b'):
        wait_on_air(server, f'store/{store}')
        assert status(server, f'store/{store}')['shared'] == 1
    players = [Regions(server.flv(f'store/{store}'), [(0, 0, 0.5, 0.5)], [at]) for store in ('a', 'b')]
    for player in players:
        player.wait(lambda n, c: is_near(c[0], GREEN), 20, 'the scene')
    starts = [len(player.rows) for player in players]
    cues.post(server, id='tea', kind='product',
              data={'sku': 'A1', 'title': 'Tea', 'price': '99', 'picture': png(*red)})
    for player, wanted in zip(players, (violet, red)):
        player.wait(lambda n, c, w=wanted: is_near(c[0], w), 15, f'the card {wanted}')
    # Never what it is not in this store.
    for player, start, wanted in zip(players, starts, (red, violet)):
        assert not [row for row in player.rows[start:] if is_near(row[2][0], wanted)]
    # Those who are sent the cue as well know that the picture has it.
    for store, price in (('a', '79'), ('b', '99')):
        data = server.json(f'/api/v1/channels/store/{store}/cues/tea')['data']
        assert (data['price'], data['burnt']) == (price, True), data
    assert 'burnt' not in server.json('/api/v1/channels/live/hq/cues/tea')['data']
    own = cues.post(server, 'store/a', kind='product', data={'title': 'Cup', 'picture': png(*white)})
    players[0].wait(lambda n, c: is_near(c[0], white), 15, 'its own product')
    cues.change(server, 'tea', 'store/b', hidden=True)
    players[1].wait(lambda n, c: is_near(c[0], GREEN), 15, 'no card')
    cues.end(server, own['id'], 'store/a')
    players[0].wait(lambda n, c: is_near(c[0], violet), 15, 'the card before')
    for player in players:
        player.stop()
