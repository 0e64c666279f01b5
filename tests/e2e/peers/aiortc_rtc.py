#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""aiortc as a WHEP viewer; it knows AES128_CM_SHA1_80 as its only SRTP profile.

    aiortc_rtc.py URL SOUND_FILE [--forge]     with --forge its offer has a wrong fingerprint"""
import argparse
import asyncio
import json
import os
import re
import sys
import time
import urllib.error
import urllib.request

import aiortc
from av.audio.resampler import AudioResampler

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from kit.media import BLOCKS, number_of  # noqa: E402


def say(**what):
    print(json.dumps(what), flush=True)


def post(url, sdp):
    request = urllib.request.Request(url, sdp.encode(), {'Content-Type': 'application/sdp'})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


async def watch_pictures(track):
    while True:
        frame = await track.recv()
        grey = frame.reformat(format='gray8').planes[0]
        data, line = memoryview(grey), grey.line_size
        row = int(frame.height * 0.957) * line
        step = frame.width / BLOCKS
        strip = bytes(data[row + int((i + 0.5) * step)] for i in range(BLOCKS))
        say(v=[frame.time, number_of(strip), time.monotonic()])


async def hear(track, path):
    resampler = AudioResampler(format='s16', layout='mono', rate=48000)
    with open(path, 'wb', buffering=0) as f:
        while True:
            frame = await track.recv()
            for part in resampler.resample(frame):
                data = bytes(part.planes[0])[:part.samples * 2]
                f.write(data)
                say(a=[frame.time, part.samples])


async def main():
    p = argparse.ArgumentParser()
    p.add_argument('url')
    p.add_argument('file')
    p.add_argument('--forge', action='store_true')
    args = p.parse_args()
    pc = aiortc.RTCPeerConnection()
    tasks = []

    @pc.on('connectionstatechange')
    def on_state():
        say(state=pc.connectionState)

    @pc.on('track')
    def on_track(track):
        job = watch_pictures(track) if track.kind == 'video' else hear(track, args.file)
        tasks.append(asyncio.ensure_future(job))

    for kind in ('audio', 'video'):
        pc.addTransceiver(kind, direction='recvonly')
    await pc.setLocalDescription(await pc.createOffer())
    sdp = pc.localDescription.sdp
    if args.forge:
        sdp = re.sub(r'(a=fingerprint:sha-256 )..', lambda m: m.group(1) + '00', sdp)
    status, body = await asyncio.get_event_loop().run_in_executor(None, post, args.url, sdp)
    say(status=status, body=body)
    if status == 201:
        await pc.setRemoteDescription(aiortc.RTCSessionDescription(sdp=body, type='answer'))
    await asyncio.Event().wait()


asyncio.run(main())
