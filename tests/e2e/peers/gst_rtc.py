#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""GStreamer's webrtcbin as a WHEP viewer or a WHIP host.

    gst_rtc.py view URL SOUND_FILE [--codec H264]   lines of JSON: v: [pts, number], a: [pts, samples]
    gst_rtc.py send URL FRAMES_FILE                 a file of kit/rtc_media.py

The first line is the server's answer: {"status": 201, "body": …}."""
import argparse
import json
import os
import struct
import sys
import threading
import time
import urllib.error
import urllib.request

import gi
gi.require_version('Gst', '1.0')
gi.require_version('GstWebRTC', '1.0')
gi.require_version('GstSdp', '1.0')
from gi.repository import GLib, Gst, GstSdp, GstWebRTC  # noqa: E402

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from kit.media import BLOCKS, number_of  # noqa: E402

RECORD = struct.Struct('>BBQI')
ENCODINGS = {'h264': 'H264', 'vp8': 'VP8', 'vp9': 'VP9'}
DECODERS = {'H264': 'rtph264depay ! avdec_h264', 'VP8': 'rtpvp8depay ! vp8dec',
            'OPUS': 'rtpopusdepay ! opusdec'}
say_lock = threading.Lock()


def say(**what):
    with say_lock:
        print(json.dumps(what), flush=True)


class Session:
    def __init__(self, args):
        self.args = args
        self.loop = GLib.MainLoop()
        self.pipeline = Gst.Pipeline()
        self.rtc = Gst.ElementFactory.make('webrtcbin')
        self.rtc.set_property('bundle-policy', GstWebRTC.WebRTCBundlePolicy.MAX_BUNDLE)
        self.pipeline.add(self.rtc)
        # Python takes the floating reference of what it looks at, so it is kept.
        self.ice = self.rtc.get_property('ice-agent')
        self.agent = self.ice.get_property('agent')
        if args.udp:
            self.agent.set_property('ice-tcp', False)
            self.agent.set_property('upnp', False)
        self.rtc.connect('notify::connection-state', self.on_state)
        self.offered = False

    def on_state(self, rtc, _):
        say(state=rtc.get_property('connection-state').value_nick)

    def run(self):
        bus = self.pipeline.get_bus()
        bus.add_signal_watch()
        bus.connect('message::error', self.on_error)
        self.rtc.connect('on-negotiation-needed', lambda rtc: self.negotiate())
        self.pipeline.set_state(Gst.State.PLAYING)
        self.loop.run()
        self.pipeline.set_state(Gst.State.NULL)

    def on_error(self, _bus, message):
        say(error=str(message.parse_error()))
        self.loop.quit()

    def negotiate(self):
        if self.offered:
            return
        self.offered = True
        self.rtc.emit('create-offer', None, Gst.Promise.new_with_change_func(self.on_offer))

    def on_offer(self, promise):
        promise.wait()
        reply = promise.get_reply()     # owns the offer
        offer = reply.get_value('offer')
        text = offer.sdp.as_text()
        self.rtc.emit('set-local-description', offer, Gst.Promise.new())
        threading.Thread(target=self.post, args=(text,), daemon=True).start()

    def post(self, sdp):
        headers = {'Content-Type': 'application/sdp'}
        if self.args.bearer:
            headers['Authorization'] = f'Bearer {self.args.bearer}'
        request = urllib.request.Request(self.args.url, sdp.encode(), headers)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                body = answer.read().decode()
                say(status=answer.status, body=body, location=answer.headers['Location'])
        except urllib.error.HTTPError as error:
            say(status=error.code, body=error.read().decode())
            return
        _, message = GstSdp.SDPMessage.new_from_text(body)
        description = GstWebRTC.WebRTCSessionDescription.new(GstWebRTC.WebRTCSDPType.ANSWER, message)
        self.rtc.emit('set-remote-description', description, Gst.Promise.new())


class Viewer(Session):
    def __init__(self, args):
        super().__init__(args)
        self.sound = open(args.file, 'wb', buffering=0)
        self.rtc.connect('pad-added', self.on_pad)
        video = f'application/x-rtp,media=video,encoding-name={args.codec},payload=96,clock-rate=90000'
        if args.codec == 'H264':
            video += ',packetization-mode=(string)1,profile-level-id=(string)42e01f'
        for kind, caps in (('audio', 'application/x-rtp,media=audio,encoding-name=OPUS,payload=97,'
                            'clock-rate=48000,encoding-params=(string)2'), ('video', video)):
            if kind in args.kinds:
                self.rtc.emit('add-transceiver', GstWebRTC.WebRTCRTPTransceiverDirection.RECVONLY,
                              Gst.Caps.from_string(caps))

    def run(self):
        GLib.idle_add(self.negotiate)
        super().run()

    def on_pad(self, _rtc, pad):
        caps = (pad.get_current_caps() or pad.query_caps()).get_structure(0)
        decode = DECODERS[caps.get_string('encoding-name')]
        audio = caps.get_string('media') == 'audio'
        tail = ('audioconvert ! audioresample ! audio/x-raw,format=S16LE,channels=1,rate=48000'
                if audio else 'videoconvert ! video/x-raw,format=GRAY8')
        part = Gst.parse_bin_from_description(
            f'{decode} ! queue ! {tail} ! appsink name=out sync=false emit-signals=true', True)
        part.get_by_name('out').connect('new-sample', self.on_sound if audio else self.on_picture)
        self.pipeline.add(part)
        part.sync_state_with_parent()
        pad.link(part.get_static_pad('sink'))

    def on_picture(self, sink):
        sample = sink.emit('pull-sample')
        frame = sample.get_caps().get_structure(0)
        width, height = frame.get_value('width'), frame.get_value('height')
        buffer = sample.get_buffer()
        data = buffer.extract_dup(0, buffer.get_size())
        row = int(height * 0.957) * ((width + 3) // 4 * 4)
        step = width / BLOCKS
        strip = bytes(data[row + int((i + 0.5) * step)] for i in range(BLOCKS))
        say(v=[buffer.pts / 1e9, number_of(strip), time.monotonic()])
        return Gst.FlowReturn.OK

    def on_sound(self, sink):
        buffer = sink.emit('pull-sample').get_buffer()
        data = buffer.extract_dup(0, buffer.get_size())
        self.sound.write(data)
        say(a=[buffer.pts / 1e9, len(data) // 2])
        return Gst.FlowReturn.OK


class Host(Session):
    PAY = {'h264': 'h264parse config-interval=-1 ! rtph264pay pt=96 aggregate-mode=zero-latency',
           'vp8': 'rtpvp8pay pt=96 picture-id-mode=15-bit'}
    CAPS = {'h264': 'video/x-h264,stream-format=byte-stream,alignment=au', 'vp8': 'video/x-vp8,profile=(string)0'}

    def __init__(self, args):
        super().__init__(args)
        with open(args.file, 'rb') as f:
            about = json.loads(f.readline())
            self.data = f.read()
        self.period_us = about['period_us']
        codec = about['video']
        self.sources = {}
        lines = [(2, 'audio/x-opus,channel-mapping-family=0,channels=2,rate=48000', 'rtpopuspay pt=97',
                  'media=audio,encoding-name=OPUS,payload=97,clock-rate=48000')]
        if codec in self.PAY:
            lines.append((1, self.CAPS[codec], self.PAY[codec],
                          f'media=video,encoding-name={ENCODINGS[codec]},payload=96,clock-rate=90000'))
        for kind, caps, pay, rtp in lines:
            part = Gst.parse_bin_from_description(
                f'appsrc name=in is-live=true format=time caps="{caps}" ! {pay} ! '
                f'application/x-rtp,{rtp} ! queue', True)
            self.pipeline.add(part)
            self.sources[kind] = part.get_by_name('in')
            part.get_static_pad('src').link(self.rtc.request_pad_simple('sink_%u'))
        for i in range(len(lines)):
            line = self.rtc.emit('get-transceiver', i)
            line.set_property('direction', GstWebRTC.WebRTCRTPTransceiverDirection.SENDONLY)
            line.set_property('do-nack', True)

    def run(self):
        threading.Thread(target=self.feed, daemon=True).start()
        super().run()

    def feed(self):
        """Each frame at its time; around again at the end."""
        began, base = time.monotonic(), 0
        while True:
            at = 0
            while at < len(self.data):
                kind, flags, time_us, size = RECORD.unpack_from(self.data, at)
                at += RECORD.size + size
                if kind not in self.sources:
                    continue
                due_us = base + time_us
                wait = began + due_us / 1e6 - time.monotonic()
                if wait > 0:
                    time.sleep(wait)
                buffer = Gst.Buffer.new_wrapped(self.data[at - size:at])
                buffer.pts = due_us * 1000
                if not flags & 1:
                    buffer.set_flags(Gst.BufferFlags.DELTA_UNIT)
                self.sources[kind].emit('push-buffer', buffer)
            base += self.period_us


def main():
    p = argparse.ArgumentParser()
    p.add_argument('role', choices=['view', 'send'])
    p.add_argument('url')
    p.add_argument('file')
    p.add_argument('--codec', default='H264')
    p.add_argument('--kinds', default='audio,video')
    p.add_argument('--bearer')
    p.add_argument('--udp', action='store_true', help='no TCP')
    args = p.parse_args()
    Gst.init(None)
    (Viewer if args.role == 'view' else Host)(args).run()


if __name__ == '__main__':
    main()
