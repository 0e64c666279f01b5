# SPDX-License-Identifier: Apache-2.0
"""One branchcast server on free ports with a data directory of its own."""
import glob
import http.client
import json
import os
import re
import signal
import subprocess
import urllib.request

import pytest

from . import ports
from .process import Process
from .wait import until

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
SANITIZER = re.compile(r'(AddressSanitizer|LeakSanitizer|ThreadSanitizer|UndefinedBehavior'
                       r'Sanitizer|runtime error:|Assertion .* failed)')


def binary():
    path = os.environ.get('BRANCHCAST')
    if path:
        return os.path.abspath(path)
    found = [p for p in glob.glob(os.path.join(TOP, 'build*', 'src', 'branchcast'))
             if 'san' not in p]
    if not found:
        pytest.skip('the server is not built: build it, or name it in BRANCHCAST')
    return max(found, key=os.path.getmtime)


class Server:
    OPEN = {'access.publish': 'open', 'access.api': 'open'}

    def __init__(self, directory, settings=None, *, config=None, open_access=True, https=False,
                 quiet=False):
        self.directory = directory
        self.rtmp_port = ports.free_port()
        self.http_port = ports.free_port()
        self.https_port = ports.free_port() if https else None
        self.rtmps_port = ports.free_port() if https else None
        self.settings = {
            'rtmp.listen': f'127.0.0.1:{self.rtmp_port}',
            'http.listen': f'127.0.0.1:{self.http_port}',
            'webrtc.listen': f'127.0.0.1:{ports.free_port()}',
            'srt.listen': f'127.0.0.1:{ports.free_port()}',
            'data.dir': os.path.join(directory, 'data'),
        }
        if https:
            self.settings['https.listen'] = f'127.0.0.1:{self.https_port}'
            self.settings['rtmps.listen'] = f'127.0.0.1:{self.rtmps_port}'
        if open_access:
            self.settings.update(self.OPEN)
        self.settings.update(settings or {})
        self.rtmp_port = int(self.settings['rtmp.listen'].rsplit(':', 1)[1])
        self.http_port = int(self.settings['http.listen'].rsplit(':', 1)[1])
        self.webrtc_port = int(self.settings['webrtc.listen'].rsplit(':', 1)[-1] or 0)
        self.srt_port = int(self.settings['srt.listen'].rsplit(':', 1)[-1] or 0)
        self.config = config
        self.with_token = False     # questions show the administrator's
        self.quiet = quiet      # without what it tells the user on stdout
        self.log_file = os.path.join(directory, f'server-{self.http_port}.log')
        self.process = None

    def command(self):
        command = [binary(), 'serve']
        if self.config:
            command += ['-c', self.config]
        for key, value in self.settings.items():
            command += ['--set', f'{key}={value}']
        return command

    def start(self):
        env = dict(os.environ)
        env.setdefault('ASAN_OPTIONS', 'abort_on_error=0:exitcode=99')
        env.setdefault('UBSAN_OPTIONS', 'print_stacktrace=1')
        self.process = Process(self.command(), name='branchcast', log=self.log_file, env=env,
                               cwd=TOP, stdout=subprocess.DEVNULL if self.quiet else None)
        until(self.is_ready, 40, lambda: f'/readyz\n{self.process.tail()}')
        return self

    def is_ready(self):
        if not self.process.alive:
            raise AssertionError(f'the server ended at once\n{self.process.tail()}')
        try:
            return self.get('/readyz', seconds=2).status == 200
        except (OSError, http.client.HTTPException):
            return False

    def stop(self):
        """Drains it; a report of a sanitizer is an error of the test."""
        if self.process is None:
            return
        if self.process.alive:
            self.process.signal(signal.SIGTERM)
            code = self.process.wait(25)
        else:
            code = self.process.code
        self.check_log()
        assert code in (0, -signal.SIGKILL), f'exit code {code}\n{self.process.tail()}'

    def check_log(self):
        log = self.process.log()
        found = SANITIZER.search(log)
        if found:
            raise AssertionError(f'the server reported:\n{log[found.start() - 200:][:6000]}')

    # addresses

    def rtmp(self, channel='live/hq', query=''):
        return f'rtmp://127.0.0.1:{self.rtmp_port}/{channel}{query}'

    def http(self, path):
        return f'http://127.0.0.1:{self.http_port}{path}'

    def flv(self, channel='live/hq', query=''):
        return self.http(f'/{channel}.flv{query}')

    def hls(self, channel='live/hq'):
        return self.http(f'/{channel}/index.m3u8')

    # questions

    def connection(self, seconds=10):
        return http.client.HTTPConnection('127.0.0.1', self.http_port, timeout=seconds)

    def get(self, path, headers=None, seconds=10, method='GET', body=None):
        """The whole answer, with .status, .headers and .body; errors of HTTP are answers."""
        connection = self.connection(seconds)
        if self.with_token:
            headers = {'Authorization': f'Bearer {self.admin_token()}', **(headers or {})}
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            answer.body = answer.read()
            return answer
        finally:
            connection.close()

    def json(self, path):
        answer = self.get(path)
        assert answer.status == 200, f'{path}: {answer.status} {answer.body[:300]}'
        return json.loads(answer.body)

    def channel(self, channel='live/hq'):
        """What the API says, with each track also under its kind; None when there is none."""
        answer = self.get(f'/api/v1/channels/{channel}')
        if answer.status != 200:
            return None
        state = json.loads(answer.body)
        tracks = {track['kind']: track for track in state['tracks']}
        return {**state, 'video': tracks.get('video'), 'audio': tracks.get('audio')}

    def is_live(self, channel='live/hq'):
        state = self.channel(channel)
        return bool(state) and state.get('state') == 'live'

    def has_tracks(self, channel='live/hq'):
        state = self.channel(channel)
        return bool(state) and state['state'] == 'live' and bool(state['video'] or state['audio'])

    def wait_live(self, channel='live/hq', seconds=15):
        """Until media flows, not only until somebody was allowed to publish."""
        until(lambda: self.has_tracks(channel), seconds,
              lambda: f'{channel} to be live\n{self.process.tail()}')

    def wait_hls(self, channel='live/hq', seconds=20):
        """Until there is a complete segment: before, only low-latency players have something."""
        def ready():
            answer = self.get(f'/{channel}/index.m3u8')
            if answer.status != 200:
                return False
            uri = re.search(r'#EXT-X-STREAM-INF:.*\n(.+)', answer.body.decode()).group(1)
            return b'#EXTINF' in self.get(f'/{channel}/{uri}').body
        until(ready, seconds, lambda: f'HLS of {channel}\n{self.process.tail()}')

    def memory_kib(self):
        with open(f'/proc/{self.process.pid}/status') as f:
            return int(re.search(r'VmRSS:\s+(\d+)', f.read()).group(1))

    def log(self):
        return self.process.log()

    def wait_log(self, pattern, seconds=10):
        until(lambda: re.search(pattern, self.log()), seconds,
              lambda: f'a log line like /{pattern}/\n{self.process.tail()}')

    def admin_token(self):
        for path in glob.glob(os.path.join(self.settings['data.dir'], 'keys', '*')):
            if 'admin' in os.path.basename(path):
                return open(path).read().strip()
        raise AssertionError('no administrator token in the data directory')

    def publish_key(self):
        for path in glob.glob(os.path.join(self.settings['data.dir'], 'keys', '*')):
            if 'publish' in os.path.basename(path):
                return open(path).read().strip()
        raise AssertionError('no publish key in the data directory')


def fetch(url, headers=None, seconds=10):
    request = urllib.request.Request(url, headers=headers or {})
    with urllib.request.urlopen(request, timeout=seconds) as answer:
        return answer.read()
