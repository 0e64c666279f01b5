# SPDX-License-Identifier: Apache-2.0
"""Clips and replays by the API, and what is in them when all of it is decoded."""
import json
import re
import subprocess

from .media import BLOCKS, RATE, STRIP_FILTER, number_of, pcm
from .process import run
from .wait import until

RECORDED = {'record.mode': 'always', 'stream.grace_s': 1, 'record.resume_s': 5,
            'record.min_free_bytes': '1MiB'}
AAC_FRAME_S = 1024 / 48000


def ask(server, path, request=None, method='POST'):
    body = None if request is None else json.dumps(request)
    return server.get(f'/api/v1/{path}', {'Content-Type': 'application/json'}, 20, method, body)


def replay_of(server, channel='live/hq'):
    """The newest recording of a channel, or None."""
    found = server.json(f'/api/v1/replays?channel={channel}')['replays']
    return found[0] if found else None


def wait_replay(server, seconds, length_s=0, channel='live/hq'):
    """Until so much of it is recorded."""
    def there():
        replay = replay_of(server, channel)
        return replay and replay['duration_ms'] >= length_s * 1000 and replay
    return until(there, seconds, lambda: f'a recording of {length_s} s\n{server.process.tail()}')


def wait_clip(server, clip, seconds=30):
    def over():
        now = server.json(f'/api/v1/clips/{clip}')
        return now if now['state'] != 'running' else None
    return until(over, seconds, lambda: f'clip {clip}\n{server.process.tail()}')


def make(server, path, first, end, precision='frame', title='a clip'):
    """A clip of a replay ('replays/ID') or of a channel ('channels/live/hq'), once it is made."""
    answer = ask(server, f'{path}/clips',
                 {'from': first, 'to': end, 'title': title, 'precision': precision})
    assert answer.status == 201, (answer.status, answer.body)
    clip = wait_clip(server, json.loads(answer.body)['id'])
    assert clip['state'] == 'ready', clip
    return clip


def frames_of(url, xerror=True):
    """[(time, number)] of all pictures, decoded without an error."""
    command = ['ffmpeg', '-hide_banner', '-nostdin', '-nostats', '-loglevel', 'info',
               *(['-xerror'] if xerror else []), '-copyts', '-i', url, '-map', '0:v:0',
               '-vf', STRIP_FILTER + ',showinfo', '-fps_mode', 'passthrough',
               '-f', 'rawvideo', 'pipe:1']
    result = subprocess.run(command, capture_output=True, timeout=120)
    text = result.stderr.decode(errors='replace')
    assert result.returncode == 0, f'{url}: {text[-3000:]}'
    strips = [result.stdout[i:i + BLOCKS] for i in range(0, len(result.stdout), BLOCKS)]
    times = [float(t) for t in re.findall(r'showinfo.* pts_time:\s*([-0-9.]+)', text)]
    assert len(times) == len(strips)
    return list(zip(times, [number_of(strip) for strip in strips]))


def sound_of(url):
    """(time of the first sample, all samples), decoded without an error."""
    command = ['ffmpeg', '-hide_banner', '-nostdin', '-nostats', '-loglevel', 'info', '-xerror',
               '-copyts', '-i', url, '-map', '0:a:0', '-af', 'ashowinfo', '-f', 's16le', '-ac', '1',
               '-ar', str(RATE), 'pipe:1']
    result = subprocess.run(command, capture_output=True, timeout=120)
    text = result.stderr.decode(errors='replace')
    assert result.returncode == 0, f'{url}: {text[-3000:]}'
    times = re.findall(r'ashowinfo.* pts_time:\s*([-0-9.]+)', text)
    assert times, text[-2000:]
    return float(times[0]), pcm(result.stdout)


def decode_all(url):
    """All of a file or playlist by FFmpeg, which ends at the first error."""
    result = run(['ffmpeg', '-hide_banner', '-nostdin', '-loglevel', 'warning', '-xerror', '-i', url,
                  '-f', 'null', '-'], 120)
    assert result.returncode == 0, f'{url}: {result.stderr[-3000:]}'
    return result.stderr
