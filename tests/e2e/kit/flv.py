# SPDX-License-Identifier: Apache-2.0
"""A viewer that reads FLV bytes over HTTP or a WebSocket, without decoding."""
import base64
import os
import socket
import struct
import threading
import time

from .wait import until

AUDIO, VIDEO, DATA = 8, 9, 18


class Tag:
    def __init__(self, kind, time_ms, body, arrived):
        self.kind, self.time_ms, self.body, self.arrived = kind, time_ms, body, arrived

    @property
    def is_header(self):
        if self.is_enhanced:
            return self.body[0] & 15 == 0
        return self.kind in (AUDIO, VIDEO) and len(self.body) > 1 and self.body[1] == 0

    @property
    def is_enhanced(self):
        """With a FourCC (enhanced RTMP)."""
        return self.kind == VIDEO and bool(self.body[0] & 0x80)

    @property
    def is_keyframe(self):
        return self.kind == VIDEO and self.body[0] >> 4 & 7 == 1 and not self.is_header

    @property
    def picture(self):
        """What follows the header of a tag with video: length-prefixed units, or the set-up."""
        return self.body[8 if self.is_enhanced and self.body[0] & 15 == 1 else 5:]

    def __repr__(self):
        return f'<{self.kind} {self.time_ms} ms {len(self.body)} B>'


class Parser:
    """FLV by the book: every field that has only one right value is checked (FLV-1)."""

    def __init__(self):
        self.data = b''
        self.header = None
        self.tags = []

    def feed(self, data):
        self.data += data
        if self.header is None:
            if len(self.data) < 13:
                return
            self.header = self.data[:13]
            assert self.header[:4] == b'FLV\x01', self.header
            assert self.header[5:] == b'\x00\x00\x00\x09\x00\x00\x00\x00', self.header
            self.data = self.data[13:]
        while len(self.data) >= 11:
            size = int.from_bytes(self.data[1:4], 'big')
            if len(self.data) < 11 + size + 4:
                return
            assert self.data[0] in (AUDIO, VIDEO, DATA), f'tag type {self.data[0]}'
            assert self.data[8:11] == b'\x00\x00\x00', 'StreamID is not 0'
            previous = int.from_bytes(self.data[11 + size:15 + size], 'big')
            assert previous == 11 + size, f'PreviousTagSize {previous} after {11 + size}'
            when = int.from_bytes(self.data[4:7], 'big') | self.data[7] << 24
            self.tags.append(Tag(self.data[0], when, self.data[11:11 + size], time.monotonic()))
            self.data = self.data[15 + size:]

    @property
    def has_video(self):
        return bool(self.header[4] & 1)

    @property
    def has_audio(self):
        return bool(self.header[4] & 4)


class Chunked:
    """Transfer-Encoding: chunked, taken off."""

    def __init__(self):
        self.data = b''
        self.left = 0
        self.ended = False

    def feed(self, data):
        self.data += data
        out = []
        while self.data and not self.ended:
            if self.left == 0:
                line, found, rest = self.data.partition(b'\r\n')
                if not found:
                    break
                size = int(line.split(b';')[0], 16)
                self.data, self.left = rest, size + 2
                self.ended = size == 0
                continue
            piece = self.data[:self.left]
            self.data = self.data[len(piece):]
            keep = max(0, self.left - 2)
            out.append(piece[:keep])
            self.left -= len(piece)
        return b''.join(out)


class Viewer:
    """One FLV viewer with a thread that reads until the end or close()."""

    def __init__(self, port, path='/live/hq.flv', *, version='1.1', headers=None, paused=False,
                 host='127.0.0.1', sock=None):
        self.began = time.monotonic()
        self.parser = Parser()
        self.ended = None      # when the stream ended, and why
        self.end_reason = None
        self.sock = sock or socket.create_connection((host, port), timeout=20)
        lines = [f'GET {path} HTTP/{version}', f'Host: {host}:{port}']
        lines += [f'{k}: {v}' for k, v in (headers or {}).items()]
        self.sock.sendall(('\r\n'.join(lines) + '\r\n\r\n').encode())
        self.paused = paused
        self.status, self.headers, rest = self._read_head()
        self._thread = threading.Thread(target=self._run, args=(rest,), daemon=True)
        if not paused and self.status == 200:
            self._thread.start()

    def _read_head(self):
        data = b''
        while b'\r\n\r\n' not in data:
            piece = self.sock.recv(4096)
            if not piece:
                break
            data += piece
        head, _, rest = data.partition(b'\r\n\r\n')
        lines = head.decode('latin-1').split('\r\n')
        headers = {k.strip().lower(): v.strip()
                   for k, _, v in (line.partition(':') for line in lines[1:])}
        status = int(lines[0].split()[1]) if len(lines[0].split()) > 1 else 0
        return status, headers, rest

    def _run(self, data):
        chunked = Chunked() if self.headers.get('transfer-encoding') == 'chunked' else None
        try:
            while True:
                self.parser.feed(chunked.feed(data) if chunked else data)
                if chunked and chunked.ended:
                    self._end('last chunk')
                    return
                data = self.sock.recv(262144)
                if not data:
                    self._end('closed')
                    return
        except (OSError, AssertionError) as e:
            self._end(repr(e))

    def _end(self, reason):
        self.end_reason = reason
        self.ended = time.monotonic()

    @property
    def tags(self):
        return self.parser.tags

    def media(self, kind=None):
        return [t for t in list(self.tags) if t.kind in (AUDIO, VIDEO) and not t.is_header
                and (kind is None or t.kind == kind)]

    def wait_tags(self, count, seconds=15, kind=None):
        until(lambda: len(self.media(kind)) >= count or self.ended, seconds,
              lambda: f'{count} tags, there are {len(self.media(kind))}')
        assert len(self.media(kind)) >= count, f'ended early: {self.end_reason}'
        return self

    def wait_more(self, count, seconds=15, kind=None):
        return self.wait_tags(len(self.media(kind)) + count, seconds, kind)

    def wait_end(self, seconds):
        until(lambda: self.ended, seconds, 'the end of the stream')

    def check_times(self):
        """Decoding times only grow, per kind."""
        for kind in (AUDIO, VIDEO):
            times = [t.time_ms for t in self.media(kind)]
            back = [(a, b) for a, b in zip(times, times[1:]) if b <= a]
            assert not back, f'times of {kind} go back: {back[:5]}'

    def longest_gap_ms(self, kind=VIDEO):
        times = [t.time_ms for t in self.media(kind)]
        return max((b - a for a, b in zip(times, times[1:])), default=0)

    def close(self):
        try:
            self.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.sock.close()
        if self._thread.is_alive():
            self._thread.join(5)


class WebSocketViewer(Viewer):
    """The same over a WebSocket; keeps count of the frames."""

    def __init__(self, port, path='/live/hq.flv', **kw):
        key = base64.b64encode(os.urandom(16)).decode()
        headers = {'Upgrade': 'websocket', 'Connection': 'Upgrade',
                   'Sec-WebSocket-Key': key, 'Sec-WebSocket-Version': '13', **kw.pop('headers', {})}
        self.messages = []      # (opcode, size)
        self.close_code = None
        self.pongs = []
        super().__init__(port, path, headers=headers, paused=True, **kw)
        self._rest = b''
        if self.status == 101:
            self._thread.start()

    def send_frame(self, opcode, payload, mask=True):
        head = bytes([0x80 | opcode])
        bit = 0x80 if mask else 0
        if len(payload) < 126:
            head += bytes([bit | len(payload)])
        else:
            head += bytes([bit | 126]) + struct.pack('>H', len(payload))
        if mask:
            key = os.urandom(4)
            payload = key + bytes(b ^ key[i & 3] for i, b in enumerate(payload))
        self.sock.sendall(head + payload)

    def ping(self, payload=b'hello'):
        self.send_frame(9, payload)

    def _run(self, data):
        try:
            while True:
                data = self._frames(data)
                more = self.sock.recv(262144)
                if not more:
                    self._end('closed')
                    return
                data += more
        except (OSError, AssertionError) as e:
            self._end(repr(e))

    def _frames(self, data):
        while len(data) >= 2:
            opcode, size, at = data[0] & 15, data[1], 2
            assert not data[1] & 0x80, 'a server must not mask'
            assert not data[0] & 0x70, 'reserved bits are set'
            if size == 126:
                size, at = int.from_bytes(data[2:4], 'big'), 4
            elif size == 127:
                size, at = int.from_bytes(data[2:10], 'big'), 10
            if len(data) < at + size:
                return data
            body = data[at:at + size]
            data = data[at + size:]
            self.messages.append((opcode, size))
            if opcode in (0, 2):
                self.parser.feed(body)
            elif opcode == 8:
                self.close_code = int.from_bytes(body[:2], 'big')
                self._end(f'close {self.close_code}')
            elif opcode == 10:
                self.pongs.append(body)
        return data
