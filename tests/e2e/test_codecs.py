# SPDX-License-Identifier: Apache-2.0
"""Each cell of docs/codecs.md: every codec by every way in, looked at by every way out. A stream
for each row runs; all outputs are looked at meanwhile, and the tests compare."""
import concurrent.futures
import json
import os

import pytest

from kit import codec_media, codecs, hevc, process, publish, rtc_media, rtmp
from kit.flv import AUDIO, VIDEO
from kit.rtc_peers import gst_host, node_peer
from kit.rtc_stage import offer, post, settings
from kit.server import Server
from kit.wait import until

TABLES = codecs.tables()
COMES_IN = {row.pop('comes in'): row for row in TABLES['comes in']}
GOES_OUT = {row.pop('goes out'): row for row in TABLES['goes out']}
LOOKERS = 6
FOUR_CCS = ['hvc1', 'av01', 'vp09', 'vp08']
APART = ('alone', 'beside AV1')     # conditions on the stream, which want one of their own


def kind_of(codec):
    return VIDEO if codec in codec_media.VIDEO else AUDIO


def comes(codec, way):
    return COMES_IN[codec][way] != '–'


def channel_of(codec, way):
    words = ''.join(c for c in f'{way}-{codec}'.lower().replace('µ', 'u') if c.isalnum() or c == '-')
    return f'codec/{words}'


def cells():
    """(codec, way in, output, condition, what shall be seen) of each cell and condition."""
    for codec, outputs in GOES_OUT.items():
        ways = [way for way in COMES_IN[codec] if comes(codec, way)]
        for output, cell in outputs.items():
            for condition, value in codecs.conditions(cell).items():
                for way in ['enhanced RTMP'] if condition in APART else ways:
                    yield codec, way, output, condition, codecs.wanted(value, codec, output)


CELLS = list(cells())


def stream_of(cell):
    return cell[3] if cell[3] in APART else ''


def to_enhanced(kind, time_ms, body):
    """An old message in the form with FourCCs, which FFmpeg does not write for old codecs."""
    if kind == VIDEO and body[0] & 15 == 7:
        packet = {0: 0, 1: 1, 2: 2}[body[1]]
        body = bytes([0x80 | body[0] & 0x70 | packet]) + b'avc1' + body[2 if packet == 1 else 5:]
    elif kind == AUDIO and body[0] >> 4 == 10:
        body = bytes([0x90 | body[1]]) + b'mp4a' + body[2:]
    elif kind == AUDIO and body[0] >> 4 == 2:
        body = b'\x91.mp3' + body[1:]
    return kind, time_ms, body


class Ways:
    """Hosts by each way in."""

    def __init__(self, server, directory):
        self.server, self.directory = server, directory
        self.hosts = codec_media.Hosts()
        self.publishers = []

    def files(self, codec, apart):
        picture = kind_of(codec) == VIDEO
        own = (codec_media.video if picture else codec_media.audio)(self.directory, codec)
        if apart == 'alone':
            return [own]
        if picture:
            return [own, codec_media.audio(self.directory, 'AAC')]
        beside = 'AV1' if apart == 'beside AV1' else 'H.264'
        return [codec_media.video(self.directory, beside), own]

    def start(self, way, codec, channel, apart):
        getattr(self, way.lower().replace(' ', '_'))(codec, channel, self.files(codec, apart))

    def publish(self, channel, **more):
        app, name = channel.split('/')
        self.publishers.append(rtmp.publisher(self.server.rtmp_port, name, app, **more))

    def rtmp(self, codec, channel, files):
        if codec == 'HEVC':
            self.publish(channel, path=hevc.make(str(self.directory), False))
        else:
            publish.ffmpeg_files(self.server.rtmp(channel), files)

    def enhanced_rtmp(self, codec, channel, files):
        if codec in ('H.264', 'AAC', 'MP3'):
            path = publish.file_of(files, self.directory, f'{codec}.flv')
            self.publish(channel, path=path, loop_ms=codec_media.PERIOD_MS, change=to_enhanced)
        else:
            self.hosts.push(channel, self.server.rtmp(channel), files)

    def srt(self, _codec, channel, files):
        self.hosts.push(channel, f'srt://127.0.0.1:{self.server.srt_port}?streamid='
                        f'%23!%3A%3Ar%3D{channel},m%3Dpublish', files, 'mpegts')

    def file(self, codec, channel, files):
        name = f'{channel.split("/")[1]}.mkv'
        publish.file_of(files, os.path.join(self.directory, 'media'), name, 'matroska')
        answer = self.server.get('/api/v1/relays', method='POST', body=json.dumps(
            {'channel': channel, 'kind': 'pull', 'url': f'file:{name}', 'loop': True}))
        assert answer.status == 201, answer.body

    def whip(self, codec, channel, _files):
        url = self.server.http(f'/{channel}/whip')
        if codec == 'VP8':
            gst_host(url, rtc_media.frames(str(self.directory), 'vp8'))
        else:
            node_peer('ndc_whip.mjs', {'url': url, 'frames': rtc_media.frames(str(self.directory))})

    def stop(self):
        for publisher in self.publishers:
            publisher.stop()


class Whep:
    """Viewers by WebRTC, all from one process."""

    def __init__(self, server):
        self.server = server
        self.peer = node_peer('whep_codecs.mjs', {})

    def look(self, _server, channel, kind, query=''):
        name = f'{channel}{query}{kind}'
        self.peer.say(watch=name, url=self.server.http(f'/{channel}/whep{query}'))
        word = until(lambda: next((w for w in self.peer.said if w.get('watched') == name), None), 30,
                     lambda: f'the answer for {name}; {self.peer.words()}')
        if word['status'] != 201:
            return f"{word['status']} {json.loads(word['body'])['error']['code']}"
        section = 'video' if kind == VIDEO else 'audio'
        if not word.get(section):
            return codecs.NOTHING
        if not word['packets'][section]:
            return f'no packets: {word}'
        return codecs.NAMES[word[section].lower()]

    def look_without(self, channel, codec):
        """By a player that does not offer the codec."""
        answer = post(self.server, f'/{channel}/whep', offer(video='VP8' if codec == 'H.264' else 'H264'))
        return f'{answer.status} {answer.code}' if answer.status != 201 else '201'


class Stage:
    def __init__(self, directory):
        (directory / 'media').mkdir()
        self.server = Server(str(directory), settings(**{
            'relay.media_dir': str(directory / 'media')})).start()
        self.ways = Ways(self.server, directory)
        self.whep = Whep(self.server)
        self.looks = {'FLV': codecs.look_flv, 'RTMP': codecs.look_rtmp, 'HLS': codecs.look_hls,
                      'SRT': codecs.look_srt, 'WHEP': self.whep.look}
        self.seen = {}

    def start_hosts(self):
        self.channels = {}
        for codec, way, apart in sorted({(*cell[:2], stream_of(cell)) for cell in CELLS}):
            channel = channel_of(codec, way) + apart.replace(' ', '-')
            self.channels[codec, way, apart] = channel
            self.ways.start(way, codec, channel, apart)

    def look(self, cell):
        codec, way, output, condition, _ = cell
        channel = self.channels[codec, way, stream_of(cell)]
        try:
            self.server.wait_live(channel, 30)
            if condition == 'not offered':
                return self.whep.look_without(channel, codec)
            if condition == 'listed':
                return codecs.look_rtmp(self.server, channel, kind_of(codec), '', FOUR_CCS)
            query = condition if condition.startswith('?') else ''
            return self.looks[output](self.server, channel, kind_of(codec), query)
        except BaseException as problem:    # of a thread: it belongs to the cell
            return problem

    def look_at_all(self):
        with concurrent.futures.ThreadPoolExecutor(LOOKERS) as pool:
            for cell, seen in zip(CELLS, pool.map(self.look, CELLS)):
                self.seen[cell] = seen

    def stop(self):
        self.ways.stop()
        self.server.stop()


@pytest.fixture(scope='module')
def stage(tmp_path_factory):
    mark = process.mark()
    made = Stage(tmp_path_factory.mktemp('codecs'))
    try:
        made.start_hosts()
        made.look_at_all()
        yield made
        made.stop()
    finally:
        process.end_all(mark)


@pytest.mark.parametrize('cell', CELLS, ids=lambda c: '-'.join(w.replace(' ', '_') for w in c[:4] if w))
def test_cell(stage, cell):
    codec, way, output, condition, wanted = cell
    seen = stage.seen[cell]
    if isinstance(seen, BaseException):
        raise seen
    assert seen == wanted, f'{codec} by {way}, {output} {condition}: {seen}, the table says {wanted}'


def test_every_codec_is_in_both_tables():
    assert list(COMES_IN) == list(GOES_OUT)
    assert set(COMES_IN) == {*codec_media.VIDEO, *codec_media.AUDIO}
