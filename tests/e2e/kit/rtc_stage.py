# SPDX-License-Identifier: Apache-2.0
"""What the tests of WebRTC share: one server with its media port, one host, one browser."""
import contextlib
import http.client
import json
import re

from . import ports, process, publish
from .browser_rtc import Chromium
from .server import Server


def settings(**more):
    """A media port on every address: libnice keeps its sockets away from the loopback."""
    return {'webrtc.listen': f':{ports.free_port()}', **more}


class Stage:
    """Ends all that it started, in the other order. One per module."""

    def __init__(self, directory, flags, **more):
        self.directory = directory
        self._mark = process.mark()
        self.server = Server(str(directory), settings(**more)).start()
        # Started here: what a test starts ends with the test.
        self.browser = None if flags is None else Chromium(flags)

    def push(self, channel='live/hq', sample=None, **more):
        pusher = publish.ffmpeg(self.server.rtmp(channel), *([sample] if sample else []), **more)
        self.server.wait_live(channel)
        return pusher

    @property
    def rtc_port(self):
        return int(self.server.settings['webrtc.listen'].rsplit(':', 1)[1])

    def whep(self, channel='live/hq'):
        return self.server.http(f'/{channel}/whep')

    def whip(self, channel='live/hq'):
        return self.server.http(f'/{channel}/whip')

    def page(self, name='page'):
        return page(self.browser, name)

    def stop(self):
        try:
            if self.browser:
                self.browser.stop()
            self.server.stop()
        finally:
            process.end_all(self._mark)


@contextlib.contextmanager
def stage(tmp_path_factory, flags=None, **more):
    """With a Chromium when flags for it are given, () at least."""
    made = Stage(tmp_path_factory.mktemp('stage'), flags, **more)
    try:
        yield made
    finally:
        made.stop()


@contextlib.contextmanager
def page(browser, name='page'):
    """A page that is closed with all its sessions."""
    made = browser.page(name)
    try:
        yield made
    finally:
        made.close()


class Answer:
    """Of WHIP and WHEP to a request by hand."""

    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.body = response.read().decode()

    @property
    def code(self):
        return json.loads(self.body)['error']['code']

    def sdp(self, name):
        return re.search(rf'^a={name}:(\S+)', self.body, re.M).group(1)


def request(server, method, path, body=b'', headers=None, seconds=10):
    connection = http.client.HTTPConnection('127.0.0.1', server.http_port, timeout=seconds)
    try:
        connection.request(method, path, body.encode() if isinstance(body, str) else body,
                           headers or {})
        return Answer(connection.getresponse())
    finally:
        connection.close()


def post(server, path, sdp, **headers):
    return request(server, 'POST', path, sdp, {'Content-Type': 'application/sdp', **headers})


def offer(ufrag='Abcd', direction='recvonly', video='H264', port=9):
    """As a browser makes it, shortened."""
    formats = {'H264': ('96', 'a=rtpmap:96 H264/90000\r\na=fmtp:96 level-asymmetry-allowed=1;'
                        'packetization-mode=1;profile-level-id=42e01f\r\na=rtcp-fb:96 nack\r\n'),
               'VP8': ('96', 'a=rtpmap:96 VP8/90000\r\na=rtcp-fb:96 nack\r\n')}
    transport = (f'c=IN IP4 0.0.0.0\r\na=ice-ufrag:{ufrag}\r\na=ice-pwd:0123456789abcdefghijklmn\r\n'
                 'a=fingerprint:sha-256 ' + ':'.join(['0F'] * 32) + '\r\na=setup:actpass\r\n'
                 f'a={direction}\r\na=rtcp-mux\r\n')
    number, lines = formats[video]
    return ('v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1\r\n'
            f'm=audio {port} UDP/TLS/RTP/SAVPF 111\r\n{transport}a=mid:0\r\n'
            'a=rtpmap:111 opus/48000/2\r\na=fmtp:111 minptime=10;useinbandfec=1\r\n'
            f'm=video {port} UDP/TLS/RTP/SAVPF {number}\r\n{transport}a=mid:1\r\n{lines}')
