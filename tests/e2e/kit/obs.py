# SPDX-License-Identifier: Apache-2.0
"""OBS Studio without a screen: Xvfb, a profile written from here, its own websocket to drive it."""
import base64
import json
import os
import socket
import struct

from . import ports
from .media import SAMPLE
from .process import Process, need
from .wait import until

GLOBAL = '''[General]
FirstRun=true
LastVersion=486539266
Pre19Defaults=false
Pre21Defaults=false
Pre23Defaults=false
Pre24.1Defaults=false
EnableAutoUpdates=false

[Basic]
Profile=test
ProfileDir=test
SceneCollection=test
SceneCollectionFile=test

[BasicWindow]
WarnBeforeStartingStream=false
WarnBeforeStoppingStream=false

[OBSWebSocket]
FirstLoad=false
ServerEnabled=true
ServerPort={port}
AlertsEnabled=false
AuthRequired=false
'''

PROFILE = '''[General]
Name=test

[Video]
BaseCX=640
BaseCY=360
OutputCX=640
OutputCY=360
FPSType=0
FPSCommon=30

[Output]
Mode=Advanced
Reconnect=true
RetryDelay=1
MaxRetries=25

[AdvOut]
Encoder=obs_x264
TrackIndex=1
ApplyServiceSettings=false

[Audio]
SampleRate=48000
ChannelSetup=Stereo
'''


def _scene(sample):
    item = {'name': 'Sample', 'id': 1, 'visible': True, 'pos': {'x': 0.0, 'y': 0.0},
            'scale': {'x': 1.0, 'y': 1.0}, 'bounds_type': 0}
    return {
        'name': 'test', 'current_scene': 'Scene', 'current_program_scene': 'Scene',
        'scene_order': [{'name': 'Scene'}],
        'sources': [
            {'id': 'scene', 'name': 'Scene',
             'settings': {'id_counter': 1, 'custom_size': False, 'items': [item]}},
            {'id': 'ffmpeg_source', 'versioned_id': 'ffmpeg_source', 'name': 'Sample',
             'settings': {'is_local_file': True, 'local_file': sample, 'looping': True,
                          'hw_decode': False, 'restart_on_activate': False,
                          'close_when_inactive': False},
             'volume': 1.0, 'mixers': 255, 'muted': False, 'enabled': True},
        ],
    }


class Socket:
    """obs-websocket 5, as much as is needed."""

    def __init__(self, port):
        self.sock = socket.create_connection(('127.0.0.1', port), timeout=10)
        key = base64.b64encode(os.urandom(16)).decode()
        self.sock.sendall((f'GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\n'
                           f'Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\n'
                           'Sec-WebSocket-Version: 13\r\n\r\n').encode())
        self.data = b''
        while b'\r\n\r\n' not in self.data:
            self._more()
        self.data = self.data.split(b'\r\n\r\n', 1)[1]
        self.next_id = 0
        self._receive()
        self._send({'op': 1, 'd': {'rpcVersion': 1, 'eventSubscriptions': 0}})
        assert self._receive()['op'] == 2

    def _more(self):
        piece = self.sock.recv(65536)
        if not piece:
            raise ConnectionError('OBS closed its websocket')
        self.data += piece

    def _send(self, value):
        body = json.dumps(value).encode()
        key = os.urandom(4)
        length = bytes([0x80 | len(body)]) if len(body) < 126 else \
            b'\xfe' + struct.pack('>H', len(body))
        self.sock.sendall(b'\x81' + length + key + bytes(b ^ key[i & 3] for i, b in enumerate(body)))

    def _receive(self):
        while True:
            while len(self.data) < 2:
                self._more()
            size, at = self.data[1] & 127, 2
            if size >= 126:
                at = 4 if size == 126 else 10
                while len(self.data) < at:
                    self._more()
                size = int.from_bytes(self.data[2:at], 'big')
            while len(self.data) < at + size:
                self._more()
            opcode, body = self.data[0] & 15, self.data[at:at + size]
            self.data = self.data[at + size:]
            if opcode == 1:
                return json.loads(body)

    def ask(self, kind, **data):
        self.next_id += 1
        self._send({'op': 6, 'd': {'requestType': kind, 'requestId': str(self.next_id),
                                   'requestData': data}})
        while True:
            answer = self._receive()
            if answer['op'] == 7 and answer['d']['requestId'] == str(self.next_id):
                status = answer['d']['requestStatus']
                assert status['result'], f'{kind}: {status}'
                return answer['d'].get('responseData', {})


class Obs:
    """start() again after kill() is the host who opens OBS after a crash."""

    def __init__(self, directory, server_url, key, *, bframes=0, keyint_s=2, sample=SAMPLE):
        need('obs', 'Xvfb')
        self.home = os.path.join(directory, 'obs')
        self.config = os.path.join(self.home, '.config', 'obs-studio')
        self.port = ports.free_port()
        self._write('global.ini', GLOBAL.format(port=self.port))
        self._write('basic/profiles/test/basic.ini', PROFILE)
        self._write('basic/profiles/test/streamEncoder.json', json.dumps({
            'bitrate': 800, 'keyint_sec': keyint_s, 'preset': 'ultrafast', 'rate_control': 'CBR',
            'bf': bframes}))
        self._write('basic/profiles/test/service.json', json.dumps({
            'type': 'rtmp_custom', 'settings': {'server': server_url, 'key': key,
                                                'use_auth': False, 'bwtest': False}}))
        self._write('basic/scenes/test.json', json.dumps(_scene(sample)))
        self.display, self.screen = self._start_screen()
        self.process = None
        self.socket = None

    def _write(self, name, text):
        path = os.path.join(self.config, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, 'w') as f:
            f.write(text)

    def _start_screen(self):
        """Xvfb picks a free number by itself and writes it to a pipe."""
        r, w = os.pipe()
        screen = Process(['Xvfb', '-displayfd', str(w), '-screen', '0', '800x600x24',
                          '-nolisten', 'tcp'], pass_fds=(w,))
        os.close(w)
        with os.fdopen(r) as pipe:
            number = pipe.readline().strip()
        assert number, screen.tail()
        return f':{number}', screen

    def start(self, streaming=True):
        runtime = os.path.join(self.home, 'run')
        os.makedirs(runtime, mode=0o700, exist_ok=True)
        env = dict(os.environ, HOME=self.home, XDG_CONFIG_HOME=os.path.join(self.home, '.config'),
                   XDG_RUNTIME_DIR=runtime, DISPLAY=self.display, LIBGL_ALWAYS_SOFTWARE='1',
                   QT_QPA_PLATFORM='xcb', LANG='C.UTF-8')
        self.process = Process(['obs', '--multi', '--minimize-to-tray', '--disable-updater',
                                '--disable-missing-files-check',
                                *(['--startstreaming'] if streaming else [])], env=env)
        self.socket = until(self._connect, 60, lambda: f'OBS\n{self.process.tail()}')
        return self

    def _connect(self):
        assert self.process.alive, self.process.tail()
        if 'Server started successfully' not in self.process.log():
            return None
        try:
            return Socket(self.port)
        except OSError:
            return None

    def status(self):
        return self.socket.ask('GetStreamStatus')

    def wait_streaming(self, seconds=40):
        until(lambda: self.status()['outputActive'] and self.status()['outputBytes'] > 0, seconds,
              lambda: f'OBS to stream\n{self.process.tail()}')
        return self

    def stop_streaming(self):
        self.socket.ask('StopStream')

    def start_streaming(self):
        self.socket.ask('StartStream')

    def kill(self):
        """As a crash or the power button: no goodbye, the kernel closes the socket."""
        self.process.kill()
