#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What listeners to /live/hq/cues cost the server: its CPU with and without cues.

  tools/bench/cues/listeners.py build/src/branchcast [LISTENERS] [SECONDS]

Starts a server and a host, lets that many listen (half by server-sent events, half by WebSocket), and
measures the server's CPU for SECONDS each: nobody listens, without cues and with ten a second; all
listen and nothing comes but the clock; one cue a second; ten a second. Prints a Markdown table, and what a bare loop takes that sends
as many bytes to as many sockets, at the same rhythm: its CPU is that of the kernel."""
import asyncio
import json
import os
import selectors
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

HTTP, RTMP = 23310, 23311
MARK = b'"type":"cue"'
TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))


CUE_BYTES = 420     # of a message


def cpu_ms(pid):
    """Of all threads, to the nanosecond; none of the server's ends while it is measured."""
    total = 0
    for task in os.listdir(f'/proc/{pid}/task'):
        with open(f'/proc/{pid}/task/{task}/schedstat') as f:
            total += int(f.read().split()[0])
    return total / 1e6


def drain(port, count):
    """The listeners of the bare loop, in a process of their own."""
    selector = selectors.DefaultSelector()
    for _ in range(count):
        selector.register(socket.create_connection(('127.0.0.1', port)), selectors.EVENT_READ)
    while selector.get_map():
        for key, _ in selector.select():
            if not key.fileobj.recv(65536):
                selector.unregister(key.fileobj)
                key.fileobj.close()


def floor_ms(count, seconds, rate=10):
    """CPU of one cue's sends to `count` sockets, by a loop that does nothing else."""
    server = socket.create_server(('127.0.0.1', 0), backlog=count)
    child = os.fork()
    if child == 0:
        server_port = server.getsockname()[1]
        server.close()
        drain(server_port, count)
        os._exit(0)
    peers = [server.accept()[0] for _ in range(count)]
    text, spent, rounds = b'x' * CUE_BYTES, 0, int(seconds * rate)
    for _ in range(rounds):
        time.sleep(1 / rate)
        began = time.thread_time_ns()
        for peer in peers:
            peer.send(text)
        spent += time.thread_time_ns() - began
    for peer in peers:
        peer.close()
    os.waitpid(child, 0)
    return spent / 1e6 / rounds


def post():
    body = json.dumps({'kind': 'product', 'duration_ms': 900, 'data': {
        'sku': 'A1', 'title': '龙井茶', 'price': '99', 'old_price': '129', 'url': 'https://example.com/a1'}})
    request = urllib.request.Request(f'http://127.0.0.1:{HTTP}/api/v1/channels/live/hq/cues',
                                     body.encode(), method='POST')
    return json.load(urllib.request.urlopen(request))['id']


async def listen(index, heard, opened):
    reader, writer = await asyncio.open_connection('127.0.0.1', HTTP)
    more = ('Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n'
            'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n') if index % 2 else ''
    writer.write(f'GET /live/hq/cues HTTP/1.1\r\nHost: x\r\n{more}\r\n'.encode())
    await reader.readuntil(b'\r\n\r\n')
    opened.append(index)
    tail = b''
    while data := await reader.read(65536):
        heard[index] += (tail + data).count(MARK)
        tail = (tail + data)[1 - len(MARK):]


async def measure(pid, seconds, rate):
    loop = asyncio.get_running_loop()
    began, before, posted = time.monotonic(), cpu_ms(pid), 0
    while (now := time.monotonic()) < began + seconds:
        if rate and posted < (now - began) * rate:
            await loop.run_in_executor(None, post)
            posted += 1
        await asyncio.sleep(0.01)
    return (cpu_ms(pid) - before) / (time.monotonic() - began), posted


async def bench(pid, count, seconds):
    rows = [('nobody listens, no cue', *await measure(pid, seconds, 0)),
            ('nobody listens, 10 cues a second', *await measure(pid, seconds, 10))]
    await asyncio.sleep(1)
    heard, opened = [0] * count, []
    tasks = [asyncio.create_task(listen(i, heard, opened)) for i in range(count)]
    while len(opened) < count:
        await asyncio.sleep(0.05)
    rows.append((f'{count} listen, no cue', *await measure(pid, seconds, 0)))
    for rate in (1, 10):
        before = sum(heard)
        rows.append((f'{count} listen, {rate} cues a second', *await measure(pid, seconds, rate)))
        await asyncio.sleep(1)
        assert sum(heard) - before == rows[-1][2] * count, 'a cue was not heard'
    for task in tasks:
        task.cancel()
    return rows


def main():
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 200
    seconds = float(sys.argv[3]) if len(sys.argv) > 3 else 10
    data = tempfile.mkdtemp(prefix='bench-cues-')
    settings = {'http.listen': f'127.0.0.1:{HTTP}', 'rtmp.listen': f'127.0.0.1:{RTMP}',
                'webrtc.listen': '', 'srt.listen': '', 'data.dir': data, 'access.publish': 'open',
                'access.api': 'open', 'record.mode': 'never'}
    arguments = [word for key, value in settings.items() for word in ('--set', f'{key}={value}')]
    with open(os.path.join(data, 'log'), 'w') as log:
        server = subprocess.Popen([sys.argv[1], 'serve', *arguments], stdout=log, stderr=log)
    time.sleep(1.5)
    host = subprocess.Popen(['ffmpeg', '-v', 'error', '-re', '-stream_loop', '-1', '-i',
                             os.path.join(TOP, 'testdata', 'sample.flv'), '-c', 'copy', '-f', 'flv',
                             f'rtmp://127.0.0.1:{RTMP}/live/hq'])
    try:
        time.sleep(3)
        rows = asyncio.run(bench(server.pid, count, seconds))
    finally:
        host.terminate()
        server.terminate()
        server.wait()
    floor = floor_ms(count, seconds)
    print('| | CPU ms per s | more than without cues, ms per cue |\n|---|---|---|')
    for i, (name, cost, posted) in enumerate(rows):
        idle = rows[0 if i < 2 else 2][1]
        more = f'{(cost - idle) * seconds / posted:.2f}' if posted else '–'
        print(f'| {name} | {cost:.1f} | {more} |')
    print(f'| a bare loop of {count} sends of {CUE_BYTES} bytes | – | {floor:.2f} |')


main()
