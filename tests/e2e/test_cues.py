# SPDX-License-Identifier: Apache-2.0
"""Cues by the API and over the socket: who listens, who joins, what a branch makes of them, and what
a restart leaves."""
import base64
import json
import os
import socket
import struct
import threading
import time

from kit import clips, publish
from kit.wait import until

CHANNELS = {
    'live/hq': {'record': 'never'},
    'store/1': {'sources': [{'channel': 'live/hq'}], 'record': 'never'},
}
TEA = {'id': 'tea', 'kind': 'product', 'data': {'sku': 'A1', 'title': '龙井茶', 'price': '99'}}


def ask(server, method, path, body=None):
    answer = clips.ask(server, f'channels/{path}', body, method)
    return answer.status, json.loads(answer.body) if answer.body else None


def call(server, method, path, body=None):
    status, answer = ask(server, method, path, body)
    assert status in (200, 201, 204), (method, path, status, answer)
    return answer


class Listener:
    """One who listens to /NAME/cues, by server-sent events or WebSocket; .got has the objects."""

    def __init__(self, server, channel, websocket=False):
        self.got = []
        self.ended = False
        self.websocket = websocket
        self.socket = socket.create_connection(('127.0.0.1', server.http_port), 10)
        more = ''
        if websocket:
            key = base64.b64encode(os.urandom(16)).decode()
            more = ('Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n'
                    f'Sec-WebSocket-Key: {key}\r\n')
        self.socket.sendall(f'GET /{channel}/cues HTTP/1.1\r\nHost: x\r\n{more}\r\n'.encode())
        self.file = self.socket.makefile('rb')
        self.status = int(self.file.readline().split()[1])
        self.headers = {}
        for line in iter(self.file.readline, b'\r\n'):
            name, _, value = line.decode().partition(':')
            self.headers[name.lower()] = value.strip()
        self.thread = threading.Thread(target=self.read, daemon=True)
        self.thread.start()

    def read(self):
        try:
            self.read_frames() if self.websocket else self.read_events()
        except (OSError, ValueError):
            pass
        self.ended = True

    def read_frames(self):
        while True:
            head = self.file.read(2)
            if len(head) < 2 or head[0] != 0x81:
                return
            length = head[1]
            if length == 126:
                length = struct.unpack('>H', self.file.read(2))[0]
            self.got.append(json.loads(self.file.read(length)))

    def read_events(self):
        while True:
            size = int(self.file.readline(), 16)
            text = self.file.read(size).decode()
            assert self.file.read(2) == b'\r\n'
            if size == 0:
                return
            for event in text.split('\n\n'):
                fields = dict(line.split(': ', 1) for line in event.splitlines())
                if 'data' in fields:
                    value = json.loads(fields['data'])
                    assert value['type'] == fields['event']
                    self.got.append(value)

    def cues(self):
        return [value for value in self.got if value['type'] == 'cue']

    def wait(self, condition, what):
        until(lambda: any(condition(cue) for cue in self.cues()), 5, lambda: f'{what}: {self.got}')
        return next(cue for cue in self.cues() if condition(cue))

    def close(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()


def test_cues_by_the_api_and_the_socket(make_server, tmp_path):
    config = tmp_path / 'branchcast.yaml'
    config.write_text(json.dumps({'channels': CHANNELS}))
    server = make_server(config=str(config))
    status, error = ask(server, 'POST', 'no/such/cues', TEA)
    assert (status, error['error']['code']) == (404, 'no_such_channel')
    assert server.get('/no/such/cues').status == 404
    early = Listener(server, 'live/hq')
    assert early.status == 200 and early.headers['content-type'] == 'text/event-stream'
    push = publish.ffmpeg(server.rtmp())
    server.wait_live()
    listeners = [early, Listener(server, 'live/hq'), Listener(server, 'live/hq', True),
                 Listener(server, 'store/1'), Listener(server, 'store/1', True)]
    until(lambda: all(one.got for one in listeners), 5, 'the clock')
    before = time.time()
    posted = call(server, 'POST', 'live/hq/cues', TEA)
    for one in listeners:
        assert one.wait(lambda cue: cue['id'] == 'tea', 'the cue') == posted
        assert one.got[0]['type'] == 'clock'
    assert time.time() - before < 8
    assert posted['revision'] == 1 and posted['data'] == TEA['data']
    check_errors(server)
    check_joiners(server, posted)
    check_branch(server, listeners)
    check_card(server, posted)
    check_ending(server, listeners)
    products = {'products': [{key: TEA[key] for key in ('id', 'kind', 'data')}]}
    call(server, 'PUT', 'live/hq/products', products)
    call(server, 'POST', 'live/hq/cues', {'product': 'tea', 'id': 'kept'})
    for one in listeners:
        one.wait(lambda cue: cue['id'] == 'kept', 'the prepared cue')
    # A listener that does not read is let go or kept, and harms nobody.
    listeners[1].close()
    call(server, 'POST', 'live/hq/cues', {'kind': 'custom', 'data': {'n': 1}})
    listeners[2].wait(lambda cue: cue['kind'] == 'custom', 'the next cue')
    push.end()
    server.stop()
    until(lambda: all(one.ended for one in listeners[2:]), 5, 'the goodbyes')
    server.start()
    assert call(server, 'GET', 'live/hq/products') == products
    kept = call(server, 'GET', 'live/hq/cues/kept')
    assert kept['data'] == TEA['data'] and 'ended' not in kept
    assert call(server, 'GET', 'store/1/cue-rules')['rules'] == [{'sku': 'B2', 'hidden': True}]
    publish.ffmpeg(server.rtmp())
    server.wait_live()
    late = Listener(server, 'store/1')
    late.wait(lambda cue: cue['id'] == 'kept', 'the cue that was kept')


def check_errors(server):
    deep = {'a': 1}
    for _ in range(20):
        deep = {'a': deep}
    for body, status, code in [
            (TEA, 409, 'cue_exists'),
            ({'kind': 'film', 'data': {}}, 400, 'bad_cue'),
            ({'kind': 'text', 'data': 'x'}, 400, 'bad_cue'),
            ({'kind': 'text', 'data': {'text': 'x' * 4096}}, 400, 'bad_cue'),
            ({'kind': 'text', 'data': deep}, 400, 'bad_cue'),
            ({'kind': 'text', 'data': {}, 'at': '2020-01-01T00:00:00Z'}, 400, 'bad_time'),
            ({'product': 'nothing'}, 400, 'bad_cue')]:
        got, answer = ask(server, 'POST', 'live/hq/cues', body)
        assert (got, answer['error']['code']) == (status, code), (body, answer)
    for method, path, body, status, code in [
            ('GET', 'live/hq/cues/none', None, 404, 'no_such_cue'),
            ('DELETE', 'live/hq/cues/none', None, 404, 'no_such_cue'),
            ('DELETE', 'store/1/cues/tea', None, 409, 'inherited'),
            ('PATCH', 'live/hq/cues/tea', {'hidden': True}, 409, 'not_so'),
            ('PUT', 'live/hq/cue-rules', {'rules': 1}, 400, 'bad_rules'),
            ('PUT', 'live/hq/products', {'products': [1]}, 400, 'bad_products')]:
        got, answer = ask(server, method, path, body)
        assert (got, answer['error']['code']) == (status, code), (path, answer)


def check_joiners(server, posted):
    for channel in ('live/hq', 'store/1'):
        for websocket in (False, True):
            joiner = Listener(server, channel, websocket)
            assert joiner.wait(lambda cue: cue['id'] == 'tea', 'what runs') == posted
            joiner.close()
        assert server.json(f'/{channel}/cues.json') == {'cues': [posted]}
    clock = Listener(server, 'live/hq')
    until(lambda: clock.got, 5, 'the clock')
    ahead = clock.got[0]['clock_ms'] - posted['at_ms']
    assert 0 <= ahead < 30000, (clock.got[0], posted)
    clock.close()


def check_branch(server, listeners):
    hq, store = listeners[1], listeners[4]
    answer = call(server, 'PATCH', 'store/1/cues/tea', {'data': {'price': '79'}})
    assert answer['data']['price'] == '79' and answer['card'] == '/store/1/cues/tea.svg?rev=2'
    assert store.wait(lambda cue: cue['revision'] == 2, 'the price') == answer
    call(server, 'PATCH', 'store/1/cues/tea', {'hidden': True})
    assert store.wait(lambda cue: cue['revision'] == 3, 'it goes')['ended']
    assert call(server, 'GET', 'store/1/cues') == {'cues': []}
    own = call(server, 'POST', 'store/1/cues', {'kind': 'text', 'data': {'text': 'here'}})
    assert store.wait(lambda cue: cue['kind'] == 'text', 'its own') == own
    assert call(server, 'GET', 'store/1/cues?own=1') == {'cues': [own]}
    call(server, 'PUT', 'store/1/cue-rules', {'rules': [{'sku': 'B2', 'hidden': True}]})
    call(server, 'POST', 'live/hq/cues', {'id': 'cup', 'kind': 'product', 'data': {'sku': 'B2'}})
    hq.wait(lambda cue: cue['id'] == 'cup', "headquarters' next")
    call(server, 'PATCH', 'live/hq/cues/tea', {'data': {'stock': 3}})
    hq.wait(lambda cue: cue['id'] == 'tea' and cue['revision'] == 2, 'the change')
    assert not any(cue['id'] == 'cup' for cue in store.cues())
    assert [cue['data']['price'] for cue in hq.cues() if cue['id'] == 'tea'] == ['99', '99']


def check_card(server, posted):
    answer = server.get(posted['card'])
    assert answer.status == 200 and answer.headers['Content-Type'] == 'image/svg+xml'
    assert '龙井茶' in answer.body.decode() and b'<script' not in answer.body
    assert '79' in server.get('/store/1/cues/tea.svg').body.decode()
    assert server.get('/live/hq/cues/none.svg').status == 404


def check_ending(server, listeners):
    call(server, 'DELETE', 'live/hq/cues/tea')
    gone = listeners[2].wait(lambda cue: cue['id'] == 'tea' and cue.get('ended'), 'its end')
    assert gone['duration_ms'] > 0
    assert ask(server, 'DELETE', 'live/hq/cues/tea')[1]['error']['code'] == 'cue_over'
