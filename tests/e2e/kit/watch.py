# SPDX-License-Identifier: Apache-2.0
"""A viewer that decodes: FFmpeg plays a URL, this reads the pictures' numbers and the sound."""
import os
import re
import statistics
import subprocess
import threading
import time

from .media import (BLOCKS, RATE, SAMPLE_FPS, SAMPLE_SECONDS, STRIP_FILTER, beep_starts, breaks,
                    number_of, pcm, tone_windows)
from .process import Process
from .wait import until


class Watcher:
    """Plays until stopped. `numbers` and `times` grow with each decoded picture."""

    def __init__(self, url, *, video=True, audio=True, timing=False, before=(), fps=SAMPLE_FPS,
                 seconds=SAMPLE_SECONDS, step=1):
        self.total = fps * seconds
        self.fps = fps
        self.step = step
        self.timing = timing
        self.numbers, self.times = [], []
        self.sound = bytearray()
        self._threads = []
        sound_in, sound_out = os.pipe()
        command = ['ffmpeg', '-hide_banner', '-nostdin', '-nostats', '-loglevel',
                   'info' if timing else 'warning', *before, '-i', url]
        if video:
            show = ',showinfo' if timing else ''
            command += ['-map', '0:v:0', '-vf', STRIP_FILTER + show, '-fps_mode', 'passthrough',
                        '-f', 'rawvideo', 'pipe:1']
        if audio:
            show = ['-af', 'ashowinfo'] if timing else []
            command += ['-map', '0:a:0', *show, '-f', 's16le', '-ac', '1', '-ar', str(RATE),
                        f'pipe:{sound_out}']
        self.process = Process(command, name='ffmpeg-watch', stdout=subprocess.PIPE,
                               pass_fds=(sound_out,))
        os.close(sound_out)
        self._read(self._pictures, self.process.child.stdout)
        self._read(self._samples, os.fdopen(sound_in, 'rb', buffering=0))

    def _read(self, function, stream):
        thread = threading.Thread(target=function, args=(stream,), daemon=True)
        thread.start()
        self._threads.append(thread)

    def _pictures(self, stream):
        with stream:
            while len(strip := stream.read(BLOCKS)) == BLOCKS:
                self.times.append(time.monotonic())
                self.numbers.append(number_of(strip))

    def _samples(self, stream):
        with stream:
            while data := stream.read(65536):
                self.sound += data

    # conditions

    def wait_pictures(self, count, seconds=20):
        """Until that many more pictures were decoded."""
        goal = len(self.numbers) + count
        until(lambda: len(self.numbers) >= goal or not self.process.alive, seconds,
              lambda: f'picture {goal}, there are {len(self.numbers)}\n{self.process.tail()}')
        assert len(self.numbers) >= goal, \
            f'the player ended after {len(self.numbers)} of {goal} pictures\n{self.process.tail()}'
        return self

    def wait_sound(self, seconds_of_sound, seconds=20):
        goal = len(self.sound) + int(seconds_of_sound * RATE) * 2
        until(lambda: len(self.sound) >= goal or not self.process.alive, seconds,
              lambda: f'{goal} bytes of sound, there are {len(self.sound)}\n{self.process.tail()}')
        assert len(self.sound) >= goal, f'the player ended\n{self.process.tail()}'
        return self

    def breaks(self):
        return breaks(self.numbers, self.total, self.step)

    def check_pictures(self, allowed_breaks=0):
        """Every picture seen, none twice, in order."""
        assert self.numbers, f'no picture\n{self.process.tail()}'
        found = self.breaks()
        assert len(found) <= allowed_breaks, \
            f'the pictures do not follow each other at {found[:10]} of {len(self.numbers)}'

    def longest_wait(self, since=0.0):
        times = [t for t in self.times if t >= since]
        return max((b - a for a, b in zip(times, times[1:])), default=0.0)

    def check_sound(self):
        """The tone is heard all the time. The start and the newest bit are left out."""
        samples = pcm(bytes(self.sound))[RATE // 5:]
        windows = tone_windows(samples)[:-3]
        assert len(windows) > 20, f'only {len(samples)} samples of sound'
        silent = [i for i, strength in enumerate(windows) if strength < 0.03]
        assert len(silent) <= len(windows) // 50, \
            f'{len(silent)} of {len(windows)} windows of 20 ms without the tone: {silent[:10]}'
        assert beep_starts(samples), 'the beep is not heard'

    def picture_pts(self):
        """The presentation times, in order."""
        return [float(t) for t in re.findall(
            r'Parsed_showinfo.*? pts_time:\s*(-?[0-9.]+)', self.process.log())]

    def sound_frames(self):
        return [(float(t), int(n)) for t, n in re.findall(
            r'Parsed_ashowinfo.*? pts_time:(-?[0-9.]+).*? nb_samples:(\d+)', self.process.log())]

    def skew_s(self):
        """How much later the sound is than the picture; needs timing=True."""
        position, starts = 0, []
        frames = self.sound_frames()
        samples = pcm(bytes(self.sound))
        onsets = iter(beep_starts(samples))
        onset = next(onsets, None)
        for pts, count in frames:
            while onset is not None and position <= onset < position + count:
                starts.append(pts + (onset - position) / RATE)
                onset = next(onsets, None)
            position += count
        flashes = [pts for pts, number in zip(self.picture_pts(), self.numbers)
                   if number is not None and number % self.fps == 0]
        skews = [min((s - f for f in flashes), key=abs) for s in starts
                 if any(abs(s - f) < 0.5 for f in flashes)]
        assert skews, f'no beep beside a flash: {starts[:5]} {flashes[:5]}'
        return statistics.median(skews)

    def stop(self):
        code = self.process.end()
        for thread in self._threads:
            thread.join(5)
        return code

    def wait_end(self, seconds):
        self.process.wait(seconds)
        for thread in self._threads:
            thread.join(5)
