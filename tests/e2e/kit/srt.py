# SPDX-License-Identifier: Apache-2.0
"""A caller by libsrt itself: what programs hide, the code with which a call is refused."""
import ctypes
import ctypes.util
import socket
import struct
import threading

import pytest

STREAMID = 46       # SRTO_STREAMID
LATENCY = 23        # SRTO_LATENCY
PASSPHRASE = 26     # SRTO_PASSPHRASE
RCVTIMEO = 14       # SRTO_RCVTIMEO
CONNTIMEO = 36      # SRTO_CONNTIMEO
PAYLOAD = 1316
_lock = threading.Lock()
_library = None


class Refused(Exception):
    """With the code of the listener, such as 1404, or of libsrt below 1000."""

    def __init__(self, code):
        super().__init__(f'SRT refused: {code}')
        self.code = code


def library():
    global _library
    with _lock:
        if _library is None:
            try:
                _library = ctypes.CDLL('libsrt.so.1.5')
            except OSError:
                pytest.skip('libsrt is not installed')
            _library.srt_startup()
        return _library


class Caller:
    """Connects at once; raises Refused."""

    def __init__(self, port, streamid, *, passphrase=None, latency_ms=120, seconds=5):
        self.srt = library()
        self.sock = self.srt.srt_create_socket()
        self._set(STREAMID, streamid.encode())
        self._set(LATENCY, struct.pack('i', latency_ms))
        self._set(RCVTIMEO, struct.pack('i', seconds * 1000))
        self._set(CONNTIMEO, struct.pack('i', max(seconds, 9) * 1000))
        if passphrase:
            self._set(PASSPHRASE, passphrase.encode())
        address = struct.pack('=HH4s8x', socket.AF_INET, socket.htons(port),
                              socket.inet_aton('127.0.0.1'))
        if self.srt.srt_connect(self.sock, address, len(address)) != 0:
            code = self.srt.srt_getrejectreason(self.sock)
            self.close()
            raise Refused(code)

    def _set(self, option, value):
        if self.srt.srt_setsockflag(self.sock, option, value, len(value)) != 0:
            raise ValueError(f'SRT option {option}')

    def read(self, count):
        """So many bytes, or fewer when the stream ends."""
        out = bytearray()
        message = ctypes.create_string_buffer(PAYLOAD)
        while len(out) < count:
            got = self.srt.srt_recvmsg(self.sock, message, PAYLOAD)
            if got <= 0:
                break
            out += message.raw[:got]
        return bytes(out)

    def close(self):
        if self.sock is not None:
            self.srt.srt_close(self.sock)
            self.sock = None
