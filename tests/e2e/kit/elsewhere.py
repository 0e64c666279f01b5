# SPDX-License-Identifier: Apache-2.0
"""Another machine: a network namespace that reaches this one by an address, where that is allowed;
else this machine itself, by its other loopback addresses."""
import os
import shutil

from .process import Process, run


class Machine:
    """`server` is this machine as seen from there, `own` is what this machine sees of it."""

    def __init__(self, name):
        self.name = f'bc{os.getpid() % 100000}{name}'
        self.server, self.own, self.words = '127.0.0.1', '127.0.0.1', []
        if os.geteuid() == 0 and shutil.which('ip') and self._ip('netns', 'add', self.name):
            self.words = ['ip', 'netns', 'exec', self.name]
            if not self._connect():
                self.close()
                self.words = []

    def _connect(self):
        """A cable between the two, with addresses that are for tests of networks."""
        net = f'198.18.{os.getpid() // 64 % 256}.{os.getpid() % 64 * 4}'.rsplit('.', 1)
        here, there = (f'{net[0]}.{int(net[1]) + n}' for n in (1, 2))
        inside = ('-n', self.name)
        done = all(self._ip(*words) for words in (
            ('link', 'add', f'{self.name}h', 'type', 'veth', 'peer', 'name', 'eth0', 'netns',
             self.name),
            ('addr', 'add', f'{here}/30', 'dev', f'{self.name}h'),
            ('link', 'set', f'{self.name}h', 'up'),
            (*inside, 'addr', 'add', f'{there}/30', 'dev', 'eth0'),
            (*inside, 'link', 'set', 'eth0', 'up'),
            (*inside, 'link', 'set', 'lo', 'up')))
        if done:
            self.server, self.own = here, there
        return done

    @staticmethod
    def _ip(*words):
        return run(['ip', *words], 20).returncode == 0

    def start(self, command, **kw):
        return Process([*self.words, *command], **kw)

    def close(self):
        if self.words:
            self._ip('netns', 'del', self.name)
