# SPDX-License-Identifier: Apache-2.0
"""Cues by the API, and as the bytes on the wire have them: script tags and SEI."""
import json
import re
import struct
import subprocess
import uuid

from . import flv
from .media import BLOCKS, STRIP_FILTER, number_of
from .wait import until

UUID = bytes.fromhex('8f4b6a5231c74e0d9a86d2b05c7e1f39')


def post(server, channel='live/hq', **cue):
    answer = server.get(f'/api/v1/channels/{channel}/cues', {'Content-Type': 'application/json'},
                        method='POST', body=json.dumps(cue))
    assert answer.status == 201, f'{answer.status} {answer.body[:300]}'
    return json.loads(answer.body)


def change(server, cue_id, channel='live/hq', **change_of):
    answer = server.get(f'/api/v1/channels/{channel}/cues/{cue_id}',
                        {'Content-Type': 'application/json'}, method='PATCH',
                        body=json.dumps(change_of))
    assert answer.status == 200, f'{answer.status} {answer.body[:300]}'
    return json.loads(answer.body)


def end(server, cue_id, channel='live/hq'):
    answer = server.get(f'/api/v1/channels/{channel}/cues/{cue_id}', method='DELETE')
    assert answer.status in (200, 202, 204), f'{answer.status} {answer.body[:300]}'


def _amf(data, at):
    kind, at = data[at], at + 1
    if kind == 0:
        return struct.unpack_from('>d', data, at)[0], at + 8
    if kind == 1:
        return bool(data[at]), at + 1
    if kind == 2:
        n = int.from_bytes(data[at:at + 2], 'big')
        return data[at + 2:at + 2 + n].decode(), at + 2 + n
    if kind in (3, 8):
        at += 4 if kind == 8 else 0
        out = {}
        while True:
            n = int.from_bytes(data[at:at + 2], 'big')
            key, at = data[at + 2:at + 2 + n].decode(), at + 2 + n
            if n == 0 and data[at] == 9:
                return out, at + 1
            out[key], at = _amf(data, at)
    raise AssertionError(f'AMF0 type {kind}')


def script(tag):
    """The name and the object of a script tag."""
    name, at = _amf(tag.body, 0)
    value, _ = _amf(tag.body, at)
    return name, value


def points(tags, cue_id=None):
    """Where onCuePoint tags are: (index, what they say)."""
    found = []
    for i, tag in enumerate(list(tags)):
        if tag.kind == flv.DATA:
            name, value = script(tag)
            if name == 'onCuePoint' and cue_id in (None, value['parameters']['id']):
                found.append((i, value))
    return found


def _unescape(data):
    out, zeros = bytearray(), 0
    for byte in data:
        if zeros >= 2 and byte == 3:
            zeros = 0
            continue
        out.append(byte)
        zeros = zeros + 1 if byte == 0 else 0
    return bytes(out)


def sei(tag):
    """The cues in the SEI of a picture, AVC or HEVC."""
    found, body = [], tag.picture
    hevc = tag.is_enhanced or tag.body[0] & 15 == 12
    while len(body) > 4:
        size = int.from_bytes(body[:4], 'big')
        unit, body = body[4:4 + size], body[4 + size:]
        is_sei = unit[0] >> 1 & 63 == 39 if hevc else unit[0] & 31 == 6
        if is_sei and UUID in unit:
            data = _unescape(unit[2 if hevc else 1:])
            assert data[0] == 5, data[:20]
            at, total = 1, 0
            while data[at] == 255:
                total, at = total + 255, at + 1
            total, at = total + data[at], at + 1
            assert data[at:at + 16] == UUID
            found.append(json.loads(data[at + 16:at + total]))
    return found


def pictures_with(viewer, cue_id):
    return [t for t in viewer.media(flv.VIDEO) if any(c['id'] == cue_id for c in sei(t))]


def wait_point(viewer, cue_id, count=1, seconds=10):
    until(lambda: len(points(viewer.tags, cue_id)) >= count, seconds,
          lambda: f'tag {count} of {cue_id}; {viewer.end_reason} {points(viewer.tags)}')
    return points(viewer.tags, cue_id)[count - 1]


def decode(*words):
    """What FFmpeg makes of an input: the number of each picture, and which have SEI of ours."""
    ran = subprocess.run(['ffmpeg', '-hide_banner', '-nostdin', *words, '-an', '-fps_mode',
                          'passthrough', '-vf', f'showinfo,{STRIP_FILTER}', '-f', 'rawvideo', '-'],
                         capture_output=True, timeout=60, check=True)
    strips = [ran.stdout[i:i + BLOCKS] for i in range(0, len(ran.stdout), BLOCKS)]
    frames = re.split(r'\] n: *\d+ ', ran.stderr.decode(errors='replace'))[1:]
    marked = [i for i, f in enumerate(frames) if str(uuid.UUID(bytes=UUID)) in f]
    return [number_of(s) for s in strips], marked
