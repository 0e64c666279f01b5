# SPDX-License-Identifier: Apache-2.0
"""The sample broadcast and its variants, and what a picture's number or a sound tells."""
import array
import math
import os
import subprocess
import sys

from .server import TOP

SAMPLE = os.path.join(TOP, 'testdata', 'sample.flv')
SAMPLE_FPS = 30
SAMPLE_SECONDS = 16
BLOCKS = 16
RATE = 48000
# What makes 16 grey bytes of a picture's strip.
STRIP_FILTER = "crop=iw:ih/22:0:ih*0.935,scale=16:1:flags=area,format=gray"

_cache = {}


def variant(directory, **options):
    """A sample made with other options of tools/make-testdata; made once a run."""
    key = tuple(sorted(options.items()))
    if key not in _cache:
        words = []
        for name, value in key:
            flag = '--' + name.replace('_', '-')
            words += [flag] if value is True else [flag, str(value)]
        path = os.path.join(str(directory), f'variant-{len(_cache)}.flv')
        subprocess.run([sys.executable, os.path.join(TOP, 'tools', 'make-testdata'), '--plain',
                        '--out', path, *words], check=True, timeout=120)
        _cache[key] = path
    return _cache[key]


def number_of(strip):
    """The number in a picture's strip, or None when it cannot be read."""
    if len(strip) != BLOCKS:
        return None
    value = 0
    for grey in strip:
        value = value << 1 | (grey > 125)
    number = value >> 2 & 0xfff
    check = (number >> 8) + (number >> 4) + number & 3
    return number if value >> 14 == 2 and check == value & 3 else None


def breaks(numbers, total=SAMPLE_FPS * SAMPLE_SECONDS, step=1):
    """Where a row of numbers does not go on by `step`: (index, before, after)."""
    return [(i, a, b) for i, (a, b) in enumerate(zip(numbers, numbers[1:]))
            if a is None or b is None or (a + step) % total != b]


def power(samples, frequency, rate=RATE):
    """How strong one frequency is (Goertzel), as an amplitude from 0 to 1."""
    if not samples:
        return 0.0
    k = 2 * math.cos(2 * math.pi * frequency / rate)
    s1 = s2 = 0.0
    for x in samples:
        s1, s2 = x + k * s1 - s2, s1
    energy = s1 * s1 + s2 * s2 - k * s1 * s2
    return 2 * math.sqrt(max(0.0, energy)) / (len(samples) * 32768)


def pcm(data):
    samples = array.array('h')
    samples.frombytes(data[:len(data) // 2 * 2])
    return samples


def tone_windows(samples, window=RATE // 50):
    """The strength of 440 Hz in each 20 ms."""
    return [power(samples[i:i + window], 440)
            for i in range(0, len(samples) - window + 1, window)]


def beep_starts(samples, step=RATE // 200, loud=0.15):
    """The sample numbers at which the loud beep begins, to 5 ms."""
    starts, inside = [], True
    for i in range(0, len(samples) - step + 1, step):
        now = power(samples[i:i + step], 1000) > loud
        if now and not inside:
            starts.append(i)
        inside = now
    return starts
