# SPDX-License-Identifier: Apache-2.0
"""A small RTMP peer for what real encoders do not do on demand: half-open connections, odd
bytes, and reading the exact answers."""
import os
import socket
import struct
import threading
import time

from . import flv
from .media import SAMPLE

CONTROL_TYPES = (1, 2, 3, 4, 5, 6)


# AMF0, as far as the tests need it

def amf_write(value):
    if isinstance(value, bool):
        return b'\x01' + bytes([value])
    if isinstance(value, (int, float)):
        return b'\x00' + struct.pack('>d', value)
    if isinstance(value, str):
        return b'\x02' + struct.pack('>H', len(value.encode())) + value.encode()
    if value is None:
        return b'\x05'
    if isinstance(value, dict):
        body = b''.join(struct.pack('>H', len(k)) + k.encode() + amf_write(v)
                        for k, v in value.items())
        return b'\x03' + body + b'\x00\x00\x09'
    if isinstance(value, list):
        return b'\x0a' + struct.pack('>I', len(value)) + b''.join(amf_write(v) for v in value)
    raise TypeError(value)


def amf_read(data, at):
    kind = data[at]
    at += 1
    if kind == 0:
        return struct.unpack_from('>d', data, at)[0], at + 8
    if kind == 1:
        return bool(data[at]), at + 1
    if kind == 2:
        n, = struct.unpack_from('>H', data, at)
        return data[at + 2:at + 2 + n].decode(), at + 2 + n
    if kind in (3, 8):
        at += 4 if kind == 8 else 0
        out = {}
        while data[at:at + 3] != b'\x00\x00\x09':
            n, = struct.unpack_from('>H', data, at)
            key = data[at + 2:at + 2 + n].decode()
            out[key], at = amf_read(data, at + 2 + n)
        return out, at + 3
    if kind in (5, 6):
        return None, at
    if kind == 10:
        n, = struct.unpack_from('>I', data, at)
        at += 4
        out = []
        for _ in range(n):
            value, at = amf_read(data, at)
            out.append(value)
        return out, at
    raise ValueError(f'AMF0 type {kind}')


def amf_read_all(data):
    values, at = [], 0
    while at < len(data):
        value, at = amf_read(data, at)
        values.append(value)
    return values


class Closed(Exception):
    """The server closed the connection."""


class Peer:
    """One connection. Blocking, with the timeout given; raises Closed at the end."""

    def __init__(self, port, *, seconds=10, handshake=True, sock=None):
        self.sock = sock or socket.create_connection(('127.0.0.1', port), timeout=seconds)
        self.sock.settimeout(seconds)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.in_chunk = 128
        self.out_chunk = 128
        self.buffer = b''
        self.received = 0
        self.streams = {}
        self.transaction = 0
        if handshake:
            self.handshake()

    # bytes

    def send(self, data):
        try:
            self.sock.sendall(data)
        except (BrokenPipeError, ConnectionResetError) as e:
            raise Closed(str(e)) from None

    def read(self, n):
        while len(self.buffer) < n:
            try:
                data = self.sock.recv(65536)
            except ConnectionResetError as e:
                raise Closed(str(e)) from None
            if not data:
                raise Closed('end of stream')
            self.buffer += data
            self.received += len(data)
        data, self.buffer = self.buffer[:n], self.buffer[n:]
        return data

    def handshake(self):
        c1 = struct.pack('>II', 0, 0) + os.urandom(1528)
        self.send(b'\x03' + c1)
        s0s1 = self.read(1537)
        assert s0s1[0] == 3, f'S0 is {s0s1[0]}'
        self.send(s0s1[1:])
        s2 = self.read(1536)
        assert s2 == c1, 'S2 is not the copy of C1'

    # messages

    def chunks(self, csid, kind, time_ms, stream, payload):
        extended = time_ms >= 0xffffff
        field = 0xffffff if extended else time_ms
        tail = struct.pack('>I', time_ms & 0xffffffff) if extended else b''
        head = (bytes([csid]) + field.to_bytes(3, 'big') + len(payload).to_bytes(3, 'big')
                + bytes([kind]) + struct.pack('<I', stream) + tail)
        out = [head, payload[:self.out_chunk]]
        for at in range(self.out_chunk, len(payload), self.out_chunk):
            out += [bytes([0xc0 | csid]) + tail, payload[at:at + self.out_chunk]]
        return b''.join(out)

    def message(self, csid, kind, time_ms, stream, payload):
        self.send(self.chunks(csid, kind, time_ms, stream, payload))

    def set_chunk_size(self, size):
        self.message(2, 1, 0, 0, struct.pack('>I', size))
        self.out_chunk = size

    def command(self, name, *args, stream=0, transaction=None):
        if transaction is None:
            self.transaction += 1
            transaction = self.transaction
        body = amf_write(name) + amf_write(transaction) + b''.join(map(amf_write, args))
        self.message(3, 20, 0, stream, body)
        return transaction

    def next_message(self):
        """(kind, time, payload) of the next message, control included."""
        while True:
            first = self.read(1)[0]
            form, csid = first >> 6, first & 63
            if csid == 0:
                csid = self.read(1)[0] + 64
            elif csid == 1:
                low, high = self.read(2)
                csid = high * 256 + low + 64
            state = self.streams.setdefault(
                csid, {'time': 0, 'delta': 0, 'length': 0, 'kind': 0, 'ext': False, 'body': b''})
            if form < 3:
                field = int.from_bytes(self.read(3), 'big')
                if form < 2:
                    state['length'] = int.from_bytes(self.read(3), 'big')
                    state['kind'] = self.read(1)[0]
                if form == 0:
                    self.read(4)
                state['ext'] = field == 0xffffff
                if state['ext']:
                    field = int.from_bytes(self.read(4), 'big')
                if form == 0:
                    state['time'], state['delta'] = field, field
                else:
                    state['delta'] = field
                    state['time'] = state['time'] + field & 0xffffffff
            else:
                if state['ext']:
                    self.read(4)
                if not state['body']:
                    state['time'] = state['time'] + state['delta'] & 0xffffffff
            missing = state['length'] - len(state['body'])
            state['body'] += self.read(min(missing, self.in_chunk))
            if len(state['body']) == state['length']:
                body, state['body'] = state['body'], b''
                if state['kind'] == 1:
                    self.in_chunk = int.from_bytes(body[:4], 'big')
                return state['kind'], state['time'], body

    def next_command(self):
        while True:
            kind, _, body = self.next_message()
            if kind == 20:
                return amf_read_all(body)

    def wait_command(self, *names):
        while True:
            values = self.next_command()
            if values[0] in names:
                return values

    # flows

    def connect(self, app='live', **more):
        self.command('connect', {'app': app, 'type': 'nonprivate', 'flashVer': 'FMLE/3.0 (test)',
                                 'tcUrl': f'rtmp://127.0.0.1/{app}', **more})
        return self.wait_command('_result', '_error')

    def create_stream(self):
        number = self.command('createStream', None)
        while True:
            answer = self.wait_command('_result', '_error')
            if answer[1] == number:    # not of releaseStream or FCPublish
                return int(answer[3])

    def publish(self, name='hq', app='live'):
        """The code of the answer to publish, such as NetStream.Publish.Start."""
        answer = self.connect(app)
        if answer[0] == '_error':
            return answer[3]['code']
        self.set_chunk_size(4096)
        self.command('releaseStream', None, name)
        self.command('FCPublish', None, name)
        self.stream = self.create_stream()
        self.command('publish', None, name, 'live', stream=self.stream)
        return self.wait_command('onStatus')[3]['code']

    def play(self, name='hq', app='live', **more):
        self.connect(app, **more)
        self.stream = self.create_stream()
        self.command('play', None, name, -2000, stream=self.stream)
        return self.wait_command('onStatus')[3]['code']

    def unpublish(self, name='hq'):
        self.command('FCUnpublish', None, name)
        self.command('deleteStream', None, self.stream)

    def reset(self):
        """Closes with a RST, as a dying host does."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
        self.sock.close()

    def close(self):
        self.sock.close()

    def is_closed(self):
        """Reads what is there and tells whether the server has closed."""
        self.sock.settimeout(0.01)
        try:
            while True:
                if not self.sock.recv(65536):
                    return True
        except (ConnectionResetError, BrokenPipeError):
            return True
        except OSError:
            return False


# The sample, tag by tag

def flv_tags(path=SAMPLE):
    with open(path, 'rb') as f:
        data = f.read()
    at = 13
    while at + 11 <= len(data):
        size = int.from_bytes(data[at + 1:at + 4], 'big')
        time_ms = int.from_bytes(data[at + 4:at + 7], 'big') | data[at + 7] << 24
        yield data[at], time_ms, data[at + 11:at + 11 + size]
        at += 11 + size + 4


class Publisher:
    """Pushes the sample from a thread, in real time, over a Peer that already publishes."""

    def __init__(self, peer, *, path=SAMPLE, loop_ms=16000, offset_ms=0, change=None):
        self.peer = peer
        self.sent = 0
        self.error = None
        self._change = change or (lambda kind, t, body: (kind, t, body))
        self._stop = threading.Event()
        self._args = list(flv_tags(path)), loop_ms, offset_ms
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        tags, loop_ms, offset_ms = self._args
        began = time.monotonic()
        lap = 0
        try:
            while True:
                for kind, t, body in tags:
                    if lap and (kind == 18 or body[1] == 0):
                        continue
                    due = t + lap * loop_ms
                    if self._stop.wait(max(0.0, began + due / 1000 - time.monotonic())):
                        return
                    item = self._change(kind, due + offset_ms, body)
                    if item:
                        k, when, data = item
                        csid = {8: 4, 9: 6}.get(k, 5)
                        self.peer.message(csid, k, when & 0xffffffff, self.peer.stream, data)
                        self.sent += 1
                lap += 1
        except (Closed, OSError) as e:
            self.error = e

    def stop(self):
        self._stop.set()
        self._thread.join(5)


def publisher(port, name='hq', app='live', **kw):
    peer = Peer(port)
    code = peer.publish(name, app)
    assert code == 'NetStream.Publish.Start', code
    return Publisher(peer, **kw)


class Player:
    """A viewer that reads in a thread; `tags` as an FLV viewer has them."""

    def __init__(self, port, name='hq', app='live'):
        self.peer, self.tags, self.end_reason = Peer(port), [], None
        code = self.peer.play(name, app)
        assert code.startswith('NetStream.Play.'), code
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        try:
            while True:
                kind, time_ms, body = self.peer.next_message()
                if kind in (flv.AUDIO, flv.VIDEO, flv.DATA) and body:
                    self.tags.append(flv.Tag(kind, time_ms, body, time.monotonic()))
        except (Closed, OSError) as e:
            self.end_reason = repr(e)

    media = flv.Viewer.media

    def close(self):
        self.peer.sock.shutdown(socket.SHUT_RDWR)
        self.peer.close()
        self._thread.join(5)
