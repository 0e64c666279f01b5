# SPDX-License-Identifier: Apache-2.0
"""Child processes that are always ended, by their own id."""
import os
import shutil
import signal
import subprocess
import tempfile

import pytest

from .wait import until

_running = []


def need(*programs):
    """Skips the test with a clear word when a program is not installed."""
    for program in programs:
        if not shutil.which(program):
            pytest.skip(f'{program} is not installed')


class Process:
    """A child with its output in a file. Ends with end(), kill() or at the end of the test."""

    def __init__(self, command, *, name=None, env=None, log=None, pass_fds=(), stdout=None,
                 stdin=subprocess.DEVNULL, user=None, cwd=None):
        self.name = name or os.path.basename(command[0])
        self.command = [str(word) for word in command]
        self.log_file = log or tempfile.NamedTemporaryFile(
            prefix=f'branchcast-{self.name}-', suffix='.log', delete=False).name
        self._owns_log = log is None
        with open(self.log_file, 'ab') as out:
            # A group of its own, so that the children of scripts end with them.
            self.child = subprocess.Popen(
                self.command, env=env, stdin=stdin, stdout=stdout or out, stderr=out,
                pass_fds=pass_fds, start_new_session=True, user=user, cwd=cwd)
        self.pid = self.child.pid
        _running.append(self)

    @property
    def alive(self):
        return self.child.poll() is None

    @property
    def code(self):
        return self.child.poll()

    def log(self):
        with open(self.log_file, errors='replace') as f:
            return f.read()

    def tail(self, lines=60):
        # Not what FFmpeg says of each picture and sound.
        said = [line for line in self.log().replace('\r', '\n').splitlines()
                if 'showinfo' not in line]
        return f'--- {self.name}: {" ".join(self.command)[:300]} (exit {self.code})\n' + \
            '\n'.join(said[-lines:])

    def signal(self, number):
        if self.alive:
            os.killpg(self.pid, number)

    def wait(self, seconds):
        try:
            return self.child.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f'{self.name} did not end in {seconds} s\n{self.tail()}') from None

    def kill(self):
        self.signal(signal.SIGKILL)
        self.child.wait(10)

    def end(self, seconds=5):
        """Asks it to end, and kills it when it does not."""
        self.signal(signal.SIGTERM)
        try:
            self.child.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
        # Whatever the group's leader left behind.
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            pass
        return self.code

    def expect_log(self, text, seconds):
        until(lambda: text in self.log(), seconds,
              lambda: f'"{text}" in the output of {self.name}\n{self.tail()}')


def mark():
    """Where the list of processes stands; what is started later belongs to the caller."""
    return len(_running)


def end_all(since=0):
    """Ends what was started after a mark; returns the last words of all, for a failed test."""
    words = [process.tail(25) for process in _running[:since]]
    while len(_running) > since:
        process = _running.pop()
        if process.alive:
            process.end()
        words.append(process.tail())
        if process._owns_log:
            os.unlink(process.log_file)
    return words


def run(command, seconds=30, **kw):
    """A command that ends by itself; stdout and stderr as text."""
    return subprocess.run([str(word) for word in command], timeout=seconds, text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, errors='replace', check=False, **kw)
