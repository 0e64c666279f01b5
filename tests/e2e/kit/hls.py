# SPDX-License-Identifier: Apache-2.0
"""A reader of media playlists that holds each answer against the rules and against all the
answers before it (draft-pantos-hls-rfc8216bis, sections 4.4, 6.2 and appendix B)."""
import gzip
import http.client
import re
import threading
import time
from datetime import datetime

from .wait import until


class Part:
    def __init__(self, attributes):
        self.uri = attributes['URI']
        self.duration = float(attributes['DURATION'])
        self.independent = attributes.get('INDEPENDENT') == 'YES'
        self.gap = attributes.get('GAP') == 'YES'


class Segment:
    def __init__(self, msn):
        self.msn = msn
        self.uri = None
        self.duration = None
        self.extinf = None
        self.parts = []
        self.discontinuity = False
        self.date = None
        self.map = None
        self.gap = False


def attributes(text):
    return {k: v.strip('"') for k, v in re.findall(r'([A-Z0-9-]+)=("[^"]*"|[^,]*)', text)}


class Playlist:
    def __init__(self, text):
        self.text = text
        lines = [line for line in text.split('\n') if line.strip()]
        assert lines[0] == '#EXTM3U', lines[:2]
        assert '\r' not in text.replace('\r\n', '\n')
        self.version = 1
        self.target = self.part_target = None
        self.sequence = 0
        self.discontinuity_sequence = None
        self.control, self.hints, self.reports = {}, [], []
        self.skipped = 0
        self.ended = False
        self.independent = False
        self.segments = []      # complete ones
        self.open = None        # the one that only has parts
        self._parse(lines)

    def _parse(self, lines):
        current = None
        current_map = None
        seen_part = False

        def segment():
            nonlocal current
            if current is None:
                current = Segment(self.sequence + self.skipped + len(self.segments))
                current.map = current_map
            return current

        for line in lines[1:]:
            name, _, value = line.partition(':')
            if name == '#EXT-X-VERSION':
                self.version = int(value)
            elif name == '#EXT-X-TARGETDURATION':
                self.target = int(value)
            elif name == '#EXT-X-MEDIA-SEQUENCE':
                self.sequence = int(value)
            elif name == '#EXT-X-DISCONTINUITY-SEQUENCE':
                self.discontinuity_sequence = int(value)
            elif name == '#EXT-X-SERVER-CONTROL':
                self.control = attributes(value)
            elif name == '#EXT-X-PART-INF':
                self.part_target = float(attributes(value)['PART-TARGET'])
            elif name == '#EXT-X-INDEPENDENT-SEGMENTS':
                self.independent = True
            elif name == '#EXT-X-SKIP':
                self.skipped = int(attributes(value)['SKIPPED-SEGMENTS'])
            elif name == '#EXT-X-MAP':
                current_map = attributes(value)['URI']
                assert not segment().parts, 'MAP after a PART of its segment'
                segment().map = current_map
            elif name == '#EXT-X-DISCONTINUITY':
                assert not segment().parts, 'DISCONTINUITY after a PART of its segment'
                segment().discontinuity = True
            elif name == '#EXT-X-PROGRAM-DATE-TIME':
                assert not segment().parts, 'PROGRAM-DATE-TIME after a PART of its segment'
                assert re.fullmatch(r'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z', value), value
                segment().date = datetime.fromisoformat(value.replace('Z', '+00:00')).timestamp()
            elif name == '#EXT-X-GAP':
                segment().gap = True
            elif name == '#EXT-X-PART':
                segment().parts.append(Part(attributes(value)))
                seen_part = True
            elif name == '#EXTINF':
                segment().extinf = value
                segment().duration = float(value.split(',')[0])
            elif name == '#EXT-X-PRELOAD-HINT':
                self.hints.append(attributes(value))
            elif name == '#EXT-X-RENDITION-REPORT':
                self.reports.append(attributes(value))
            elif name == '#EXT-X-ENDLIST':
                self.ended = True
            elif not line.startswith('#'):
                assert current and current.duration is not None, f'no EXTINF before {line}'
                current.uri = line
                self.segments.append(current)
                current = None
        self.open = current
        self.has_parts = seen_part

    @property
    def last(self):
        """(msn, part) of the newest part."""
        if self.open is not None and self.open.parts:
            return self.open.msn, len(self.open.parts) - 1
        newest = self.segments[-1]
        return newest.msn, len(newest.parts) - 1

    @property
    def all(self):
        return self.segments + ([self.open] if self.open else [])

    def edge_date(self):
        """The wall clock at the end of the newest part, by PROGRAM-DATE-TIME."""
        date = None
        for s in self.all:
            date = s.date if s.date is not None else date
            if date is not None:
                date += s.duration if s.duration is not None else sum(p.duration for p in s.parts)
        return date


class Rules:
    """What must hold between all versions of one playlist (HLS-1..6, LL-1..13)."""

    def __init__(self):
        self.previous = None
        self.known = {}          # msn -> (extinf, uri, map, disc, date)
        self.parts = {}          # (msn, index) -> (uri, duration)
        self.discontinuities = {}
        self.hint = None
        self.seen = 0
        self.constant = None

    def check(self, p):
        self._alone(p)
        self._over_time(p)
        self.previous = p
        self.seen += 1
        return p

    def _alone(self, p):
        assert p.target and p.all, p.text
        assert p.discontinuity_sequence is not None, 'no DISCONTINUITY-SEQUENCE (HLS-3)'
        for s in p.segments:
            assert round(s.duration) <= p.target, f'{s.duration} over target {p.target} (HLS-1)'
        for s in p.all:
            assert s.map, f'segment {s.msn} without a MAP (HLS-8)'
        first = p.all[0]
        assert first.date is not None, 'no PROGRAM-DATE-TIME on the first segment (HLS-13)'
        for s in p.all:
            if s.discontinuity:
                assert s.date is not None, 'no PROGRAM-DATE-TIME at a DISCONTINUITY'
        if p.ended:
            assert not p.hints, 'PRELOAD-HINT beside ENDLIST (HLS-6)'
            return
        if p.part_target is None:
            return
        control = p.control
        assert control.get('CAN-BLOCK-RELOAD') == 'YES', control
        assert float(control['PART-HOLD-BACK']) >= 3 * p.part_target - 1e-6, control
        if 'HOLD-BACK' in control:
            assert float(control['HOLD-BACK']) >= 3 * p.target, control
        assert float(control['CAN-SKIP-UNTIL']) >= 6 * p.target, control
        part_hints = [h for h in p.hints if h['TYPE'] == 'PART']
        assert len(part_hints) == 1, f'{len(part_hints)} hints of a part (LL-13)'
        for s in p.all:
            for i, part in enumerate(s.parts):
                assert part.duration <= p.part_target + 1e-4, \
                    f'part {s.msn}.{i} of {part.duration} (LL-2)'
                last = s.duration is not None and i == len(s.parts) - 1
                following = s.parts[i + 1] if i + 1 < len(s.parts) else None
                free = last or part.independent or part.gap or (following and following.gap)
                open_end = s is p.open and following is None
                assert free or open_end or part.duration >= 0.85 * p.part_target - 1e-4, \
                    f'part {s.msn}.{i} of only {part.duration} (LL-2)'
            if s.duration is not None and s.parts:
                total = sum(part.duration for part in s.parts)
                assert abs(total - s.duration) < 0.01, f'{s.msn}: {total} in {s.duration} (LL-5)'

    def _over_time(self, p):
        constant = (p.target, p.part_target, tuple(sorted(p.control.items())))
        if not p.ended:
            assert self.constant in (None, constant), f'{self.constant} became {constant} (HLS-1)'
            self.constant = constant
        b = self.previous
        if b is not None:
            assert p.sequence >= b.sequence, 'MEDIA-SEQUENCE went back (HLS-2)'
            assert p.last >= b.last, f'newest part went back: {b.last} -> {p.last}'
            assert p.discontinuity_sequence >= b.discontinuity_sequence
        count = p.discontinuity_sequence
        for s in p.all:
            count += s.discontinuity
            if p.skipped == 0:
                known = self.discontinuities.setdefault(s.msn, count)
                assert known == count, \
                    f'discontinuities before {s.msn} were {known}, are {count} (HLS-3)'
        for s in p.segments:
            facts = (s.extinf, s.uri, s.map, s.discontinuity)
            known = self.known.setdefault(s.msn, facts)
            assert known == facts, f'segment {s.msn} was {known}, is {facts} (HLS-4)'
        for s in p.all:
            for i, part in enumerate(s.parts):
                known = self.parts.setdefault((s.msn, i), (part.uri, part.duration))
                assert known == (part.uri, part.duration), f'part {s.msn}.{i} changed (HLS-4)'
        if b is not None and self.hint is not None:
            following = next((part.uri for s in p.all for i, part in enumerate(s.parts)
                              if (s.msn, i) > b.last), None)
            if following is not None:
                assert following == self.hint, f'hinted {self.hint}, came {following} (LL-13)'
        self.hint = next((h['URI'] for h in p.hints if h['TYPE'] == 'PART'), None)


class Client:
    """Asks one server over one connection that stays open."""

    def __init__(self, server, seconds=20):
        self.connection = http.client.HTTPConnection('127.0.0.1', server.http_port, timeout=seconds)

    def get(self, path, headers=None):
        try:
            self.connection.request('GET', path, headers=headers or {})
            answer = self.connection.getresponse()
        except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
            self.connection.close()
            self.connection.request('GET', path, headers=headers or {})
            answer = self.connection.getresponse()
        answer.body = answer.read()
        if answer.headers.get('Content-Encoding') == 'gzip':
            answer.body = gzip.decompress(answer.body)
        return answer

    def close(self):
        self.connection.close()


def resolve(base, uri):
    """A relative URI against a path; queries of the base do not count."""
    if uri.startswith('/'):
        return uri
    return base.split('?')[0].rsplit('/', 1)[0] + '/' + uri


def media_playlists(server, channel='live/hq'):
    """The paths of the media playlists: video (or the only one) first, then audio."""
    path = f'/{channel}/index.m3u8'
    answer = server.get(path)
    assert answer.status == 200, f'{path}: {answer.status}'
    text = answer.body.decode()
    streams = re.findall(r'#EXT-X-STREAM-INF:.*\n([^#\n]+)', text)
    audio = re.findall(r'#EXT-X-MEDIA:.*?URI="([^"]+)"', text)
    return text, [resolve(path, u) for u in streams + audio]


def get_playlist(server, path):
    answer = server.get(path)
    assert answer.status == 200, f'{path}: {answer.status} {answer.body[:200]}'
    return Playlist(answer.body.decode())


class Poller:
    """A low-latency player without a decoder: blocking reloads in a row, each checked. Loads
    the parts too with load=True."""

    def __init__(self, server, path, *, load=False, skip=False):
        self.rules = Rules()
        self.client = Client(server)
        self.path = path
        self.load = load
        self.skip = skip
        self.playlists = []
        self.arrivals = []      # (monotonic, msn, part)
        self.statuses = []
        self.error = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        try:
            self._loop()
        except BaseException as e:  # shown by check()
            self.error = e
        finally:
            self.client.close()

    def _loop(self):
        joint = '&' if '?' in self.path else '?'
        query = ''
        while not self._stop.is_set():
            answer = self.client.get(self.path + query)
            self.statuses.append(answer.status)
            if answer.status == 503:
                continue
            assert answer.status == 200, f'{query}: {answer.status} {answer.body[:200]}'
            playlist = Playlist(answer.body.decode())
            self.rules.check(playlist)
            self.playlists.append(playlist)
            msn, part = playlist.last
            self.arrivals.append((time.monotonic(), msn, part))
            if playlist.ended:
                return
            if self.load and playlist.has_parts:
                newest = next(s for s in reversed(playlist.all) if s.parts).parts[-1]
                media = self.client.get(resolve(self.path, newest.uri))
                assert media.status == 200, f'{newest.uri}: {media.status}'
            query = f'{joint}_HLS_msn={msn}&_HLS_part={part + 1}'
            if self.skip and len(self.playlists) % 10:
                query += '&_HLS_skip=YES'

    @property
    def latest(self):
        return self.playlists[-1]

    def check(self):
        if self.error is not None:
            raise AssertionError(f'{self.path}: {self.error!r}') from self.error

    def wait(self, condition, seconds, what):
        until(lambda: self.error or condition(), seconds, what)
        self.check()

    def wait_updates(self, count, seconds=20):
        goal = len(self.playlists) + count
        self.wait(lambda: len(self.playlists) >= goal, seconds,
                  lambda: f'{goal} playlists, there are {len(self.playlists)}')

    def stop(self):
        self._stop.set()
        self._thread.join(15)
        self.check()
