# SPDX-License-Identifier: Apache-2.0
"""Encoders that push the sample: FFmpeg, GStreamer."""
import os
import subprocess

from .media import SAMPLE
from .process import Process


def ffmpeg(url, sample=SAMPLE, *, before=(), after=(), loop=True, muxer='flv'):
    """FFmpeg pushing a file in real time, as it is."""
    return Process(['ffmpeg', '-hide_banner', '-nostdin', '-nostats', '-loglevel', 'warning',
                    '-re', *(['-stream_loop', '-1'] if loop else []), *before, '-i', sample,
                    '-c', 'copy', *after, '-f', muxer, url], name='ffmpeg-push')


def gst_rtmp2sink(url, sample=SAMPLE):
    """GStreamer's own RTMP stack. Each tag leaves at its time, as from an encoder."""
    return Process(['gst-launch-1.0', '-q', 'filesrc', f'location={sample}', '!', 'flvdemux',
                    'name=d', 'd.video', '!', 'queue', '!', 'h264parse', '!', 'mux.',
                    'd.audio', '!', 'queue', '!', 'aacparse', '!', 'mux.',
                    'flvmux', 'streamable=true', 'name=mux', '!',
                    'identity', 'sync=true', '!', 'rtmp2sink', f'location={url}'],
                   name='gst-push')


def ffmpeg_files(url, files, muxer='flv'):
    """FFmpeg pushing the streams of several files, around and around."""
    inputs = [word for file in files for word in ('-re', '-stream_loop', '-1', '-i', str(file))]
    maps = [word for n in range(len(files)) for word in ('-map', str(n))]
    return Process(['ffmpeg', '-hide_banner', '-nostdin', '-nostats', '-loglevel', 'warning', *inputs,
                    *maps, '-c', 'copy', '-f', muxer, url], name='ffmpeg-push')


def file_of(files, directory, name, muxer='flv'):
    """The same streams in one file."""
    path = os.path.join(str(directory), name)
    inputs = [word for file in files for word in ('-i', str(file))]
    maps = [word for n in range(len(files)) for word in ('-map', str(n))]
    subprocess.run(['ffmpeg', '-hide_banner', '-nostdin', '-loglevel', 'error', '-y', *inputs, *maps,
                    '-c', 'copy', '-f', muxer, path], check=True, timeout=60)
    return path
