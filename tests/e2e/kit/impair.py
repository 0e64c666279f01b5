# SPDX-License-Identifier: Apache-2.0
"""A bad network between clients and the server: bcimpair (tools/impair/README.md)."""
import glob
import json
import os
import subprocess

import pytest

from . import ports
from .process import Process
from .server import TOP, binary
from .wait import until


def program():
    """The one that was built with the server under test, or else any."""
    build = os.path.dirname(os.path.dirname(binary()))
    places = [os.path.join(build, 'tools', folder, 'bcimpair') for folder in ('impair', 'bench')]
    places += glob.glob(os.path.join(TOP, 'build*', 'tools', '*', 'bcimpair'))
    found = [p for p in places if os.path.exists(p)]
    if not found:
        pytest.skip('bcimpair is not built')
    return found[0]


class Impair:
    """The proxy in front of one UDP and TCP port on 127.0.0.1. Ends with the test.

        path = Impair(to=server_port, loss=2, delay_ms=40).start()
        server's webrtc.public_addresses: path.address
        path.set('down rate 800')   # the control lines of the README
        path.end()['down']['lost']
    """

    def __init__(self, to, *, port=None, control=(), **options):
        self.port = port or ports.free_port()
        self.address = f'127.0.0.1:{self.port}'
        self.options = {'listen': self.address, 'to': f'127.0.0.1:{to}', **options}
        self.control = control
        self.process = None
        self._seen = 0

    def start(self):
        command = [program()]
        for name, value in self.options.items():
            command += ['--' + name.replace('_', '-'), str(value)]
        for line in self.control:
            command += ['--control', line]
        self.process = Process(command, name='bcimpair', stdin=subprocess.PIPE)
        first = self._next_line()
        assert first == f'listening {self.port}', self.process.tail()
        return self

    def _lines(self):
        return self.process.log().split('\n')[:-1]

    def _next_line(self):
        until(lambda: len(self._lines()) > self._seen or not self.process.alive, 10,
              lambda: 'an answer of bcimpair\n' + self.process.tail())
        lines = self._lines()
        assert len(lines) > self._seen, self.process.tail()
        self._seen += 1
        return lines[self._seen - 1]

    def _say(self, line):
        self.process.child.stdin.write(line.encode() + b'\n')
        self.process.child.stdin.flush()
        return self._next_line()

    def set(self, *lines):
        """Changes the path, e.g. set('loss 5', 'down rate 800'), or 'rebind', or 'reset'."""
        for line in lines:
            answer = self._say(line)
            assert answer == 'ok', f'{line}: {answer}'

    def stats(self):
        return json.loads(self._say('stats'))

    def end(self):
        """Ends the proxy and returns its last figures."""
        self.process.child.stdin.close()
        self.process.end()
        return json.loads(self._lines()[-1])
