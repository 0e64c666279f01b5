# SPDX-License-Identifier: Apache-2.0
"""Recordings: nothing missing, one replay for one broadcast, whatever happens to host, server
and disk."""
import json
import os
import random
import signal
import subprocess
import time

import pytest

from kit import hls, media, publish
from kit.recordings import folders, metric, read_all
from kit.server import TOP
from kit.wait import until
from kit.watch import Watcher

RECORD = {'record.mode': 'always', 'record.min_free_bytes': 0}
B_FRAMES = 2
PERIOD = media.SAMPLE_FPS * media.SAMPLE_SECONDS


def parts(server):
    return metric(server, 'recording_parts_total')


def wait_parts(server, more, seconds=20):
    goal = parts(server) + more
    until(lambda: parts(server) >= goal, seconds,
          lambda: f'part {goal}, there are {parts(server)}\n{server.process.tail()}')


def wait_ended(server, count=1, seconds=15):
    until(lambda: len([r for r in read_all(server) if r.ended]) == count, seconds,
          lambda: f'{count} recordings that have ended\n{server.process.tail()}')
    return read_all(server)


def check_row(numbers, allowed_breaks=0):
    assert None not in numbers
    found = media.breaks(numbers)
    assert len(found) <= allowed_breaks, f'{found[:10]} of {len(numbers)}'


def test_recorded_files_play_and_hold_every_picture(make_server):
    server = make_server(RECORD)
    push = publish.ffmpeg(server.rtmp(), loop=False)
    until(lambda: push.code == 0, 40, 'the host to come to its end')
    recording, = wait_ended(server)
    recording.check()
    assert recording.about['channel'] == 'live/hq' and recording.about['kind'] == 'replay'
    numbers, = recording.numbers()
    assert numbers == list(range(PERIOD)), f'{len(numbers)} pictures'
    assert abs(recording.duration_s - media.SAMPLE_SECONDS) < 0.1
    assert recording.breaks() == [] and recording.gaps() == []
    assert metric(server, 'recording_lost_parts_total') == 0
    assert metric(server, 'recordings_running') == 0


def test_reconnect_and_other_format_are_one_replay_with_its_gaps(make_server, tmp_path):
    other = media.variant(tmp_path, bf=B_FRAMES)
    server = make_server(RECORD)
    push = publish.ffmpeg(server.rtmp())
    server.wait_live()
    wait_parts(server, 15)
    push.kill()
    until(lambda: not server.is_live(), 15, 'the server to see the drop')
    before = parts(server)
    time.sleep(1)       # the gap that is to be seen
    push = publish.ffmpeg(server.rtmp(), other)
    server.wait_live()
    wait_parts(server, 15)
    push.end()
    recording, = wait_ended(server)
    recording.check()
    assert len(recording.files) == 2, 'one of each format'
    first, second = recording.numbers()
    check_row(first)
    # A host that stops after a P-frame has not sent the B-frames that are shown before it.
    check_row(second[:-B_FRAMES])
    assert len(recording.breaks()) == 1 and abs(recording.breaks()[0] - before) <= 1
    (at_s, length_s), = recording.gaps()
    assert at_s == recording.parts[recording.breaks()[0]].start_us / 1e6
    assert 1 < length_s < 15


def live_parts(server):
    """Names of all parts that viewers are told of, oldest first."""
    path = hls.media_playlists(server)[1][0]
    playlist = hls.get_playlist(server, path)
    return [(s.msn, n) for s in playlist.all for n, _ in enumerate(s.parts)]


def recorded_parts(recording):
    rows, n = [], 0
    for a, b in zip([None] + recording.parts, recording.parts):
        n = n + 1 if a and a.msn == b.msn else 0
        rows.append((b.msn, n))
    return rows


@pytest.mark.limit(240)
def test_kill_9_costs_one_part_at_most(make_server):
    """At random moments, and the same replay goes on."""
    server = make_server(RECORD)
    for _ in range(5):
        push = publish.ffmpeg(server.rtmp())
        server.wait_hls()
        time.sleep(random.uniform(0, 1))
        seen = live_parts(server)
        server.process.kill()
        push.kill()
        recording = read_all(server)[0]
        have = set(recorded_parts(recording))
        lost = [part for part in seen if part not in have]
        assert len(lost) - recording.behind() <= 1, f'{lost} of {seen[-10:]}'
        server.start()
    push = publish.ffmpeg(server.rtmp())
    server.wait_live()
    wait_parts(server, 10)
    push.end()
    recording, = wait_ended(server)
    recording.check()
    assert len(recording.breaks()) == 5
    for numbers in recording.numbers():
        check_row(numbers)


def test_restart_goes_on_in_the_same_replay(make_server):
    """A server that is asked to go loses nothing at all."""
    server = make_server(RECORD)
    push = publish.ffmpeg(server.rtmp())
    server.wait_hls()
    server.stop()
    push.kill()
    recording, = read_all(server)
    assert not recording.ended
    recording.check()
    server.start()
    push = publish.ffmpeg(server.rtmp())
    server.wait_live()
    wait_parts(server, 10)
    push.end()
    recording, = wait_ended(server)
    # A quick machine is back within the half second that is no gap yet.
    assert len(recording.breaks()) == 1 and len(recording.gaps()) <= 1


def test_host_that_does_not_come_back_has_ended(make_server):
    server = make_server({**RECORD, 'record.resume_s': 2})
    push = publish.ffmpeg(server.rtmp())
    server.wait_hls()
    server.process.kill()
    push.kill()
    assert not read_all(server)[0].ended
    server.start()
    recording, = wait_ended(server)
    recording.check()
    check_row(recording.numbers()[0])


class Disk:
    """A file system of its own for a server's data, and what becomes of it."""

    def __init__(self, path, source=None):
        self.path = str(path)
        self.words = ['--bind', source] if source else ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs']
        self.filler = os.path.join(self.path, 'filler')
        os.makedirs(self.path, exist_ok=True)

    def mount(self):
        done = subprocess.run(['mount', *self.words, self.path], check=False,
                              stderr=subprocess.PIPE)
        if done.returncode != 0:
            pytest.skip(f'nothing can be mounted here: {done.stderr[:200]}')
        return self

    def unmount(self):
        subprocess.run(['umount', '-l', self.path], check=False, stderr=subprocess.DEVNULL)

    def fill(self, leave):
        space = os.statvfs(self.path)
        with open(self.filler, 'wb') as f:
            f.write(bytes(space.f_bavail * space.f_frsize - leave))

    def clear(self):
        os.unlink(self.filler)


@pytest.fixture
def disk(request, tmp_path, make_server):
    made = []

    def make(name, source=None):
        made.append(Disk(tmp_path / name, source).mount())
        return made[-1]
    yield make
    for one in made:
        one.unmount()


class Audience:
    """Viewers who must not notice anything."""

    def __init__(self, server):
        server.wait_hls()
        self.flv = Watcher(server.flv()).wait_pictures(15)
        self.poller = hls.Poller(server, hls.media_playlists(server)[1][0], load=True)

    def check(self):
        self.flv.wait_pictures(15)
        self.flv.stop()
        self.flv.check_pictures()
        self.poller.wait_updates(3)
        self.poller.stop()
        assert set(self.poller.statuses) == {200}
        assert not any(s.discontinuity for s in self.poller.latest.segments)


def in_trouble(server):
    return metric(server, 'recording_trouble') == 1


def check_api(server, state):
    told = (server.channel() or {}).get('recording')
    if told is not None:
        assert told['state'] == state, told
        assert (told['trouble'] is not None) == (state == 'trouble'), told


@pytest.mark.limit(150)
def test_full_disk_is_an_alarm_and_no_harm(make_server, disk):
    place = disk('small')
    server = make_server({**RECORD, 'data.dir': place.path})
    push = publish.ffmpeg(server.rtmp())
    audience = Audience(server)
    wait_parts(server, 5)
    place.fill(leave=65536)
    until(lambda: in_trouble(server), 20, 'the alarm')
    server.wait_log('recording is in trouble.*the disk is full')
    check_api(server, 'trouble')
    until(lambda: metric(server, 'recording_lost_parts_total') > 5, 30, 'more than may wait')
    place.clear()
    until(lambda: not in_trouble(server), 20, 'it to go on by itself')
    server.wait_log('recording goes on after .* of trouble, [0-9]+ parts lost')
    check_api(server, 'running')
    wait_parts(server, 10)
    audience.check()
    push.end()
    recording, = wait_ended(server)
    recording.check()
    assert len(recording.breaks()) == 1 and len(recording.gaps()) == 1
    for numbers in recording.numbers():
        check_row(numbers)
    assert server.log().count('recording is in trouble') == 1


@pytest.mark.limit(150)
def test_missing_mount_is_an_alarm_and_no_harm(make_server, disk, tmp_path):
    real = tmp_path / 'real'
    real.mkdir()
    place = disk('mounted', str(real))
    server = make_server({**RECORD, 'data.dir': place.path})
    push = publish.ffmpeg(server.rtmp())
    audience = Audience(server)
    place.unmount()
    until(lambda: in_trouble(server), 20, 'the alarm')
    server.wait_log('recording is in trouble.*(not mounted|gone)')
    assert folders(server) == [], 'nothing is written where the mount is missing'
    place.mount()
    until(lambda: not in_trouble(server), 20, 'it to go on by itself')
    wait_parts(server, 10)
    audience.check()
    push.end()
    recording, = wait_ended(server)
    recording.check()
    for numbers in recording.numbers_from_keyframes(tmp_path):
        check_row(numbers)


class BadDisk:
    """A server whose writes to recordings fail or take long while it is told so."""

    def __init__(self, tmp_path, monkeypatch, make_server):
        library = str(tmp_path / 'bad_disk.so')
        subprocess.run(['gcc', '-shared', '-fPIC', '-o', library,
                        os.path.join(TOP, 'tests', 'e2e', 'peers', 'bad_disk.c')], check=True)
        self.mood = tmp_path / 'mood'
        self.mood.write_text('')
        with monkeypatch.context() as environment:
            environment.setenv('LD_PRELOAD', library)
            environment.setenv('BAD_DISK', str(self.mood))
            environment.setenv('ASAN_OPTIONS', 'exitcode=99:verify_asan_link_order=0')
            self.server = make_server(RECORD)


@pytest.mark.limit(150)
@pytest.mark.parametrize('mood, alarm', [('eio', 'the disk reports an error'),
                                         ('slow', 'does not keep up')])
def test_bad_disk_is_an_alarm_and_no_harm(make_server, tmp_path, monkeypatch, mood, alarm):
    disk = BadDisk(tmp_path, monkeypatch, make_server)
    server = disk.server
    push = publish.ffmpeg(server.rtmp())
    audience = Audience(server)
    wait_parts(server, 5)
    disk.mood.write_text(mood)
    until(lambda: in_trouble(server), 30, lambda: f'the alarm\n{server.process.tail()}')
    server.wait_log(f'recording is in trouble.*{alarm}')
    check_api(server, 'trouble')
    until(lambda: metric(server, 'recording_lost_parts_total') > 5, 30, 'more than may wait')
    disk.mood.write_text('')
    until(lambda: not in_trouble(server), 30, 'it to go on by itself')
    wait_parts(server, 10)
    audience.check()
    push.end()
    recording, = wait_ended(server)
    recording.check()
    assert len(recording.breaks()) >= 1 and len(recording.gaps()) >= 1
    for numbers in recording.numbers_from_keyframes(tmp_path):
        check_row(numbers)


@pytest.mark.limit(120)
def test_little_space_is_an_alarm(make_server, disk):
    """record.min_free_bytes is kept free: recording ends before the disk is full."""
    place = disk('small')
    server = make_server({**RECORD, 'record.min_free_bytes': 2 << 20, 'data.dir': place.path})
    push = publish.ffmpeg(server.rtmp())
    server.wait_live()
    wait_parts(server, 5)
    place.fill(leave=1 << 20)
    until(lambda: in_trouble(server), 20, 'the alarm')
    server.wait_log('less than record.min_free_bytes')
    place.clear()
    until(lambda: not in_trouble(server), 20, 'it to go on by itself')
    push.end()


def test_reload_begins_and_ends_recording(make_server, tmp_path):
    config = tmp_path / 'branchcast.yaml'
    config.write_text('record: {mode: never}\n')
    server = make_server({'record.min_free_bytes': 0}, config=str(config))
    push = publish.ffmpeg(server.rtmp())
    server.wait_hls()
    assert read_all(server) == []
    config.write_text('record: {mode: never}\nchannels: {live/hq: {record: always, title: X}}\n')
    server.process.signal(signal.SIGHUP)
    until(lambda: metric(server, 'recordings_running') == 1, 15, 'recording to begin')
    wait_parts(server, 10)
    config.write_text('record: {mode: never}\n')
    server.process.signal(signal.SIGHUP)
    recording, = wait_ended(server)
    recording.check()
    assert recording.about['title'] == 'X'
    check_row(recording.numbers()[0])
    assert server.is_live()
    push.end()


def ask(server, record):
    return server.get('/api/v1/channels/live/hq/record', {'Content-Type': 'application/json'},
                      method='POST', body=json.dumps({'record': record})).status


def test_operator_starts_and_stops_by_the_api(make_server):
    server = make_server({'record.min_free_bytes': 0})
    push = publish.ffmpeg(server.rtmp())
    server.wait_hls()
    check_api(server, 'off')
    assert ask(server, False) == 409
    assert ask(server, True) == 202
    until(lambda: server.channel()['recording']['state'] == 'running', 10, 'recording to begin')
    assert ask(server, True) == 409
    wait_parts(server, 10)
    assert ask(server, False) == 202
    recording, = wait_ended(server)
    recording.check()
    check_row(recording.numbers()[0])
    until(lambda: server.channel()['recording']['state'] == 'off', 10, 'recording to be off')
    assert server.is_live()
    push.end()
