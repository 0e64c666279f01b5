# SPDX-License-Identifier: Apache-2.0
"""Pictures of lives and recordings show what they say, by the numbers burnt into the sample."""
import concurrent.futures
import json
import os
import re
import subprocess
import time

import pytest

from kit import media, publish
from kit.wait import until

FPS = media.SAMPLE_FPS
TOTAL = media.SAMPLE_FPS * media.SAMPLE_SECONDS
ALWAYS = {'record.mode': 'always', 'stream.grace_s': 1}


def size_of(jpeg):
    """Width and height in the SOF0 (ITU-T T.81 B.2.2)."""
    assert jpeg[:3] == b'\xff\xd8\xff' and jpeg[-2:] == b'\xff\xd9'
    at = 2
    while jpeg[at + 1] != 0xc0:
        at += 2 + int.from_bytes(jpeg[at + 2:at + 4], 'big')
    return (int.from_bytes(jpeg[at + 7:at + 9], 'big'), int.from_bytes(jpeg[at + 5:at + 7], 'big'))


def number_in(jpeg, place=None):
    """The number in the picture, or in a place (x, y, width, height) of it."""
    crop = 'crop={2}:{3}:{0}:{1},'.format(*place) if place else ''
    done = subprocess.run(['ffmpeg', '-v', 'error', '-f', 'jpeg_pipe', '-i', '-', '-vf',
                           crop + media.STRIP_FILTER, '-f', 'rawvideo', '-'],
                          input=jpeg, stdout=subprocess.PIPE, check=True, timeout=30)
    return media.number_of(done.stdout)


def made(server):
    text = server.get('/metrics').body.decode()
    return int(re.search(r'^branchcast_pictures_made_total (\d+)', text, re.M).group(1))


def error_code(answer):
    return json.loads(answer.body)['error']['code']


@pytest.fixture(scope='module')
def live(shared_server):
    publish.ffmpeg(shared_server.rtmp())
    shared_server.wait_live()
    shared_server.pushed = time.monotonic()     # or a little before
    shared_server.wait_hls()
    return shared_server


# --- lives ---

def test_the_picture_now(live):
    """No older than the GOP, which is a second, and two; and it goes on."""
    seen = set()
    end = time.monotonic() + 6
    while time.monotonic() < end:
        answer = live.get('/live/hq.jpg')
        now = time.monotonic() - live.pushed
        assert answer.status == 200 and answer.headers['Content-Type'] == 'image/jpeg'
        assert answer.headers['Cache-Control'] == 'max-age=1'
        assert size_of(answer.body) == (640, 360) and len(answer.body) < 60 * 1024
        number = number_in(answer.body)
        assert number is not None
        seen.add(number)
        age = (now - number / FPS + 2) % media.SAMPLE_SECONDS - 2
        assert age < 3.5, f'{number} is {age:.1f} s old'
        time.sleep(0.3)  # as a page that asks for it
    assert len(seen) >= 3, seen


@pytest.mark.parametrize('query, want', [
    ('', (640, 360)), ('?width=160', (160, 90)), ('?width=320', (320, 180)),
    ('?width=1280', (640, 360)), ('?width=500', (480, 270)), ('?width=1', (160, 90)),
    ('?width=99999999999999999999', (640, 360)), ('?width=-1', (640, 360)), ('?width=x', (640, 360)),
])
def test_widths(live, query, want):
    answer = live.get('/live/hq.jpg' + query)
    assert answer.status == 200
    assert size_of(answer.body) == want


def test_many_ask_at_once(make_server, variants):
    server = make_server()
    publish.ffmpeg(server.rtmp(), media.variant(variants, gop=8))
    server.wait_live()
    until(lambda: server.get('/live/hq.jpg?width=160').status == 200, 20, 'a picture')
    before = made(server)
    with concurrent.futures.ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda _: server.get('/live/hq.jpg'), range(200)))
    assert {a.status for a in answers} == {200}
    # Twice when the next keyframe comes between.
    assert 1 <= made(server) - before <= 2
    assert len({a.body for a in answers}) <= 2


def test_upright(make_server, tmp_path):
    sample = str(tmp_path / 'upright.flv')
    subprocess.run(['ffmpeg', '-v', 'error', '-i', media.SAMPLE, '-t', '8', '-vf', 'scale=360:640,setsar=1',
                    '-c:v', 'libx264', '-preset', 'ultrafast', '-g', '30', '-c:a', 'copy', sample],
                   check=True, timeout=60)
    server = make_server()
    publish.ffmpeg(server.rtmp(), sample)
    server.wait_live()
    answer = until(lambda: (a := server.get('/live/hq.jpg?width=320')).status == 200 and a, 20,
                   'a picture')
    assert size_of(answer.body) == (320, 568)
    assert number_in(answer.body) is not None


def test_sound_alone(make_server, variants):
    server = make_server()
    publish.ffmpeg(server.rtmp(), media.variant(variants, no_video=True))
    server.wait_hls()
    answer = server.get('/live/hq.jpg')
    assert answer.status == 404 and error_code(answer) == 'no_picture'


def test_nobody_is_live(live):
    for name in ('nobody', 'nobody-else'):
        answer = live.get(f'/live/{name}.jpg')
        assert answer.status == 404 and error_code(answer) == 'not_live'


# --- recordings ---

def recording_id(server):
    folder = os.path.join(server.settings['data.dir'], 'recordings')
    return until(lambda: os.path.isdir(folder) and next(iter(sorted(os.listdir(folder))), None),
                 20, f'a recording\n{server.process.tail()}')


def cues_of(text):
    """[(from, to, sheet, place)] in seconds."""
    def seconds(stamp):
        h, m, s = stamp.split(':')
        return int(h) * 3600 + int(m) * 60 + float(s)
    assert text.startswith('WEBVTT\n\n')
    found = re.findall(r'(\S+) --> (\S+)\n(sheet-\d{4}\.jpg)#xywh=(\d+),(\d+),(\d+),(\d+)\n', text)
    return [(seconds(a), seconds(b), name, tuple(map(int, place))) for a, b, name, *place in found]


def get_cues(server, name):
    answer = server.get(f'/replay/{name}/thumbnails.vtt')
    if answer.status != 200:
        assert answer.status == 404, answer.status
        return []
    assert answer.headers['Content-Type'].startswith('text/vtt')
    return cues_of(answer.body.decode())


def check_cues(server, name, cues):
    """Each shows the frame of its beginning, counted from that of the recording's."""
    sheets = {}
    for sheet in {cue[2] for cue in cues}:
        answer = server.get(f'/replay/{name}/{sheet}')
        assert answer.status == 200 and answer.headers['Content-Type'] == 'image/jpeg'
        assert size_of(answer.body) == (800, 450)
        sheets[sheet] = answer.body
    numbers = [number_in(sheets[sheet], place) for _, _, sheet, place in cues]
    assert None not in numbers, numbers
    assert cues[0][0] == 0
    assert all(a[1] == b[0] for a, b in zip(cues, cues[1:])), cues
    for (begin, _, _, _), number in zip(cues, numbers):
        off = (numbers[0] + round(begin * FPS) - number + TOTAL // 2) % TOTAL - TOTAL // 2
        assert abs(off) <= FPS, f'{number} at {begin} after {numbers[0]}' # a keyframe
    return numbers


@pytest.mark.limit(180)
def test_thumbnails(make_server):
    """Of a broadcast while it runs, and when it is over."""
    server = make_server(ALWAYS)
    push = publish.ffmpeg(server.rtmp())
    server.wait_live()
    name = recording_id(server)
    cues = until(lambda: (c := get_cues(server, name)) and len(c) >= 3 and c, 60,
                 lambda: f'three thumbnails\n{server.process.tail()}')
    numbers = check_cues(server, name, cues)
    poster = server.get(f'/replay/{name}/poster.jpg')
    assert poster.status == 200 and size_of(poster.body) == (640, 360)
    # The keyframe after 3 s, in a GOP of one second.
    assert (number_in(poster.body) - numbers[0]) % TOTAL in range(3 * FPS, 5 * FPS)
    push.end()
    until(lambda: not server.is_live(), 20, 'the end')

    def is_complete():
        text = server.get(f'/replay/{name}/thumbnails.vtt').body.decode()
        playlist = server.get(f'/replay/{name}/index.m3u8')
        main = re.search(r'^[^#\n].*$', playlist.body.decode(), re.M)
        if playlist.status != 200 or not main:
            return False
        lines = server.get(f'/replay/{name}/{main.group()}').body.decode()
        length = sum(map(float, re.findall(r'#EXTINF:([\d.]+)', lines)))
        return '#EXT-X-ENDLIST' in lines and abs(cues_of(text)[-1][1] - length) < 0.5
    until(is_complete, 30, lambda: f'thumbnails up to the end\n{server.process.tail()}')
    assert check_cues(server, name, get_cues(server, name))[:3] == numbers[:3]


def test_recording_of_sound(make_server, variants):
    server = make_server(ALWAYS)
    publish.ffmpeg(server.rtmp(), media.variant(variants, no_video=True))
    server.wait_live()
    name = recording_id(server)
    for file in ('thumbnails.vtt', 'poster.jpg', 'sheet-0001.jpg'):
        assert server.get(f'/replay/{name}/{file}').status == 404
