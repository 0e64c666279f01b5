# SPDX-License-Identifier: Apache-2.0
"""The sample as HEVC in FLV's two forms, which FFmpeg 5.1 cannot write: codec id 12, as Chinese
encoders send it, and the FourCC hvc1 of enhanced RTMP."""
import os
import subprocess

from . import rtmp
from .media import SAMPLE, SAMPLE_FPS

AUD = 35
IDR = (19, 20)
PARAMETER_SETS = (32, 33, 34)
_made = []      # where a test of this run has encoded it already


def _ffmpeg(*words):
    subprocess.run(['ffmpeg', '-hide_banner', '-loglevel', 'error', '-nostdin', '-y', *words],
                   check=True, timeout=120)


def _units(annex_b):
    """NAL units of a byte stream."""
    starts = []
    at = annex_b.find(b'\0\0\1')
    while at >= 0:
        starts.append(at)
        at = annex_b.find(b'\0\0\1', at + 3)
    for begin, end in zip(starts, starts[1:] + [len(annex_b)]):
        yield annex_b[begin + 3:end].rstrip(b'\0') if end < len(annex_b) else annex_b[begin + 3:]


def _pictures(annex_b):
    """Access units as (is a keyframe, length-prefixed NAL units); x265 was told to write AUDs."""
    units, picture = [], []
    for unit in _units(annex_b):
        if (unit[0] >> 1 & 0x3f) == AUD and picture:
            units.append(picture)
            picture = []
        picture.append(unit)
    units.append(picture)
    for picture in units:
        kinds = [u[0] >> 1 & 0x3f for u in picture]
        body = b''.join(len(u).to_bytes(4, 'big') + u for u, kind in zip(picture, kinds)
                        if kind != AUD and kind not in PARAMETER_SETS)
        yield any(kind in IDR for kind in kinds), body


def _box(mp4, name):
    at = mp4.index(name)
    size = int.from_bytes(mp4[at - 4:at], 'big')
    return mp4[at + 4:at - 4 + size]


def _tag(kind, time_ms, body):
    head = bytes([kind]) + len(body).to_bytes(3, 'big') + (time_ms & 0xffffff).to_bytes(3, 'big')
    return head + bytes([time_ms >> 24 & 0x7f]) + bytes(3) + body + \
        (11 + len(body)).to_bytes(4, 'big')


def annex_b(config, pictures):
    """A byte stream out of a decoder configuration record and length-prefixed pictures."""
    out, at = bytearray(), 23
    for _ in range(config[22]):
        count, at = int.from_bytes(config[at + 1:at + 3], 'big'), at + 3
        for _ in range(count):
            size = int.from_bytes(config[at:at + 2], 'big')
            out += b'\0\0\0\1' + config[at + 2:at + 2 + size]
            at += 2 + size
    for picture in pictures:
        while picture:
            size = int.from_bytes(picture[:4], 'big')
            out += b'\0\0\0\1' + picture[4:4 + size]
            picture = picture[4 + size:]
    return bytes(out)


def make(directory, enhanced):
    """An FLV file with the sample's pictures as HEVC and its own sound; returns its path."""
    raw = os.path.join(directory, 'sample.hevc')
    mp4 = os.path.join(directory, 'sample.mp4')
    if _made and not os.path.exists(raw):
        for name in (raw, mp4):
            os.symlink(os.path.join(_made[0], os.path.basename(name)), name)
    if not os.path.exists(raw):
        _ffmpeg('-i', SAMPLE, '-an', '-c:v', 'libx265', '-preset', 'ultrafast', '-x265-params',
                f'keyint={SAMPLE_FPS}:min-keyint={SAMPLE_FPS}:bframes=0:aud=1:repeat-headers=1:'
                'log-level=none', '-f', 'hevc', raw)
        _ffmpeg('-r', str(SAMPLE_FPS), '-i', raw, '-c', 'copy', '-tag:v', 'hvc1', mp4)
        _made.append(directory)
    with open(mp4, 'rb') as f:
        config = _box(f.read(), b'hvcC')
    with open(raw, 'rb') as f:
        pictures = list(_pictures(f.read()))

    def head(key, packet_type):
        frame = 1 if key else 2
        if enhanced:
            return bytes([0x80 | frame << 4 | packet_type]) + b'hvc1' + \
                (bytes(3) if packet_type == 1 else b'')
        return bytes([frame << 4 | 12, packet_type, 0, 0, 0])
    tags = [(9, 0, head(True, 0) + config)]
    tags += [(9, round(i * 1000 / SAMPLE_FPS), head(key, 1) + body)
             for i, (key, body) in enumerate(pictures)]
    tags += [(k, t, body) for k, t, body in rtmp.flv_tags() if k == 8]
    tags.sort(key=lambda tag: tag[1])
    path = os.path.join(directory, f'hevc-{"enhanced" if enhanced else "id12"}.flv')
    with open(path, 'wb') as f:
        f.write(b'FLV\1\5\0\0\0\x09\0\0\0\0' + b''.join(_tag(*tag) for tag in tags))
    return path
