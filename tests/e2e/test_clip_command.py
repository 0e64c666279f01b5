# SPDX-License-Identifier: Apache-2.0
"""Pieces of recordings as classic MP4 by the command line, beside the server and without it."""
import glob
import os

import pytest

from kit import media, publish
from kit.process import run
from kit.server import Server, binary
from kit.wait import until
from kit.watch import Watcher

FPS = media.SAMPLE_FPS


@pytest.fixture(scope='module')
def recorder(tmp_path_factory):
    server = Server(str(tmp_path_factory.mktemp('clip')), {
        'record.mode': 'always', 'stream.grace_s': 1, 'record.resume_s': 0,
        'record.min_free_bytes': '1MiB'}).start()
    yield server
    server.stop()


@pytest.fixture(scope='module')
def recorded(recorder):
    """A broadcast that is over: the sample once."""
    push = publish.ffmpeg(recorder.rtmp(), loop=False)
    recorder.wait_hls()
    push.wait(60)
    until(lambda: '"ended_at":null' not in text_of(recorder).replace(' ', ''), 20, 'the end')
    return recorder


def folder(server):
    found = sorted(glob.glob(os.path.join(server.settings['data.dir'], 'recordings', '*')))
    return found[-1] if found else ''


def text_of(server):
    with open(os.path.join(folder(server), 'recording.json'), encoding='utf-8') as f:
        return f.read()


def clip(server, begin, end, out):
    return run([binary(), 'clip', '--set', f'data.dir={server.settings["data.dir"]}',
                os.path.basename(folder(server)), begin, end, out], 30)


def watch(path):
    """Decodes all of a file, which must be without any fault."""
    viewer = Watcher(str(path), before=('-xerror',), timing=True)
    viewer.wait_end(60)
    assert viewer.process.code == 0, viewer.process.tail()
    assert viewer.breaks() == []
    return viewer


def test_the_whole(recorded, tmp_path):
    out = tmp_path / 'whole.mp4'
    assert clip(recorded, '0', 'end', out).returncode == 0
    viewer = watch(out)
    assert len(viewer.numbers) == FPS * media.SAMPLE_SECONDS and viewer.numbers[0] == 0
    viewer.check_sound()
    assert abs(viewer.skew_s()) < 0.03
    assert sorted(os.listdir(tmp_path)) == ['whole.mp4']


@pytest.mark.parametrize('begin, end, first, count', [
    ('3.5', '0:07.5', 3.5, 4), ('end-2', 'end', media.SAMPLE_SECONDS - 2, 2)])
def test_a_piece(recorded, tmp_path, begin, end, first, count):
    out = tmp_path / 'piece.mp4'
    assert clip(recorded, begin, end, out).returncode == 0
    viewer = watch(out)
    # to the picture, but for the microseconds by which recording time is rounded
    assert abs(viewer.numbers[0] - first * FPS) <= 1, viewer.numbers[:3]
    assert abs(len(viewer.numbers) - count * FPS) <= 1
    seconds = len(viewer.sound) / 2 / media.RATE
    assert abs(seconds - count) < 0.05, f'{seconds:.3f} s of sound'


def test_wrong_ranges_leave_no_file(recorded, tmp_path):
    for begin, end in (('5', '5'), ('7', '3'), ('99', 'end'), ('soon', 'end'), ('0', '-1')):
        result = clip(recorded, begin, end, tmp_path / 'none.mp4')
        assert result.returncode != 0 and result.stderr, (begin, end)
    result = run([binary(), 'clip', '--set', f'data.dir={recorded.settings["data.dir"]}',
                  '../recordings', '0', 'end', tmp_path / 'none.mp4'], 30)
    assert result.returncode == 1 and 'no recording' in result.stderr
    assert os.listdir(tmp_path) == []


def test_of_a_running_broadcast(recorder, tmp_path):
    before = folder(recorder)
    push = publish.ffmpeg(recorder.rtmp('live/running'))
    until(lambda: folder(recorder) not in ('', before), 20, 'a new recording')
    out = tmp_path / 'now.mp4'
    until(lambda: clip(recorder, '1', '4', out).returncode == 0
          and len(watch(out).numbers) >= 3 * FPS - 1, 30, 'four seconds of the recording')
    push.end()
