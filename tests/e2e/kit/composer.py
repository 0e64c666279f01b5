# SPDX-License-Identifier: Apache-2.0
"""A composer of its own, told what to do by a server that this process is."""
import http.server
import json
import os
import subprocess
import threading
import time

from .media import number_of
from .process import Process
from .server import SANITIZER, binary
from .wait import until


class Composer:
    """`wish()` changes what it shall do; `status` is what it told last."""

    def __init__(self, directory, **wish):
        self.wanted = {'version': 0, 'name': 'test', 'want_preview': False, **wish}
        self.gone = False
        self.status, self.reports, self.preview = {}, 0, b''
        self.was_short = False      # the machine had no time for the full rate
        self.changed = threading.Condition()
        composer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = 'HTTP/1.1'

            def log_message(self, *_):
                pass

            def answer(self, status, body=b''):
                self.send_response(status)
                self.send_header('Content-Length', str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_GET(self):
                composer.answer_get(self)

            def do_PUT(self):
                body = self.rfile.read(int(self.headers['Content-Length']))
                if self.path.endswith('/status'):
                    composer.status = json.loads(body)
                    composer.reports += 1
                    composer.was_short |= composer.status['degraded'] != ''
                else:
                    composer.preview = body
                self.answer(204)

        self.http = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
        self.http.daemon_threads = True
        threading.Thread(target=self.http.serve_forever, daemon=True).start()
        env = dict(os.environ)
        env.setdefault('ASAN_OPTIONS', 'abort_on_error=0:exitcode=99')
        self.process = Process(
            [binary(), 'compose', '--server', f'http://127.0.0.1:{self.http.server_port}',
             '--composer', 'one'], name='compose', env=env,
            log=os.path.join(str(directory), 'compose.log'))

    def answer_get(self, request):
        if '?after=' not in request.path:
            return request.answer(404)
        after = int(request.path.rsplit('=', 1)[1])
        with self.changed:
            self.changed.wait_for(lambda: self.gone or self.wanted['version'] != after, 10)
            body = json.dumps(self.wanted).encode()
        return request.answer(404 if self.gone else 200, b'' if self.gone else body)

    def wish(self, **changes):
        with self.changed:
            self.wanted = {**self.wanted, 'transition': {'effect': 'cut'}, **changes,
                           'version': self.wanted['version'] + 1}
            self.changed.notify_all()
        return time.monotonic()

    def late(self):
        """Pictures that were left out so far, as it tells within a second from now."""
        seen = self.reports
        until(lambda: self.reports > seen + 1, 10, lambda: f'a status\n{self.process.tail()}')
        return self.status['late']

    def input_state(self, name):
        return next((i['state'] for i in self.status.get('inputs', []) if i['name'] == name), '')

    def wait_state(self, name, state, seconds=10):
        until(lambda: self.input_state(name) == state, seconds,
              lambda: f'{name} to be {state}: {self.status}\n{self.process.tail()}')

    def end(self):
        """Not wanted any more: it goes by itself."""
        with self.changed:
            self.gone = True
            self.changed.notify_all()
        code = self.process.wait(15)
        self.http.shutdown()
        found = SANITIZER.search(self.process.log())
        assert not found and code == 0, f'exit code {code}\n{self.process.tail()}'


class Regions:
    """Plays a URL and looks at parts of each picture: `rows` has (seconds, numbers, colours)."""

    def __init__(self, url, boxes, spots):
        """Boxes and spots are (x, y, w, h) in fractions: numbers are read, colours are means."""
        self.boxes, self.spots = boxes, spots
        self.rows = []
        cuts = [f'crop=iw*{w}:ih*{h}/22:iw*{x}:ih*{y + h * 0.935},scale=16:1:flags=area'
                for x, y, w, h in boxes]
        cuts += [f'crop=iw*{w}:ih*{h}:iw*{x}:ih*{y},scale=16:1:flags=area' for x, y, w, h in spots]
        count = len(cuts)
        graph = (f'format=gbrp,split={count}' + ''.join(f'[a{i}]' for i in range(count)) + ';'
                 + ';'.join(f'[a{i}]{cut}[b{i}]' for i, cut in enumerate(cuts)) + ';'
                 + ''.join(f'[b{i}]' for i in range(count))
                 + f'vstack={count},format=rgb24,showinfo')
        self.process = Process(
            ['ffmpeg', '-hide_banner', '-nostdin', '-nostats', '-loglevel', 'info', '-threads', '1',
             '-flags', 'low_delay', '-i', url,
             '-an', '-vf', graph, '-fps_mode', 'passthrough', '-f', 'rawvideo', 'pipe:1'],
            name='ffmpeg-regions', stdout=subprocess.PIPE)
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        size = 16 * 3 * (len(self.boxes) + len(self.spots))
        with self.process.child.stdout as stream:
            while len(data := stream.read(size)) == size:
                lines = [data[i:i + 48] for i in range(0, size, 48)]
                numbers = [number_of(line[0::3]) for line in lines[:len(self.boxes)]]
                colours = [tuple(sum(line[c::3]) // 16 for c in range(3))
                           for line in lines[len(self.boxes):]]
                self.rows.append((time.monotonic(), numbers, colours))

    def wait(self, condition, seconds, what):
        """Until a picture is so: condition(numbers, colours). When it came."""
        start = len(self.rows)

        def found():
            return next((row[0] for row in self.rows[start:] if condition(row[1], row[2])), None)
        return until(found, seconds,
                     lambda: f'{what}; now {self.rows[-1:]}\n{self.process.tail(15)}')

    def wait_rows(self, count, seconds=15):
        goal = len(self.rows) + count
        until(lambda: len(self.rows) >= goal, seconds,
              lambda: f'{goal} pictures, there are {len(self.rows)}\n{self.process.tail(15)}')

    def stop(self):
        self.process.end()


def is_near(colour, wanted, off=40):
    return all(abs(a - b) <= off for a, b in zip(colour, wanted))
