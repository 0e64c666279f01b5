# SPDX-License-Identifier: Apache-2.0
"""Pages in Chromium, several at the same time; see browser/watch.mjs."""
import json
import os

import pytest

from .process import need, run
from .server import TOP

SCRIPT = os.path.join(TOP, 'tests', 'e2e', 'browser', 'watch.mjs')


def look_at(jobs, seconds, env=None):
    """Runs the jobs in one browser; returns the results by name. `env` is put on top."""
    need('node')
    result = run(['node', SCRIPT, json.dumps(jobs)], seconds + 60,
                 env={**os.environ, **(env or {})})
    if result.returncode == 77:
        pytest.skip(result.stdout.strip())
    assert result.returncode == 0, result.stderr[-3000:]
    return json.loads(result.stdout.splitlines()[-1])


def check_stalls(stats, late_ms):
    """The picture did not stand still but where the browser itself was not let run by the
    machine: what is late at the server stops a browser that has time."""
    assert stats['stall_ms'] <= late_ms, \
        f'{stats["stalls"]} stalls, {stats["stall_ms"]} ms, the browser was {late_ms:.0f} ms late'


def check_grows(frames, late_ms):
    """More pictures each second, but for those in which the browser was not let run."""
    found = [(a, b) for a, b, before, after in zip(frames, frames[1:], late_ms, late_ms[1:])
             if b <= a and after - before < 300]
    assert not found, f'{found} in {frames}, the browser was late by {late_ms}'
    return frames


def pictures_directory():
    """Screenshots are kept in the build directory."""
    path = os.path.join(os.environ.get('BRANCHCAST_PICTURES', os.path.join(TOP, 'build-pictures')))
    os.makedirs(path, exist_ok=True)
    return path
