#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What listeners to /live/hq/cues cost the server: its CPU with and without cues.

  tools/bench/cues/listeners.py build/src/branchcast [LISTENERS] [SECONDS]

Starts a server and a host, lets that many listen (half by server-sent events, half by WebSocket), and
measures the server's CPU for SECONDS each: nobody listens; all listen and nothing comes but the
clock; one cue a second; ten a second. Prints a Markdown table."""
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request

HTTP, RTMP = 23310, 23311
MARK = b'"type":"cue"'
TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))


def cpu_ms(pid):
    with open(f'/proc/{pid}/stat') as f:
        fields = f.read().rsplit(')', 1)[1].split()
    return (int(fields[11]) + int(fields[12])) * 1000 / os.sysconf('SC_CLK_TCK')


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
    rows = [('nobody listens', *await measure(pid, seconds, 0))]
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
    print('| | CPU ms per s | more than without cues, ms per cue |\n|---|---|---|')
    for name, cost, posted in rows:
        more = f'{(cost - rows[1][1]) * seconds / posted:.2f}' if posted else '–'
        print(f'| {name} | {cost:.1f} | {more} |')


main()
