# SPDX-License-Identifier: Apache-2.0
"""WHEP viewers and WHIP hosts that are no browsers: GStreamer's webrtcbin, aiortc,
node-datachannel, werift. Each is a process of its own (peers/) that prints lines of JSON."""
import json
import os
import statistics
import subprocess
import tempfile
import threading
import time

import pytest

from .media import (RATE, SAMPLE_FPS, SAMPLE_SECONDS, beep_starts, breaks, pcm, tone_windows)
from .process import Process, need
from .server import TOP
from .wait import until

PEERS = os.path.join(TOP, 'tests', 'e2e', 'peers')
NODE = os.path.join(TOP, 'tests', 'e2e', 'node')
PYTHON = '/usr/bin/python3'     # the distribution's, which sees its packages


class RtcPeer:
    """Reads what the process says. .numbers and .times are of decoded pictures, .said the rest."""

    def __init__(self, command, name, env=None):
        self.said, self.states = [], []
        self.pictures, self.sound_frames = [], []
        self.process = Process(command, name=name, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               env=env)
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.child.stdout:
            try:
                word = json.loads(line)
            except ValueError:
                continue
            if 'v' in word:
                self.pictures.append(word['v'])
            elif 'a' in word:
                self.sound_frames.append(word['a'])
            elif 'state' in word:
                self.states.append(word['state'])
            else:
                self.said.append(word)

    def say(self, **order):
        self.process.child.stdin.write(json.dumps(order).encode() + b'\n')
        self.process.child.stdin.flush()

    def words(self):
        return f'{self.states} {str(self.said)[-1500:]}\n{self.process.tail()}'

    def find(self, key):
        return next((word for word in self.said if key in word), None)

    def wait_word(self, key, seconds=15):
        return until(lambda: self.find(key) or (not self.process.alive and {}), seconds,
                     lambda: f'"{key}"; {self.words()}')

    @property
    def answer(self):
        """What the server said to the offer."""
        answer = self.wait_word('status')
        assert answer, self.words()
        return answer

    @property
    def status(self):
        return self.answer['status']

    def wait_state(self, state='connected', seconds=15):
        until(lambda: state in self.states or not self.process.alive, seconds,
              lambda: f'the state {state}; {self.words()}')
        assert state in self.states, self.words()
        return self

    def stop(self):
        return self.process.end()


class RtcViewer(RtcPeer):
    """A viewer that decodes; .sound_file has what was heard."""

    def __init__(self, command, name, sound_file, env=None):
        self.sound_file = sound_file
        super().__init__(command, name, env)

    @property
    def numbers(self):
        return [picture[1] for picture in list(self.pictures)]

    @property
    def times(self):
        return [picture[2] for picture in list(self.pictures)]

    def samples(self):
        with open(self.sound_file, 'rb') as f:
            return pcm(f.read())

    def wait_pictures(self, count, seconds=20):
        goal = len(self.pictures) + count
        until(lambda: len(self.pictures) >= goal or not self.process.alive, seconds,
              lambda: f'picture {goal}, there are {len(self.pictures)}; {self.words()}')
        assert len(self.pictures) >= goal, self.words()
        return self

    def wait_sound(self, seconds_of_sound, seconds=20):
        def heard():
            return os.path.getsize(self.sound_file) if os.path.exists(self.sound_file) else 0
        goal = heard() + int(seconds_of_sound * RATE) * 2
        until(lambda: heard() >= goal or not self.process.alive, seconds,
              lambda: f'{goal} bytes of sound, there are {heard()}; {self.words()}')
        return self

    def check_pictures(self, skip=5, allowed=0, total=SAMPLE_FPS * SAMPLE_SECONDS):
        """Every picture seen once, in order. What a jitter buffer does with the burst of the
        start is left out."""
        numbers = self.numbers[skip:]
        assert len(numbers) > 10, f'{len(self.pictures)} pictures; {self.words()}'
        found = breaks(numbers, total)
        assert len(found) <= allowed, f'the pictures do not follow each other at {found[:10]}'

    def check_sound(self, skip_s=1.0):
        samples = self.samples()[int(skip_s * RATE):]
        windows = tone_windows(samples)[:-3]
        assert len(windows) > 20, f'only {len(samples)} samples of sound'
        silent = [i for i, strength in enumerate(windows) if strength < 0.03]
        assert len(silent) <= len(windows) // 50, \
            f'{len(silent)} of {len(windows)} windows of 20 ms without the tone: {silent[:10]}'
        assert beep_starts(samples), 'the beep is not heard'

    def skew_s(self, skip_s=2.0):
        """How much later the sound is than the picture, by the times that the peer gave them
        with the help of the sender reports."""
        position, starts = 0, []
        onsets = iter(beep_starts(self.samples()))
        onset = next(onsets, None)
        for pts, count in list(self.sound_frames):
            while onset is not None and position <= onset < position + count:
                starts.append(pts + (onset - position) / RATE)
                onset = next(onsets, None)
            position += count
        first = self.pictures[0][0]
        flashes = [p[0] for p in self.pictures if p[1] is not None and p[1] % SAMPLE_FPS == 0]
        skews = [min((s - f for f in flashes), key=abs) for s in starts
                 if s > first + skip_s and any(abs(s - f) < 0.5 for f in flashes)]
        assert skews, f'no beep beside a flash: {starts[:5]} {flashes[:5]}'
        return statistics.median(skews)


def _sound_file():
    handle, path = tempfile.mkstemp(prefix='branchcast-sound-', suffix='.s16')
    os.close(handle)
    return path


def _python(script, *args):
    return [PYTHON, os.path.join(PEERS, script), *args]


def need_gst():
    probe = subprocess.run([PYTHON, '-c', 'import gi; gi.require_version("GstWebRTC", "1.0")'],
                           stderr=subprocess.DEVNULL, check=False)
    nice = subprocess.run(['gst-inspect-1.0', 'nicesrc'], stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL, check=False)
    if probe.returncode or nice.returncode:
        pytest.skip('python3-gi, gir1.2-gst-plugins-bad-1.0 or gstreamer1.0-nice is not installed')


def gst_viewer(url, codec='H264', kinds='audio,video'):
    need('gst-inspect-1.0')
    need_gst()
    sound = _sound_file()
    return RtcViewer(_python('gst_rtc.py', 'view', url, sound, '--codec', codec, '--kinds', kinds,
                             '--udp'),
                     'gst-whep', sound)


def gst_host(url, frames, bearer=None):
    need('gst-inspect-1.0')
    need_gst()
    more = ['--udp'] + (['--bearer', bearer] if bearer else [])
    return RtcPeer(_python('gst_rtc.py', 'send', url, frames, *more), 'gst-whip')


def need_aiortc():
    if subprocess.run([PYTHON, '-c', 'import aiortc'], stderr=subprocess.DEVNULL,
                      check=False).returncode:
        pytest.skip('python3-aiortc is not installed')


def aiortc_viewer(url, *more):
    need_aiortc()
    sound = _sound_file()
    return RtcViewer(_python('aiortc_rtc.py', url, sound, *more), 'aiortc-whep', sound)


def node_peer(script, order, env=None):
    """A peer of tests/e2e/node; `order` says what it shall do."""
    need('node')
    if not os.path.isdir(os.path.join(NODE, 'node_modules')):
        pytest.skip('the packages of tests/e2e/node are not installed (tools/runtests e2e does)')
    return RtcPeer(['node', os.path.join(NODE, script), json.dumps(order)], script.split('.')[0],
                   {**os.environ, **(env or {})})


def wait_all_end(peers, seconds=5):
    deadline = time.monotonic() + seconds
    for peer in peers:
        peer.process.wait(max(0.1, deadline - time.monotonic()))
