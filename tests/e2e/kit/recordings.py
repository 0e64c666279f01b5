# SPDX-License-Identifier: Apache-2.0
"""Recordings as another program reads them, by docs/recording.md."""
import json
import os
import struct
import subprocess
import zlib

from .media import BLOCKS, STRIP_FILTER, number_of
from .process import run

HEAD = 16
RECORD = struct.Struct('>IIQIIqqIIQQ')
KEY, SEGMENT, BREAK = 1, 2, 4
GAP_US = 500_000


class Part:
    def __init__(self, values):
        (_, self.file, self.offset, self.bytes, self.head_bytes, self.start_us, self.wall_us,
         self.duration_us, self.flags, self.msn, self.place) = values
        self.end_us = self.start_us + self.duration_us


class Recording:
    """A folder at one moment."""

    def __init__(self, folder):
        self.folder = folder
        with open(os.path.join(folder, 'recording.json')) as f:
            self.about = json.load(f)
        with open(os.path.join(folder, 'index'), 'rb') as f:
            index = f.read()
        assert index[:8] == b'BCINDEX1', index[:16]
        self.parts = []
        for at in range(HEAD, len(index) - RECORD.size + 1, RECORD.size):
            record = index[at:at + RECORD.size]
            if struct.unpack('>I', record[:4])[0] != zlib.crc32(record[4:]):
                break
            self.parts.append(Part(RECORD.unpack(record)))
        self.is_whole = len(index) == HEAD + RECORD.size * len(self.parts)

    @property
    def ended(self):
        return self.about['ended_us'] is not None

    @property
    def duration_s(self):
        return self.parts[-1].end_us / 1e6 if self.parts else 0

    @property
    def files(self):
        return sorted(os.path.join(self.folder, name) for name in os.listdir(self.folder)
                      if name.endswith('.mp4'))

    def breaks(self):
        return [p.place for p in self.parts if p.flags & BREAK]

    def gaps(self):
        """(recording time, length) in seconds of what the wall clock has more."""
        return [(b.start_us / 1e6, (b.wall_us - a.wall_us - b.start_us + a.start_us) / 1e6)
                for a, b in zip(self.parts, self.parts[1:])
                if b.wall_us - a.wall_us - b.start_us + a.start_us > GAP_US]

    def behind(self):
        """How many whole parts the media has that the index lacks so far."""
        last = self.parts[-1] if self.parts else None
        count = 0
        for path in self.files:
            number = int(os.path.basename(path)[:6])
            if last and number < last.file:
                continue
            with open(path, 'rb') as f:
                f.seek(last.offset + last.bytes if last and number == last.file else 0)
                rest = f.read()
            at = 0
            while at + 8 <= len(rest):
                size, kind = struct.unpack('>I4s', rest[at:at + 8])
                if at + size > len(rest) or size < 8:
                    break
                count += kind == b'mdat'
                at += size
        return count

    def check(self):
        """The index is whole and tells where each part lies."""
        assert self.is_whole, 'the index has a torn record'
        ends = {}
        for n, p in enumerate(self.parts):
            assert p.place == n
            with open(os.path.join(self.folder, f'{p.file:06}.mp4'), 'rb') as f:
                f.seek(p.offset)
                head = f.read(8)
                assert head[4:] == b'prft', head
                assert p.offset == ends.get(p.file, p.offset), f'part {n} does not follow'
            ends[p.file] = p.offset + p.bytes
            if n > 0:
                off_us = p.start_us - self.parts[n - 1].end_us
                assert p.flags & BREAK or abs(off_us) < 40_000, f'part {n}: {off_us} µs'
        for number, end in ends.items():
            size = os.path.getsize(os.path.join(self.folder, f'{number:06}.mp4'))
            assert size == end, f'file {number}: {size} bytes, the index says {end}'

    def numbers(self):
        """The numbers of all pictures, file by file; every file decodes without an error."""
        return [decode(file) for file in self.files]

    def numbers_from_keyframes(self, directory):
        """As numbers(). A file may go on in the middle of a group of pictures, where a disk did
        not take it for a moment: not every decoder likes the pictures before its keyframe."""
        rows = []
        for path in self.files:
            own = [p for p in self.parts if p.file == int(os.path.basename(path)[:6])]
            key = next((p for p in own if p.flags & KEY), None)
            if not key:
                continue
            copy = os.path.join(directory, os.path.basename(path))
            with open(path, 'rb') as f, open(copy, 'wb') as out:
                out.write(f.read(own[0].offset))
                f.seek(key.offset)
                out.write(f.read())
            rows.append(decode(copy))
        return rows


def decode(file):
    command = ['ffmpeg', '-hide_banner', '-nostdin', '-loglevel', 'error', '-xerror', '-i', file,
               '-map', '0:v:0', '-vf', STRIP_FILTER, '-fps_mode', 'passthrough', '-f', 'rawvideo',
               'pipe:1']
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60,
                          check=False)
    assert done.returncode == 0, f'{file}: {done.stderr[-600:]}'
    # The sound, too.
    sound = run(['ffmpeg', '-hide_banner', '-nostdin', '-loglevel', 'error', '-xerror', '-i', file,
                 '-f', 'null', '-'])
    assert sound.returncode == 0 and not sound.stderr, f'{file}: {sound.stderr[-600:]}'
    return [number_of(done.stdout[i:i + BLOCKS]) for i in range(0, len(done.stdout), BLOCKS)]


def folders(server):
    root = os.path.join(server.settings['data.dir'], 'recordings')
    if not os.path.isdir(root):
        return []
    return sorted(os.path.join(root, name) for name in os.listdir(root)
                  if os.path.exists(os.path.join(root, name, 'recording.json')))


def read_all(server):
    return [Recording(folder) for folder in folders(server)]


def metric(server, name):
    for line in server.get('/metrics').body.decode().splitlines():
        if line.startswith(f'branchcast_{name} '):
            return float(line.split()[1])
    raise AssertionError(f'no metric branchcast_{name}')
