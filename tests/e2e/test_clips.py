# SPDX-License-Identifier: Apache-2.0
"""Clips out of a running broadcast and of its replay: each is decoded to the last picture, and
the numbers in the pictures are those that were asked for."""
import concurrent.futures
import datetime
import json
import random
import subprocess

import pytest

from kit import browser, clips, media, process, publish
from kit.process import need
from kit.server import Server
from kit.wait import until
from kit.watch import Watcher

TOTAL = media.SAMPLE_FPS * media.SAMPLE_SECONDS
FRAME_S = 1 / media.SAMPLE_FPS
# Parts are cut where the server predicted that a frame ends.
JITTER_S = 0.004

VARIANTS = {
    # name: (options of tools/make-testdata, options of FFmpeg to encode it again)
    'bframes': ({'bf': 2, 'gop': 4}, None),
    'zerolatency': ({}, ['-c:v', 'libx264', '-preset', 'ultrafast', '-tune', 'zerolatency',
                         '-g', '90', '-profile:v', 'baseline', '-pix_fmt', 'yuv420p']),
    'pyramid': ({}, ['-c:v', 'libx264', '-preset', 'veryfast', '-bf', '3', '-g', '75',
                     '-x264-params', 'b-pyramid=normal:sps-id=31', '-pix_fmt', 'yuv420p']),
}


@pytest.fixture(scope='module')
def stage(tmp_path_factory):
    """A server, and what was pushed to it by name: each broadcast is recorded for a while and
    then over."""
    mark = process.mark()
    directory = tmp_path_factory.mktemp('clips')
    server = Server(str(directory), clips.RECORDED).start()
    server.samples = {}
    for name, (options, encoding) in VARIANTS.items():
        path = media.variant(directory, **options) if options else media.SAMPLE
        if encoding:
            again = str(directory / f'{name}.flv')
            subprocess.run(['ffmpeg', '-loglevel', 'error', '-y', '-i', path, *encoding,
                            '-threads', '1', '-c:a', 'copy', again], check=True, timeout=120)
            path = again
        server.samples[name] = path
    pushes = [publish.ffmpeg(server.rtmp(f'live/{name}'), path, before=('-t', '14'), loop=False)
              for name, path in server.samples.items()]
    for push in pushes:
        push.wait(60)
    server.replays = {}
    for name in VARIANTS:
        def over(name=name):
            replay = clips.replay_of(server, f'live/{name}')
            return replay and replay['state'] == 'ready' and replay
        server.replays[name] = until(over, 30, lambda: f'the replay\n{server.process.tail()}')
    yield server
    try:
        server.stop()
    finally:
        process.end_all(mark)


def all_frames(server, name):
    """When each picture of a replay is shown, in recording time."""
    return clips.frames_of(server.http(server.replays[name]['mp4_url']), xerror=False)


def check_numbers(found, first, count):
    assert [number for _, number in found] == [(first + i) % TOTAL for i in range(count)]
    base = found[0][0]
    for i, (time, _) in enumerate(found):
        assert abs(time - base - i * FRAME_S) < 0.04 + JITTER_S, (i, time - base)


def check_sound(url, frames):
    """The beep of each second begins with its picture, and the sound covers the pictures to a
    frame at both ends."""
    began, samples = clips.sound_of(url)
    length = len(samples) / media.RATE
    assert abs(began - frames[0][0]) < clips.AAC_FRAME_S + JITTER_S
    assert abs(began + length - frames[-1][0] - FRAME_S) < clips.AAC_FRAME_S + JITTER_S
    beeps = [began + at / media.RATE for at in media.beep_starts(samples)]
    shown = [time for time, number in frames if number % media.SAMPLE_FPS == 0]
    inner = [t for t in shown if t > began + 0.1 and t < began + length - 0.2]
    for time in inner:
        nearest = min(beeps, key=lambda beep: abs(beep - time), default=None)
        assert nearest is not None and abs(nearest - time) < clips.AAC_FRAME_S + 0.006, (
            time, beeps)


def check_clip(server, clip, first, count):
    url = server.http(clip['mp4_url'])
    frames = clips.frames_of(url)
    check_numbers(frames, first, count)
    check_sound(url, frames)
    hls = server.http(clip['hls_url'])
    clips.decode_all(hls)
    check_numbers(clips.frames_of(hls), first, count)
    assert abs(clip['duration_ms'] - count * FRAME_S * 1000) < 50
    assert clip['bytes'] > 0


@pytest.mark.limit(240)
@pytest.mark.parametrize('name', list(VARIANTS))
def test_any_two_frames(stage, name):
    """CLIP-2, CLIP-3: random ends, and those next to keyframes."""
    frames = all_frames(stage, name)
    chance = random.Random(name)
    pairs = [sorted(chance.sample(range(30, 380), 2)) for _ in range(5)]
    # One frame; from a keyframe; up to one; around one.
    pairs += [(123, 124), (120, 200), (77, 120), (119, 121)]
    numbers = {number: time for time, number in frames}
    for first, end in pairs:
        clip = clips.make(stage, f'replays/{stage.replays[name]["id"]}',
                          numbers[first] * 1000, numbers[end] * 1000)
        assert clip['precision'] == 'frame', clip
        check_clip(stage, clip, first, end - first)


def test_keyframe_precision(stage):
    """CLIP-1: nothing is encoded, and the answer says where it begins."""
    numbers = {number: time for time, number in all_frames(stage, 'bframes')}
    clip = clips.make(stage, f'replays/{stage.replays["bframes"]["id"]}',
                      numbers[150] * 1000, numbers[200] * 1000, 'keyframe')
    assert clip['precision'] == 'keyframe'
    check_clip(stage, clip, 120, 120)
    assert abs(clip['from_ms'] - numbers[120] * 1000) < 1


@pytest.mark.limit(120)
def test_hevc_is_cut_at_keyframes_and_says_so(stage, tmp_path):
    """Only H.264 is encoded anew: whoever asks for the frame is told why it is not."""
    path = str(tmp_path / 'hevc.ts')
    subprocess.run(['ffmpeg', '-loglevel', 'error', '-y', '-i', media.SAMPLE, '-t', '8', '-c:v',
                    'libx265', '-preset', 'ultrafast', '-x265-params', 'keyint=60:log-level=error',
                    '-c:a', 'copy', path], check=True, timeout=60)
    url = f'srt://127.0.0.1:{stage.srt_port}?streamid=publish:live/hevc'
    subprocess.run(['ffmpeg', '-loglevel', 'error', '-re', '-i', path, '-c', 'copy', '-f', 'mpegts',
                    url], check=True, timeout=60)

    def over():
        replay = clips.replay_of(stage, 'live/hevc')
        return replay and replay['state'] == 'ready' and replay
    replay = until(over, 60, lambda: f'the replay\n{stage.process.tail()}')
    clip = clips.make(stage, f'replays/{replay["id"]}', 2500, 3500)
    assert clip['precision'] == 'keyframe' and clip['note'] and not clip['error'], clip
    assert clip['from_ms'] <= 2500 and clip['to_ms'] >= 3500
    for url in (stage.http(clip['mp4_url']), stage.http(clip['hls_url'])):
        clips.decode_all(url)


def test_wall_clock_is_the_same_moment(stage):
    replay = stage.replays['zerolatency']
    frames = all_frames(stage, 'zerolatency')
    began = datetime.datetime.fromisoformat(replay['started_at'].replace('Z', '+00:00'))

    def wall(at):
        return (began + datetime.timedelta(seconds=at)).isoformat()

    numbers = {number: time for time, number in frames}
    by_wall = clips.make(stage, f'replays/{replay["id"]}', wall(numbers[100] + 0.005),
                         wall(numbers[161] + 0.005))
    found = clips.frames_of(stage.http(by_wall['mp4_url']))
    # The wall clock of the answer is told in whole milliseconds.
    assert found[0][1] in (99, 100, 101) and len(found) in (60, 61, 62, 63)
    assert abs(by_wall['from_ms'] / 1000 - numbers[found[0][1]]) < 0.002


def test_clip_while_the_host_talks(stage):
    """The clip is there at once, and the live goes on without a missing picture."""
    need('ffmpeg')
    push = publish.ffmpeg(stage.rtmp('live/now'), stage.samples['bframes'])
    stage.wait_live('live/now')
    viewer = Watcher(stage.flv('live/now'))
    try:
        clips.wait_replay(stage, 30, 8, 'live/now')
        clip = clips.make(stage, 'channels/live/now', 3050, 6990)
        frames = clips.frames_of(stage.http(clip['mp4_url']))
        check_numbers(frames, frames[0][1], len(frames))
        assert 117 <= len(frames) <= 119
        last = clips.make(stage, 'channels/live/now', -2000, None)
        frames = clips.frames_of(stage.http(last['mp4_url']))
        check_numbers(frames, frames[0][1], len(frames))
        assert 50 <= len(frames) <= 75
        seen = len(viewer.numbers)
        until(lambda: len(viewer.numbers) > seen + 60, 10, 'more pictures')
    finally:
        viewer.process.end()
        push.end()
    assert not media.breaks([n for n in viewer.numbers if n is not None][10:-1])


def test_clip_over_a_hosts_return(make_server):
    """The time without a host is no part of the clip, and told by it."""
    server = make_server({**clips.RECORDED, 'stream.grace_s': 20})
    push = publish.ffmpeg(server.rtmp())
    clips.wait_replay(server, 30, 5)
    push.kill()
    push = publish.ffmpeg(server.rtmp())
    replay = clips.wait_replay(server, 30, 16)
    frames = clips.frames_of(server.http(replay['mp4_url']), xerror=False)
    whole = [number for _, number in frames]
    # Where the second host began the sample anew.
    seam = next(i for i in range(1, len(whole)) if whole[i] == 0)
    first, end = seam - 70, seam + 50
    clip = clips.make(server, 'channels/live/hq', frames[first][0] * 1000, frames[end][0] * 1000)
    found = clips.frames_of(server.http(clip['mp4_url']))
    assert [number for _, number in found] == whole[first:end]
    assert len(clip['gaps']) <= 1
    clips.decode_all(server.http(clip['hls_url']))
    push.end()


def test_clip_outlives_its_source(stage):
    push = publish.ffmpeg(stage.rtmp('live/gone'), stage.samples['bframes'],
                          before=('-t', '6'), loop=False)
    push.wait(30)
    def over():
        replay = clips.replay_of(stage, 'live/gone')
        return replay and replay['state'] == 'ready' and replay
    replay = until(over, 30, 'the end')
    clip = clips.make(stage, f'replays/{replay["id"]}', 1000, 4000)
    assert clips.ask(stage, f'replays/{replay["id"]}', method='DELETE').status == 204
    until(lambda: stage.get(f'/replay/{replay["id"]}/index.m3u8').status == 404, 10, 'its end')
    assert len(clips.frames_of(stage.http(clip['mp4_url']))) in (90, 91)
    clips.decode_all(stage.http(clip['hls_url']))


def test_ranges_that_make_no_sense(stage):
    replay = stage.replays['bframes']
    path = f'replays/{replay["id"]}/clips'
    for request in ({'from': 5000, 'to': 5000}, {'from': 5000, 'to': 4000},
                    {'from': 0, 'to': 100 * replay['duration_ms']},
                    {'from': 10 * replay['duration_ms'], 'to': None},
                    {'from': -10 * replay['duration_ms'], 'to': None},
                    {'from': 'yesterday', 'to': 5000}, {'from': '1999-01-01T00:00:00Z', 'to': 5000},
                    {'to': 5000}):
        answer = clips.ask(stage, path, request)
        assert answer.status == 400, (request, answer.status, answer.body)
        assert json.loads(answer.body)['error']['code'] in ('bad_range', 'outside')


def test_a_thousand_requests_at_once(make_server):
    """Those that are taken are made, the others are told to come back."""
    server = make_server({**clips.RECORDED, 'clip.queue': 8})
    push = publish.ffmpeg(server.rtmp(), before=('-t', '5'), loop=False)
    push.wait(30)
    replay = clips.wait_replay(server, 20, 4)
    path = f'replays/{replay["id"]}/clips'

    def one(i):
        answer = clips.ask(server, path, {'from': i % 20 * 100, 'to': i % 20 * 100 + 1500})
        return answer.status, answer.headers.get('Retry-After'), answer.body

    with concurrent.futures.ThreadPoolExecutor(32) as pool:
        answers = list(pool.map(one, range(1000)))
    taken = [json.loads(body)['id'] for status, _, body in answers if status == 201]
    refused = [after for status, after, _ in answers if status == 429]
    assert len(taken) + len(refused) == 1000
    assert len(taken) >= 8 and refused and all(refused)
    for clip in taken:
        assert clips.wait_clip(server, clip, 60)['state'] == 'ready'
    assert server.get('/readyz').status == 200


def test_clip_plays_in_chromium(stage):
    numbers = {number: time for time, number in all_frames(stage, 'bframes')}
    clip = clips.make(stage, f'replays/{stage.replays["bframes"]["id"]}',
                      numbers[65] * 1000, numbers[215] * 1000)
    jobs = [{'name': 'clip', 'url': stage.http(clip['watch_url']), 'seconds': 4}]
    seen = browser.look_at(jobs, 10)['clip']
    shown = [sample['number'] for sample in seen['samples'] if sample['number'] is not None]
    assert len(set(shown)) >= 3, seen
    # Over the seam from what was encoded to what was copied, and in between nothing else.
    assert all(65 <= number < 215 for number in shown), shown
    assert shown == sorted(shown) and shown[-1] > 120, shown
