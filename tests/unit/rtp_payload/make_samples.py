#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Makes samples/<codec>.bin anew with FFmpeg: access units of real encoders, each as
# key(8) length(32) bytes. AVC and HEVC with 4-byte lengths and in-band parameter sets,
# AV1 as temporal units with delimiters, VP8 and VP9 as frames, Opus as packets.
import pathlib
import re
import struct
import subprocess

OUT = pathlib.Path(__file__).resolve().parent / 'samples'
VIDEO = ['-f', 'lavfi', '-i', 'testsrc2=s=160x96:r=25', '-frames:v', '8', '-g', '4', '-pix_fmt', 'yuv420p']
AUDIO = ['-f', 'lavfi', '-i', 'sine=frequency=440:duration=0.2', '-ac', '2']


def ffmpeg(source, args, muxer):
    command = ['ffmpeg', '-v', 'error', *source, *args, '-f', muxer, '-']
    return subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout


def annex_b(data, hevc):
    """Access units with lengths; the encoder was told to put a delimiter before each."""
    units = []
    for nal in re.split(b'\0*\0\0\1', data):
        if not nal:
            continue
        kind = nal[0] >> 1 & 0x3f if hevc else nal[0] & 0x1f
        if kind == (35 if hevc else 9):
            units.append([0, b''])
        units[-1][0] |= 16 <= kind <= 21 if hevc else kind == 5
        units[-1][1] += struct.pack('>I', len(nal)) + nal
    return units


def ivf(data):
    units, at = [], struct.unpack_from('<H', data, 6)[0]
    while at < len(data):
        size = struct.unpack_from('<I', data, at)[0]
        units.append([0, data[at + 12:at + 12 + size]])
        at += 12 + size
    for i, unit in enumerate(units):
        unit[0] = i % 4 == 0
    return units


def ogg(data):
    units, at, rest = [], 0, b''
    while at < len(data):
        count = data[at + 26]
        lacing, body = data[at + 27:at + 27 + count], at + 27 + count
        for size in lacing:
            rest += data[body:body + size]
            body += size
            if size < 255:
                units.append([1, rest])
                rest = b''
        at = body
    return units[2:]  # without OpusHead and OpusTags


def write(name, units):
    data = b''.join(struct.pack('>BI', key, len(unit)) + unit for key, unit in units)
    (OUT / f'{name}.bin').write_bytes(data)
    print(f'{name}: {len(units)} units, {len(data)} bytes')


write('avc', annex_b(ffmpeg(VIDEO, ['-c:v', 'libx264', '-tune', 'zerolatency', '-crf', '40', '-x264-params',
                                    'aud=1:repeat-headers=1:slices=2:keyint=4:min-keyint=4'], 'h264'), False))
write('hevc', annex_b(ffmpeg(VIDEO, ['-c:v', 'libx265', '-crf', '38', '-x265-params',
                                     'log-level=0:aud=1:repeat-headers=1:bframes=0:keyint=4:min-keyint=4:open-gop=0'],
                             'hevc'), True))
write('av1', ivf(ffmpeg(VIDEO, ['-c:v', 'libaom-av1', '-crf', '50', '-cpu-used', '8', '-lag-in-frames', '0',
                                '-tiles', '2x1', '-keyint_min', '4'], 'ivf')))
write('vp8', ivf(ffmpeg(VIDEO, ['-c:v', 'libvpx', '-b:v', '200k', '-deadline', 'realtime', '-keyint_min', '4'], 'ivf')))
write('vp9', ivf(ffmpeg(VIDEO, ['-c:v', 'libvpx-vp9', '-b:v', '200k', '-deadline', 'realtime', '-lag-in-frames', '0',
                                '-keyint_min', '4'], 'ivf')))
write('opus', ogg(ffmpeg(AUDIO, ['-c:a', 'libopus', '-b:a', '64k'], 'ogg')))
