# SPDX-License-Identifier: Apache-2.0
"""The sample in every codec that hosts send, small and quickly made, and hosts that push it."""
import os
import subprocess

from .media import SAMPLE
from .rtc_peers import node_peer
from .wait import until

PERIOD_MS = 8000
GOP = ['-g', '30', '-keyint_min', '30']
# Encoders of Debian's FFmpeg; the container is Matroska, which holds them all.
VIDEO = {
    'H.264': ['libx264', '-preset', 'ultrafast', '-bf', '0', '-sc_threshold', '0', *GOP],
    'HEVC': ['libx265', '-preset', 'ultrafast', '-x265-params',
             'log-level=error:bframes=0:keyint=30:min-keyint=30:scenecut=0:pools=1'],
    'AV1': ['libsvtav1', '-preset', '12', '-crf', '50', '-svtav1-params', 'pred-struct=1', *GOP],
    'VP9': ['libvpx-vp9', '-deadline', 'realtime', '-cpu-used', '8', '-b:v', '300k',
            '-lag-in-frames', '0', *GOP],
    'VP8': ['libvpx', '-deadline', 'realtime', '-cpu-used', '8', '-b:v', '300k', *GOP],
}
AUDIO = {
    'AAC': ['aac'], 'Opus': ['libopus', '-b:a', '64k'], 'FLAC': ['flac', '-sample_fmt', 's16'],
    'AC-3': ['ac3', '-b:a', '96k'], 'E-AC-3': ['eac3', '-b:a', '96k'],
    'MP3': ['libmp3lame', '-b:a', '96k'], 'G.711 A-law': ['pcm_alaw', '-ar', '8000', '-ac', '1'],
    'G.711 µ-law': ['pcm_mulaw', '-ar', '8000', '-ac', '1'],
}


def _make(path, *words):
    if not os.path.exists(path):
        subprocess.run(['ffmpeg', '-hide_banner', '-loglevel', 'error', '-nostdin', '-y', '-i',
                        SAMPLE, '-t', str(PERIOD_MS // 1000), *words, path], check=True,
                       timeout=120)
    return path


def video(directory, codec, size='320x180'):
    return _make(os.path.join(str(directory), f'{codec}-{size}.mkv'), '-an', '-s', size,
                 '-pix_fmt', 'yuv420p', '-c:v', *VIDEO[codec])


def audio(directory, codec):
    name = codec.replace('.', '').replace(' ', '').replace('µ', 'u')
    return _make(os.path.join(str(directory), f'{name}.mka'), '-vn', '-c:a', *AUDIO[codec])


class Hosts:
    """Pushes with FFmpeg 8, all from one process (node/av_host.mjs)."""

    def __init__(self):
        self.peer = node_peer('av_host.mjs', {})

    def push(self, name, url, files, form='flv', **options):
        self.peer.say(push=name, url=url, files=[str(f) for f in files], format=form,
                      options=options, period_ms=PERIOD_MS)

    def problem(self, name):
        return next((word['problem'] for word in self.peer.said if word.get('ended') == name), None)

    def is_pushing(self, name):
        return any(word.get('pushing') == name for word in self.peer.said)

    def wait(self, name, seconds=20):
        until(lambda: self.is_pushing(name) or self.problem(name), seconds,
              lambda: f'{name} to be pushed; {self.peer.words()}')
        assert self.problem(name) is None, f'{name}: {self.problem(name)}\n{self.peer.words()}'

    def play(self, url, packets=120, seconds=30, **options):
        """What FFmpeg 8 plays: {kind: {"codec", "width", "packets"}}."""
        name = f'{url} {len(self.peer.said)}'
        self.peer.say(play=name, url=url, packets=packets, options=options)
        word = until(lambda: next((w for w in self.peer.said if w.get('played') == name), None),
                     seconds, lambda: f'{url} to be played; {self.peer.words()}')
        assert word['problem'] is None, word
        return {stream['kind']: stream for stream in word['streams']}

    def stop(self, name):
        self.peer.say(stop=name)
