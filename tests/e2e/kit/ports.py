# SPDX-License-Identifier: Apache-2.0
"""Free ports on 127.0.0.1, from a range of our own so that runs in parallel rarely meet."""
import os
import random
import socket

FIRST, LAST = (int(p) for p in os.environ.get('BRANCHCAST_TEST_PORTS', '21000-21899').split('-'))
_used = set()
_random = random.Random(os.getpid())


def _is_free(port):
    """By TCP, whatever old connections linger there, and by UDP."""
    with socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
        tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tcp.bind(('127.0.0.1', port))
            udp.bind(('127.0.0.1', port))
        except OSError:
            return False
    return True


def free_port():
    for attempt in range(4000):
        if attempt == 2000:
            _used.clear()       # a small range: those of tests that ended are free again
        port = _random.randint(FIRST, LAST)
        if port in _used:
            continue
        if not _is_free(port):
            continue
        _used.add(port)
        return port
    raise RuntimeError(f'no free port in {FIRST}-{LAST}')


def forget(port):
    _used.discard(port)
