#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The proxy with real sockets: test_proxy.py PATH_OF_BCIMPAIR"""
import contextlib
import json
import select
import socket
import subprocess
import sys
import time
import unittest

PROGRAM = sys.argv.pop(1) if len(sys.argv) > 1 else 'bcimpair'
DEADLINE_S = 20


def udp():
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind(('127.0.0.1', 0))
    s.settimeout(DEADLINE_S)
    return s


def readable(sock, seconds):
    return bool(select.select([sock], [], [], seconds)[0])


class Proxy:
    def __init__(self, to, *options):
        self.child = subprocess.Popen(
            [PROGRAM, '--listen', '127.0.0.1:0', '--to', f'127.0.0.1:{to}', *options],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.port = int(self.child.stdout.readline().split()[1])

    def say(self, line):
        self.child.stdin.write(line + '\n')
        self.child.stdin.flush()
        return self.child.stdout.readline().strip()

    def end(self):
        self.child.terminate()
        rest = self.child.communicate(timeout=DEADLINE_S)[0]
        return json.loads(rest.splitlines()[-1])


class Udp(unittest.TestCase):
    def setUp(self):
        self.server = udp()
        self.client = udp()
        self.addCleanup(self.server.close)
        self.addCleanup(self.client.close)

    def proxy(self, *options):
        self.path = Proxy(self.server.getsockname()[1], *options)
        self.addCleanup(self.path.child.wait)
        self.addCleanup(self.path.child.stdout.close)
        self.addCleanup(self.path.child.stdin.close)
        self.addCleanup(self.path.child.kill)
        return self.path

    def send(self, data, client=None):
        (client or self.client).sendto(data, ('127.0.0.1', self.path.port))

    def test_both_ways_and_a_port_per_client(self):
        self.proxy()
        second = udp()
        self.addCleanup(second.close)
        self.send(b'one')
        self.send(b'two', second)
        got = dict(self.server.recvfrom(100) for _ in range(2))
        self.assertEqual(set(got), {b'one', b'two'})
        self.assertNotEqual(got[b'one'], got[b'two'])
        self.server.sendto(b'to second', got[b'two'])
        self.server.sendto(b'to first', got[b'one'])
        self.assertEqual(self.client.recv(100), b'to first')
        self.assertEqual(second.recv(100), b'to second')
        stats = self.path.end()
        self.assertEqual(stats['udp_flows'], 2)
        self.assertEqual(stats['up']['sent'], 2)
        self.assertEqual(stats['down']['bytes'], 17)

    def lost_numbers(self, seed):
        path = self.proxy('--loss', '20', '--seed', seed)
        got = set()
        for i in range(500):
            self.send(str(i).encode())
            if i % 50 == 49:  # never more than the sockets hold
                while readable(self.server, 0.05):
                    got.add(int(self.server.recv(100)))
        stats = path.end()
        while readable(self.server, 0):
            got.add(int(self.server.recv(100)))
        self.assertEqual(stats['up']['lost'], 500 - len(got))
        return set(range(500)) - got

    def test_loss_repeats_with_the_seed(self):
        first = self.lost_numbers('5')
        self.assertTrue(60 < len(first) < 140, len(first))
        self.assertEqual(self.lost_numbers('5'), first)
        self.assertNotEqual(self.lost_numbers('6'), first)

    def test_delay_holds(self):
        self.proxy('--delay-ms', '60')
        before = time.monotonic()
        self.send(b'ping')
        data, source = self.server.recvfrom(100)
        self.server.sendto(data, source)
        self.client.recv(100)
        self.assertGreaterEqual(time.monotonic() - before, 0.12)

    def test_control_changes_the_path(self):
        path = self.proxy()
        self.assertEqual(path.say('up block udp'), 'ok')
        self.send(b'blocked')
        self.assertFalse(readable(self.server, 0.1))
        self.assertEqual(path.say('block off'), 'ok')
        self.send(b'open')
        self.assertEqual(self.server.recv(100), b'open')
        for wrong in ('loss', 'loss 101', 'loss x', 'sideways loss 1', 'colour 3', 'block 1'):
            self.assertTrue(path.say(wrong).startswith('error: '), wrong)
        self.assertEqual(json.loads(path.say('stats'))['up']['blocked'], 1)

    def test_rebind_shows_another_port(self):
        path = self.proxy()
        self.send(b'a')
        before = self.server.recvfrom(100)[1]
        self.assertEqual(path.say('rebind'), 'ok')
        self.send(b'b')
        data, after = self.server.recvfrom(100)
        self.assertNotEqual(before, after)
        self.server.sendto(b'c', after)
        self.assertEqual(self.client.recv(100), b'c')

    def test_rate_drops_what_does_not_fit(self):
        path = self.proxy('--rate-kbps', '1000', '--queue-ms', '50')
        for _ in range(40):  # 10 ms each
            self.send(bytes(1222))
        for _ in range(4):
            self.server.recv(2000)
        self.assertGreater(path.end()['up']['overflowed'], 20)


class Tcp(unittest.TestCase):
    def setUp(self):
        self.listener = socket.create_server(('127.0.0.1', 0))
        self.listener.settimeout(DEADLINE_S)
        self.addCleanup(self.listener.close)

    def connect(self, *options):
        self.path = Proxy(self.listener.getsockname()[1], *options)
        self.addCleanup(self.path.child.wait)
        self.addCleanup(self.path.child.stdout.close)
        self.addCleanup(self.path.child.stdin.close)
        self.addCleanup(self.path.child.kill)
        self.client = socket.create_connection(('127.0.0.1', self.path.port), DEADLINE_S)
        self.server = self.listener.accept()[0]
        self.server.settimeout(DEADLINE_S)
        self.addCleanup(self.client.close)
        self.addCleanup(self.server.close)

    def test_bytes_arrive_and_the_end_too(self):
        self.connect('--delay-ms', '5')
        sent = bytes(range(256)) * 4000
        got = bytearray()
        rest = memoryview(sent)
        self.client.setblocking(False)
        while len(got) < len(sent):
            with contextlib.suppress(BlockingIOError):
                if rest:
                    rest = rest[self.client.send(rest):]
            if readable(self.server, 0.01):
                got += self.server.recv(65536)
        self.assertEqual(bytes(got), sent)
        self.client.setblocking(True)
        self.client.settimeout(DEADLINE_S)
        self.client.shutdown(socket.SHUT_WR)
        self.assertEqual(self.server.recv(10), b'')
        self.server.sendall(b'answer')
        self.server.close()
        self.assertEqual(self.client.recv(100), b'answer')
        self.assertEqual(self.client.recv(100), b'')
        self.assertEqual(self.path.end()['up']['tcp_bytes'], len(sent))

    def test_rate_slows_down(self):
        self.connect('--rate-kbps', '800')
        before = time.monotonic()
        self.server.sendall(bytes(20000))  # 200 ms
        got = 0
        while got < 20000:
            got += len(self.client.recv(65536))
        self.assertGreaterEqual(time.monotonic() - before, 0.19)

    def test_block_is_silence(self):
        self.connect()
        self.assertEqual(self.path.say('block tcp'), 'ok')
        self.client.sendall(b'x')
        self.assertFalse(readable(self.server, 0.1))
        self.assertEqual(self.path.say('block off'), 'ok')
        self.assertEqual(self.server.recv(10), b'x')

    def test_reset_closes_connections(self):
        self.connect()
        self.assertEqual(self.path.say('reset'), 'ok')
        self.assertEqual(self.client.recv(10), b'')
        self.assertEqual(self.server.recv(10), b'')

    def test_no_server_is_a_closed_connection(self):
        with socket.create_server(('127.0.0.1', 0)) as s:
            port = s.getsockname()[1]
        path = Proxy(port)
        client = socket.create_connection(('127.0.0.1', path.port), DEADLINE_S)
        with contextlib.suppress(ConnectionResetError):
            self.assertEqual(client.recv(10), b'')
        client.close()
        path.end()
        path.child.stdin.close()
        path.child.stdout.close()


if __name__ == '__main__':
    unittest.main()
