# SPDX-License-Identifier: Apache-2.0
"""The sample as WebRTC peers send it, encoded once a run: H.264 and VP8 pictures with their
numbers, Opus, and files for a browser's fake camera."""
import json
import os
import struct
import subprocess

from .media import SAMPLE, variant

_made = {}
KEY = 1
# A record of a frames file: kind, flags, time in microseconds, length.
RECORD = struct.Struct('>BBQI')


def _ffmpeg(*words):
    subprocess.run(['ffmpeg', '-hide_banner', '-loglevel', 'error', '-nostdin', '-y', *words],
                   check=True, timeout=300)


def _once(directory, name, make):
    if name not in _made:
        path = os.path.join(str(directory), name)
        make(path)
        _made[name] = path
    return _made[name]


def _h264(raw):
    """Access units with start codes; SPS and PPS before each keyframe."""
    _ffmpeg('-i', SAMPLE, '-c', 'copy', '-an', '-bsf:v', 'h264_mp4toannexb,h264_metadata=aud=insert',
            '-f', 'h264', raw)
    with open(raw, 'rb') as f:
        units = f.read().split(b'\0\0\0\1\x09')[1:]
    for n, unit in enumerate(units):
        unit = unit[1:]     # the rest of the delimiter
        yield n, b'\0\0\0\1' + unit.lstrip(b'\0').removeprefix(b'\1'), b'\0\1\x67' in unit


def _vp8(raw):
    _ffmpeg('-i', SAMPLE, '-an', '-c:v', 'libvpx', '-deadline', 'realtime', '-cpu-used', '8', '-g',
            '30', '-keyint_min', '30', '-b:v', '700k', '-lag-in-frames', '0', '-auto-alt-ref', '0',
            '-f', 'ivf', raw)
    with open(raw, 'rb') as f:
        data = f.read()
    at, n = 32, 0
    while at + 12 <= len(data):
        size = struct.unpack_from('<I', data, at)[0]
        frame = data[at + 12:at + 12 + size]
        yield n, frame, not frame[0] & 1
        at, n = at + 12 + size, n + 1


def _opus(raw):
    """Packets of 20 ms, out of Ogg pages."""
    _ffmpeg('-i', SAMPLE, '-vn', '-c:a', 'libopus', '-b:a', '64k', '-frame_duration', '20',
            '-f', 'ogg', raw)
    with open(raw, 'rb') as f:
        data = f.read()
    at, packets, packet = 0, [], b''
    while at + 27 <= len(data):
        segments = data[at + 27:at + 27 + data[at + 26]]
        at += 27 + len(segments)
        for size in segments:
            packet += data[at:at + size]
            at += size
            if size < 255:
                packets.append(packet)
                packet = b''
    return packets[2:]      # without its two headers


def frames(directory, video='h264'):
    """A file for the peers that send: a line of JSON, then records in order of time. Loops
    after `period_us`."""
    def make(path):
        records = []
        source = {'h264': _h264, 'vp8': _vp8}.get(video)
        for n, frame, key in (source(path + '.raw') if source else ()):
            records.append((n * 1000000 // 30, 1, KEY if key else 0, frame))
        for n, packet in enumerate(_opus(path + '.ogg')[:800]):
            records.append((n * 20000, 2, KEY, packet))
        records.sort(key=lambda r: r[0])
        with open(path, 'wb') as f:
            f.write(json.dumps({'video': video, 'period_us': 16000000}).encode() + b'\n')
            for time_us, kind, flags, data in records:
                f.write(RECORD.pack(kind, flags, time_us, len(data)) + data)
    return _once(directory, f'{video}-opus.frames', make)


def camera(directory):
    """Chromium's flags for a camera that shows the sample and a microphone that hears it."""
    picture = _once(directory, 'camera.mjpeg', lambda path: _ffmpeg(
        '-i', SAMPLE, '-an', '-c:v', 'mjpeg', '-q:v', '4', '-pix_fmt', 'yuvj420p', path))
    sound = _once(directory, 'microphone.wav', lambda path: _ffmpeg(
        '-i', SAMPLE, '-vn', '-ac', '1', '-t', '16', path))
    return [f'--use-file-for-fake-video-capture={picture}',
            f'--use-file-for-fake-audio-capture={sound}']


def heavy(directory, kbps=2500):
    """The sample in many more bits: what the path's width is measured with."""
    def make(path):
        overlay = ('[0:v]split[a][b];[a]noise=c0s=16:c0f=t:all_seed=1[n];'
                   '[b]crop=iw:32:0:ih-32[s];[n][s]overlay=0:H-32,format=yuv420p[v]')
        _ffmpeg('-i', SAMPLE, '-filter_complex', overlay, '-map', '[v]', '-map', '0:a',
                '-c:v', 'libx264', '-preset', 'ultrafast', '-profile:v', 'main', '-bf', '0', '-g', '30',
                '-keyint_min', '30', '-sc_threshold', '0', '-b:v', f'{kbps}k', '-maxrate', f'{kbps}k',
                '-minrate', f'{kbps}k', '-bufsize', f'{kbps // 4}k', '-c:a', 'copy', '-f', 'flv',
                '-flvflags', 'no_duration_filesize', path)
    return _once(directory, f'heavy-{kbps}.flv', make)


def b_frames(directory, pyramid=True):
    """Two B-frames in a row; with a pyramid others refer to one of them."""
    if pyramid:
        return variant(directory, bf=2)
    return _once(directory, 'plain-b.flv', lambda path: _ffmpeg(
        '-i', SAMPLE, '-c:v', 'libx264', '-preset', 'veryfast', '-profile:v', 'main', '-bf', '2', '-g',
        '30', '-keyint_min', '30', '-sc_threshold', '0', '-x264-params', 'b-pyramid=none:b-adapt=0',
        '-b:v', '500k', '-c:a', 'copy', '-f', 'flv', '-flvflags', 'no_duration_filesize', path))
