# SPDX-License-Identifier: Apache-2.0
"""Servers that are replaced while they run, and hosts and viewers that come back by themselves."""
import threading
import time

from . import publish
from .flv import Viewer
from .process import Process


class Host:
    """Pushes, and pushes again as soon as it is cut off."""

    def __init__(self, server):
        self.server, self.push = server, None
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        while not self._stopped.is_set():
            self.push = publish.ffmpeg(self.server.rtmp())
            while self.push.alive and not self._stopped.is_set():
                time.sleep(0.05)

    def stop(self):
        self._stopped.set()
        self._thread.join(5)
        self.push.end()


class Returning:
    """A viewer by FLV that opens the stream again when it ends."""

    def __init__(self, server, path='/live/hq.flv'):
        self.port, self.path, self.at = server.http_port, path, []
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        while not self._stopped.is_set():
            try:
                viewer = Viewer(self.port, self.path)
            except OSError:
                time.sleep(0.1)
                continue
            seen = 0
            while not viewer.ended and viewer.status == 200 and not self._stopped.is_set():
                time.sleep(0.02)
                if len(viewer.tags) > seen:
                    seen = len(viewer.tags)
                    self.at.append(time.time())
            viewer.sock.close()
            time.sleep(0.1)

    def stop(self):
        self._stopped.set()
        self._thread.join(5)


def successor(server, name, extra=()):
    """The same command with --take-over."""
    return Process(server.command() + list(extra) + ['--take-over'], name=name, log=server.log_file)


def take_over(server):
    """One process after another on the same data; returns when the new one serves."""
    old = server.process
    server.process = successor(server, 'branchcast-new')
    assert old.wait(15) == 0, old.tail()
    assert server.is_ready(), server.process.tail()
