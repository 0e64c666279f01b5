# SPDX-License-Identifier: Apache-2.0
"""Chromium and Firefox as WHEP viewers and WHIP hosts, with a page of the tests' own
(browser/rtc_page.js). One browser serves all tests of a module."""
import http.server
import json
import os
import queue
import socket
import statistics
import subprocess
import threading

import pytest

from . import ports
from .media import SAMPLE_FPS, SAMPLE_SECONDS
from .process import Process, need
from .server import TOP
from .wait import until

FOLDER = os.path.join(TOP, 'tests', 'e2e', 'browser')
ANSWER_S = 40
NTP_MS = 2208988800000
HTML = b'<!doctype html><meta charset="utf-8"><script type="module" src="/rtc_page.js"></script>'


class Pages:
    """Serves the page from an origin that is not the server's, so all of it is CORS too."""

    def __init__(self):
        with open(os.path.join(FOLDER, 'rtc_page.js'), 'rb') as f:
            script = f.read()

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                is_script = self.path.endswith('.js')
                body = script if is_script else HTML
                self.send_response(200)
                self.send_header('Content-Type', 'text/javascript' if is_script else 'text/html')
                self.send_header('Content-Length', str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_args):
                pass

        self.server = http.server.ThreadingHTTPServer(('127.0.0.1', ports.free_port()), Handler)
        self.url = f'http://127.0.0.1:{self.server.server_port}/'
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


class Chromium:
    name = 'Chromium'

    def __init__(self, flags=()):
        need('node')
        self.pages = Pages()
        self.process = Process(['node', os.path.join(FOLDER, 'rtc.mjs'), *flags], name='chromium',
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._answers, self._next = {}, 0
        self._lock = threading.Lock()
        self._first = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()
        first = self._first.get(timeout=ANSWER_S)
        if 'version' not in first:
            pytest.skip(first['text'])
        self.version = first['version']

    def _read(self):
        for line in self.process.child.stdout:
            try:
                answer = json.loads(line)
            except ValueError:
                self._first.put({'text': line.decode().strip()})
                continue
            if answer['id'] == 0:
                self._first.put({'version': answer['value']})
            else:
                self._answers.pop(answer['id']).put(answer)
        self._first.put({'text': f'no browser\n{self.process.tail()}'})
        for waiting in list(self._answers.values()):
            waiting.put({'error': 'the browser ended'})

    def _ask(self, **order):
        with self._lock:
            self._next += 1
            order['id'] = self._next
            self._answers[self._next] = answer = queue.Queue()
            self.process.child.stdin.write(json.dumps(order).encode() + b'\n')
            self.process.child.stdin.flush()
        answer = answer.get(timeout=ANSWER_S)
        if 'error' in answer:
            raise AssertionError(f'{answer["error"]}\n{self.process.tail(20)}')
        return answer.get('value')

    def page(self, name='page'):
        self._ask(op='open', page=name, url=self.pages.url)
        return Page(self, name)

    def call(self, page, name, *args):
        return self._ask(op='call', page=page, name=name, args=args)

    def close(self, page):
        self._ask(op='close', page=page)

    def stop(self):
        self.process.child.stdin.close()
        try:
            self.process.child.wait(5)
        except subprocess.TimeoutExpired:
            pass
        self.process.end()
        self.pages.stop()


FIREFOX_PREFS = {
    'marionette.port': 0, 'media.autoplay.default': 0, 'media.autoplay.blocking_policy': 0,
    'media.navigator.streams.fake': True, 'media.navigator.permission.disabled': True,
    'media.peerconnection.ice.loopback': True,
    'media.peerconnection.ice.obfuscate_host_addresses': False,
    'media.gmp-manager.updateEnabled': False, 'app.update.enabled': False,
    'browser.shell.checkDefaultBrowser': False, 'datareporting.policy.dataSubmissionEnabled': False,
    'toolkit.telemetry.reportingpolicy.firstRun': False, 'browser.aboutwelcome.enabled': False,
    'media.autoplay.block-webaudio': False,
    'network.captive-portal-service.enabled': False, 'extensions.update.enabled': False,
    'browser.safebrowsing.malware.enabled': False, 'browser.safebrowsing.phishing.enabled': False,
    'services.settings.server': 'http://127.0.0.1:1/', 'dom.min_background_timeout_value': 4,
    'remote.prefs.recommended': False,
}


class Firefox:
    """By Marionette, which is Firefox's own remote control: JSON over TCP."""
    name = 'Firefox'

    def __init__(self, directory):
        need('firefox')
        self.pages = Pages()
        profile = os.path.join(str(directory), 'firefox')
        os.makedirs(profile)
        port = ports.free_port()
        prefs = {**FIREFOX_PREFS, 'marionette.port': port}
        with open(os.path.join(profile, 'user.js'), 'w') as f:
            f.writelines(f'user_pref({json.dumps(k)}, {json.dumps(v)});\n' for k, v in prefs.items())
        environment = {**os.environ, 'MOZ_HEADLESS': '1', 'HOME': profile}
        self.process = Process(['firefox', '--headless', '--no-remote', '--marionette', '--profile',
                                profile], name='firefox', env=environment)
        self._next = 0
        self._socket = until(lambda: self._connect(port), 60,
                             lambda: f'Marionette\n{self.process.tail()}')
        self._buffer = b''
        self._receive()
        self._ask('WebDriver:NewSession', {'capabilities': {}})
        self._ask('WebDriver:SetTimeouts', {'script': ANSWER_S * 1000})

    def _connect(self, port):
        assert self.process.alive, self.process.tail()
        try:
            return socket.create_connection(('127.0.0.1', port), timeout=ANSWER_S)
        except OSError:
            return None

    def _receive(self):
        while b':' not in self._buffer:
            self._buffer += self._more()
        length, _, self._buffer = self._buffer.partition(b':')
        while len(self._buffer) < int(length):
            self._buffer += self._more()
        message, self._buffer = self._buffer[:int(length)], self._buffer[int(length):]
        return json.loads(message)

    def _more(self):
        data = self._socket.recv(1 << 20)
        assert data, f'Firefox closed the connection\n{self.process.tail()}'
        return data

    def _ask(self, command, arguments):
        self._next += 1
        message = json.dumps([0, self._next, command, arguments]).encode()
        self._socket.sendall(b'%d:%s' % (len(message), message))
        _, _, error, value = self._receive()
        assert error is None, error
        return value['value'] if isinstance(value, dict) and set(value) == {'value'} else value

    def page(self, name='page'):
        self._ask('WebDriver:Navigate', {'url': self.pages.url})
        until(lambda: self._ask('WebDriver:ExecuteScript', {
            'script': 'return !!window.rtc', 'args': [], 'sandbox': None}), 10, 'the page')
        return Page(self, name)

    def call(self, page, name, *args):
        script = ('const [name, args, done] = arguments;'
                  'Promise.resolve().then(() => window.rtc[name](...JSON.parse(args)))'
                  '.then((v) => done(JSON.stringify({v})), (e) => done(JSON.stringify({e: String(e)})))')
        text = self._ask('WebDriver:ExecuteAsyncScript', {
            'script': script, 'args': [name, json.dumps(args)], 'sandbox': None})
        answer = json.loads(text)
        assert 'e' not in answer, answer['e']
        return answer.get('v')

    def close(self, page):
        self._ask('WebDriver:Navigate', {'url': 'about:blank'})

    def stop(self):
        self._socket.close()
        self.process.end()
        self.pages.stop()


class Page:
    def __init__(self, browser, name):
        self.browser = browser
        self.name = name
        self._count = 0
        self._peers = []

    def call(self, name, *args):
        return self.browser.call(self.name, name, *args)

    def _peer_name(self, options):
        self._count += 1
        return options.pop('name', f'peer{self._count}')

    def _open(self, kind, url, options):
        peer = Peer(self, kind, url, self._peer_name(options), options)
        self._peers.append(peer)
        return peer

    def whep(self, url, **options):
        """Starts to watch; the answer of the server is in .status and .body at once."""
        return self._open('whep', url, options)

    def whip(self, url, **options):
        return self._open('whip', url, options)

    def whip_canvas(self, url, **options):
        return self._open('whipCanvas', url, options)

    def close(self):
        """Its sessions are told to the server, which would wait 35 s for them else."""
        for peer in self._peers:
            if peer.open and peer.status == 201:
                peer.remove()
        self.browser.close(self.name)


class Peer:
    """One session in a page: what it saw and heard so far is in .pictures, .sound, .beeps."""

    def __init__(self, page, kind, url, name, options):
        self.page = page
        self.name = name
        self.url = url
        self.pictures, self.sound, self.beeps = [], [], []
        self.last = {}
        self.open = True
        self._decoded_before = 0
        self._late_before_ms = 0
        self._take(page.call(kind, name, {**options, 'url': url}))

    def _take(self, report):
        self.pictures += report.pop('pictures')
        self.sound += report.pop('sound')
        self.beeps = report['beeps']
        self.last = report
        return self

    @property
    def status(self):
        return self.last['status']

    @property
    def body(self):
        return self.last['body']

    @property
    def code(self):
        """The problem's name in an answer that is an error."""
        return json.loads(self.body)['error']['code']

    @property
    def video(self):
        return self.last['video']

    @property
    def audio(self):
        return self.last['audio']

    @property
    def numbers(self):
        return [picture[1] for picture in self.pictures]

    def look(self):
        return self._take(self.page.call('report', self.name,
                                         [len(self.pictures), len(self.sound)]))

    def describe(self):
        last = {k: v for k, v in self.last.items() if k not in ('body', 'offer', 'beeps')}
        return f'{self.name}: {len(self.pictures)} pictures, {json.dumps(last)[:3000]}'

    def wait(self, condition, seconds, what):
        return until(lambda: condition(self.look()), seconds, lambda: f'{what}; {self.describe()}')

    def wait_pictures(self, count, seconds=20):
        goal = len(self.pictures) + count
        self.wait(lambda p: len(p.pictures) >= goal, seconds, f'picture {goal}')
        return self

    def wait_sound(self, seconds_of_sound, seconds=20):
        goal = len(self.sound) + seconds_of_sound * 100
        self.wait(lambda p: len(p.sound) >= goal, seconds, f'{goal} windows of sound')
        return self

    def wait_state(self, state, seconds=15):
        self.wait(lambda p: p.last['state'] == state, seconds, f'the state {state}')
        return self

    def forget(self):
        """What comes from now on is counted alone."""
        self.page.call('forget', self.name)
        self._decoded_before = self.look().video.get('framesDecoded', 0)
        self._late_before_ms = self.last['late_ms']
        self.pictures, self.sound, self.beeps = [], [], []

    # what a viewer may expect

    def jumps(self, fps=SAMPLE_FPS, seconds=SAMPLE_SECONDS):
        """How the numbers go on, among pictures that can be read: 1 is the next picture."""
        seen = [n for n in self.numbers if n is not None]
        return [(b - a) % (fps * seconds) for a, b in zip(seen, seen[1:])]

    def check_pictures(self, missing=0.02, skip=10):
        """Forward in order, none missing. A browser on a busy machine does not show each one
        that it decoded, nor call for each that it shows, so decoded is enough."""
        unread = self.numbers[skip:].count(None)
        assert len(self.pictures) > skip + 10, self.describe()
        assert unread <= len(self.pictures) // 50, f'{unread} of {len(self.pictures)} unreadable'
        jumps = self.jumps()[skip:]
        back = [j for j in jumps if j > 240]
        assert not back, f'pictures came back: {back}'
        shown = sum(j - 1 for j in jumps if j > 0)
        decoded = sum(self.jumps()) - (self.video['framesDecoded'] - self._decoded_before)
        lost = min(shown, decoded)
        assert lost <= max(3, missing * sum(jumps)), \
            f'{shown} pictures of {sum(jumps)} were not shown, {decoded} not decoded: ' \
            f'{[j for j in jumps if j != 1]}'

    def check_sound(self, quiet=0.03, skip=120, beep=True):
        windows = self.sound[skip:-5]
        assert len(windows) > 50, f'only {len(self.sound)} windows of sound'
        silent = sum(1 for strength in windows if strength < 0.03)
        assert silent <= max(1, quiet * len(windows)), f'{silent} of {len(windows)} without the tone'
        assert self.beeps or not beep, 'the beep is not heard'

    def longest_gap_ms(self):
        times = [picture[0] for picture in self.pictures]
        return max((b - a for a, b in zip(times, times[1:])), default=0)

    def arrival_spread_ms(self, skip=45):
        """How much later than the promptest a picture came in, by its RTP time: what the server
        and the path did, whatever the browser made of it. The burst of the start is left out."""
        came = [p[6] - p[5] / 90 for p in self.pictures[skip:] if p[5] is not None and p[6] is not None]
        assert len(came) > 10, self.describe()
        return max(came) - min(came)

    @property
    def late_ms(self):
        """How long the browser was not let run by the machine, which has others to serve."""
        return self.last['late_ms'] - self._late_before_ms

    def check_freezes(self, spread_ms=150):
        """None, but those of a browser that did not get the time to show what had come."""
        if self.video['freezeCount'] > 0:
            spread = self.arrival_spread_ms()
            assert spread < spread_ms + self.late_ms, f'pictures came up to {spread:.0f} ms late; {self.describe()}'

    def check_gaps(self, limit_ms, freezes_s=0):
        """No longer one on the screen, nor so many; again but for what the browser itself did
        with pictures that were there in time."""
        gap = self.longest_gap_ms()
        if gap >= limit_ms or freezes_s * 1000 >= limit_ms:
            spread = self.arrival_spread_ms(0)
            assert spread < limit_ms + self.late_ms, f'a gap of {gap:.0f} ms, freezes of {freezes_s} s, pictures ' \
                f'came up to {spread:.0f} ms late; {self.describe()}'

    def playout_skew_ms(self):
        """How much later the sound is than the picture, as the browser's own clocks say."""
        a, v = self.audio.get('estimatedPlayoutTimestamp'), self.video.get('estimatedPlayoutTimestamp')
        return None if a is None or v is None else v - a

    def age_ms(self):
        """How old the picture on the screen is, by the sender reports' clock, which is this
        machine's. Chromium counts it from 1900."""
        shown = self.video.get('estimatedPlayoutTimestamp')
        return None if shown is None else self.video['timestamp'] - (shown - NTP_MS)

    def heard_skew_ms(self):
        """The same measured: from the picture with the flash to the beep."""
        flashes = [p[0] for p in self.pictures if p[1] is not None and p[1] % SAMPLE_FPS == 0]
        skews = [min((b - f for f in flashes), key=abs) for b in self.beeps if flashes]
        near = [s for s in skews if abs(s) < 500]
        return statistics.median(near) if near else None

    def remove(self):
        self.open = False
        return self.page.call('remove', self.name)

    def restart_ice(self):
        return self.page.call('restartIce', self.name)

    def close(self):
        self.open = False
        self.page.call('close', self.name)
