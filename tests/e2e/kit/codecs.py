# SPDX-License-Identifier: Apache-2.0
"""The tables of docs/codecs.md, and what really comes out of each output."""
import json
import os
import re
import subprocess
import tempfile

from . import rtmp, srt
from .flv import Viewer
from .hls import media_playlists, get_playlist, resolve
from .server import TOP
from .wait import until

DOCUMENT = os.path.join(TOP, 'docs', 'codecs.md')
NOTHING = 'left out'
AS_IT_IS = 'as it is'
FLV_VIDEO = {7: 'id 7', 12: 'id 12', 13: 'id 13'}
# What an answer's names are in the table's words.
NAMES = {'h264': 'H.264', 'hevc': 'HEVC', 'h265': 'HEVC', 'av1': 'AV1', 'vp9': 'VP9', 'vp8': 'VP8',
         'aac': 'AAC', 'opus': 'Opus', 'flac': 'FLAC', 'ac3': 'AC-3', 'eac3': 'E-AC-3',
         'mp3': 'MP3', 'pcma': 'G.711 A-law', 'pcmu': 'G.711 µ-law', 'mpeg4-generic': 'AAC'}
# Re-encoded sound, as each output writes it.
WIRE = {'FLV': {'AAC': 'id 10'}, 'RTMP': {'AAC': 'id 10'}, 'HLS': {'AAC': 'mp4a'}}


# The document

def tables():
    """Of each table the rows as {column: cell}, by the words of its first heading cell."""
    found, head, rows = {}, None, []
    with open(DOCUMENT, encoding='utf-8') as f:
        for line in [*f, '']:
            line = line.strip()
            if not line.startswith('|'):
                head = None
                continue
            cells = [c.strip() for c in line.strip('|').split('|')]
            if head is None:
                head, rows = cells, []
                found[head[0]] = rows
            elif set(line) - set('|-: '):
                rows.append(dict(zip(head, cells)))
    return found


def conditions(cell):
    """A cell's values: {'': what everybody gets, '?query': ..., 'alone': ...}."""
    out = {}
    for part in cell.split(';'):
        match = re.fullmatch(r'(?:`(\?[^`]*)`:? |(alone|listed|not offered|beside AV1):? )?(.+)', part.strip())
        out[match.group(1) or match.group(2) or ''] = match.group(3).strip()
    return out


def wanted(value, codec, output):
    """What look_*() says when a cell's value is true."""
    literal = re.fullmatch(r'`([^`]+)`', value)
    if literal:
        return literal.group(1)
    if value == AS_IT_IS:
        return codec
    return WIRE.get(output, {}).get(value, value)


# FLV and RTMP

def flv_token(kind, body):
    """How a message names its codec: the id, or the FourCC of enhanced RTMP."""
    if kind == 9:
        return body[1:5].decode() if body[0] & 0x80 else FLV_VIDEO.get(body[0] & 15, '?')
    form = body[0] >> 4
    return body[1:5].decode() if form == 9 else f'id {form}'


def look_flv(server, channel, kind, query=''):
    viewer = Viewer(server.http_port, f'/{channel}.flv{query}')
    if viewer.status != 200:
        return answer_code(viewer)
    try:
        until(lambda: any(t.kind == kind for t in list(viewer.tags)) or viewer.ended
              or len(viewer.media()) > 60, 12, 'tags')
        found = next((t for t in list(viewer.tags) if t.kind == kind), None)
        return flv_token(kind, found.body) if found else NOTHING
    finally:
        viewer.close()


def answer_code(viewer):
    """Status and code of an error's JSON."""
    size = int(viewer.headers.get('content-length', 0))
    body = viewer.sock.recv(size) if size else b''
    viewer.sock.close()
    return f'{viewer.status} {json.loads(body or b"{}").get("error", {}).get("code", "")}'.strip()


def look_rtmp(server, channel, kind, query='', listed=None):
    app, name = channel.split('/')
    peer = rtmp.Peer(server.rtmp_port)
    try:
        code = peer.play(name + query, app, **({'fourCcList': listed} if listed else {}))
        if code not in ('NetStream.Play.Start', 'NetStream.Play.Reset'):
            return code
        for _ in range(150):
            got, _, body = peer.next_message()
            if got == kind and body:
                return flv_token(kind, body)
            if got == 20:
                words = rtmp.amf_read_all(body)
                status = words[3] if len(words) > 3 and isinstance(words[3], dict) else {}
                if status.get('level') == 'error':
                    return status['code']
        return NOTHING
    except rtmp.Closed:
        return 'closed'
    finally:
        peer.close()


# Files of a few frames

def probe(data):
    """{'video': stream, 'audio': stream} by ffprobe."""
    with tempfile.NamedTemporaryFile() as f:
        f.write(data)
        f.flush()
        out = subprocess.run(['ffprobe', '-v', 'error', '-show_streams', '-of', 'json', f.name],
                             stdout=subprocess.PIPE, timeout=30, check=False).stdout
    return {s['codec_type']: s for s in json.loads(out or b'{}').get('streams', [])
            if s.get('codec_name')}


def look_hls(server, channel, kind, query=''):
    """The sample entry's name, after FFmpeg could read it and CODECS said the same."""
    kind = {9: 'video', 8: 'audio'}[kind]
    path = f'/{channel}/index.m3u8{query}'
    answer = []

    def ready():
        answer[:] = [server.get(path)]
        if answer[0].status == 404:
            return b'not_live' not in answer[0].body
        return answer[0].status != 200 or wait_segments(server, channel)
    until(ready, 15, lambda: f'HLS of {channel}: {answer[0].status} {answer[0].body[:200]}')
    if answer[0].status != 200:
        return f'{answer[0].status} {json.loads(answer[0].body)["error"]["code"]}'
    codecs = re.search(r'CODECS="([^"]+)"', answer[0].body.decode()).group(1).split(',')
    found = {}
    for media in dict.fromkeys(media_playlists(server, channel)[1]):
        segment = get_playlist(server, media).segments[-1]
        data = b''.join(server.get(resolve(media, uri)).body for uri in (segment.map, segment.uri))
        found.update(probe(data))
    if kind not in found:
        return NOTHING
    token = found[kind]['codec_tag_string']
    assert any(c.split('.')[0].lower() == token.lower() for c in codecs), (token, codecs)
    return token


def wait_segments(server, channel):
    media = media_playlists(server, channel)[1][0]
    return bool(get_playlist(server, media).segments)


def look_srt(server, channel, kind, query=''):
    try:
        caller = srt.Caller(server.srt_port, f'#!::r={channel},m=request')
    except srt.Refused as e:
        return str(e.code)
    try:
        stream = probe(caller.read(90000)).get({9: 'video', 8: 'audio'}[kind])
        return NAMES.get(stream['codec_name'], stream['codec_name']) if stream else NOTHING
    finally:
        caller.close()
