# SPDX-License-Identifier: Apache-2.0
"""The server is replaced, restarted and killed while a host and an audience are there."""
import os
import signal
import socket
import threading
import time

import pytest

from kit import hls, process
from kit.browser import look_at
from kit.recordings import read_all
from kit.restart import Host, Returning, successor, take_over
from kit.server import Server
from kit.wait import until

SETTINGS = {'record.mode': 'always', 'record.min_free_bytes': 0, 'stream.grace_s': 20}
PLAYERS = ('llhls', 'flv', 'wsflv', 'whep')
WATCH_S = 30              # at least: they watch until all is over
STEPS = ('take-over', 'stop and start', 'kill and start')
BACK_S = 8
# A server that was killed says no goodbye, and ICE takes its time to notice.
BACK_BY_ICE_S = 12


class Hammer:
    """Connects every few milliseconds and counts who is turned away."""

    def __init__(self, *ports):
        self.refused, self.connected = [], 0
        self._stopped = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(p,), daemon=True) for p in ports]
        for thread in self._threads:
            thread.start()

    def _run(self, port):
        while not self._stopped.wait(0.005):
            try:
                socket.create_connection(('127.0.0.1', port), timeout=10).close()
                self.connected += 1
            except OSError as error:
                self.refused.append((port, repr(error)))

    def stop(self):
        self._stopped.set()
        for thread in self._threads:
            thread.join(15)


def stop_and_start(server):
    server.stop()
    server.start()


def kill_and_start(server):
    server.process.kill()
    server.start()


class Evening:
    """What was seen, and when each step was over."""

    def __init__(self, server):
        self.server, self.done = server, {}
        self.states, self.playlists, self.results = [], [], {}
        self.over = os.path.join(server.directory, 'over')

    def look(self):
        self.server.wait_live()
        self.server.wait_hls()
        self.states.append(self.server.channel())
        self.playlists.append(hls.get_playlist(self.server, hls.media_playlists(self.server)[1][0]))

    def step(self, name, act):
        self.look()
        act(self.server)
        self.server.wait_live()     # the host is back: from now on it is up to the players
        self.done[name] = time.time()
        time.sleep((BACK_BY_ICE_S if name == STEPS[-1] else BACK_S) + 1)

    def watch(self):
        jobs = [{'name': p, 'url': self.server.http(f'/watch/live/hq?player={p}'),
                 'seconds': WATCH_S, 'stop': self.over} for p in PLAYERS]
        jobs.append({'name': 'hls.js', 'url': self.server.http('/healthz'),
                     'hls': self.server.hls(), 'seconds': WATCH_S, 'stop': self.over})
        self.results = look_at(jobs, WATCH_S + 120)


@pytest.fixture(scope='module')
def evening(tmp_path_factory):
    mark = process.mark()
    server = Server(str(tmp_path_factory.mktemp('restart')), SETTINGS).start()
    host = Host(server)
    server.wait_live()
    e = Evening(server)
    page = threading.Thread(target=e.watch)
    page.start()
    audience = {'flv': 1, 'ws_flv': 1, 'whep': 1, 'hls': 2}
    until(lambda: not page.is_alive() or all(
        server.channel()['viewers_by_protocol'][k] >= n for k, n in audience.items()), 40,
          lambda: f'the audience, {server.channel()["viewers_by_protocol"]}')
    e.flv = Returning(server)
    time.sleep(4)
    e.hammer = Hammer(server.http_port, server.rtmp_port)
    e.step(STEPS[0], take_over)
    e.hammer.stop()
    e.step(STEPS[1], stop_and_start)
    e.step(STEPS[2], kill_and_start)
    e.look()
    with open(e.over, 'w', encoding='ascii'):
        pass
    page.join(90)
    e.flv.stop()
    host.stop()
    until(lambda: server.channel() is None or server.channel()['state'] in ('offline', 'ended'), 15,
          'the end of the broadcast')
    until(lambda: all(r.ended for r in read_all(server)), 15, 'the end of the recording')
    e.recordings = read_all(server)
    yield e
    try:
        server.stop()
    finally:
        process.end_all(mark)


@pytest.mark.limit(170)
def test_nobody_is_refused_while_one_takes_over(evening):
    assert evening.hammer.connected > 100
    assert not evening.hammer.refused, evening.hammer.refused[:5]


@pytest.mark.limit(170)
def test_the_broadcast_goes_on(evening):
    assert len(evening.states) == 4
    assert {s['broadcast'] for s in evening.states} == {1}
    assert len({s['began_at'] for s in evening.states}) == 1


@pytest.mark.limit(170)
def test_numbers_never_go_back(evening):
    for old, new in zip(evening.playlists, evening.playlists[1:]):
        assert new.sequence > old.last[0], (old.last, new.sequence)
        assert new.discontinuity_sequence >= old.discontinuity_sequence
        assert not new.ended


@pytest.mark.limit(170)
def test_one_replay(evening):
    assert len(evening.recordings) == 1
    evening.recordings[0].check()
    assert len(evening.recordings[0].breaks()) >= 3


@pytest.mark.limit(170)
@pytest.mark.parametrize('player', (*PLAYERS, 'hls.js'))
def test_players_recover(evening, player):
    """New pictures soon after each restart, on the same page."""
    result = evening.results[player]
    assert result['error'] is None, f'{result["error"]}\n{result["console"][-10:]}'
    samples = [s for s in result['samples'] if s['stats']]
    for step in STEPS:
        done_ms = evening.done[step] * 1000
        back_s = BACK_BY_ICE_S if player == 'whep' and step == STEPS[-1] else BACK_S
        before = [s['stats']['decoded_frames'] for s in samples if s['at_ms'] <= done_ms]
        after = [s['stats']['decoded_frames'] for s in samples
                 if done_ms < s['at_ms'] <= done_ms + (back_s + 1) * 1000]
        assert before and after, f'{step}: {len(samples)} samples'
        assert after[-1] > before[-1] + 10, \
            f'{step}: {before[-3:]} then {after}\n{result["console"][-15:]}'


@pytest.mark.limit(170)
def test_a_viewer_by_flv_comes_back(evening):
    for step in STEPS:
        done = evening.done[step]
        assert any(done < at < done + BACK_S for at in evening.flv.at), step


def test_one_that_fails_changes_nothing(make_server):
    """A new process that cannot serve leaves the old one alone; after it let go, it returns."""
    server = make_server(SETTINGS)
    host = Host(server)
    server.wait_live()
    with socket.socket() as taken:
        taken.bind(('127.0.0.1', 0))
        taken.listen()
        port = taken.getsockname()[1]
        failing = successor(server, 'failing', ['--set', f'http.listen=127.0.0.1:{port}'])
        assert failing.wait(10) == 1
    assert server.channel()['takes_total'] == 1
    # One that dies in the middle, and a word of nonsense before.
    for words in ((b'nonsense',), (b'take-over 999',), (b'take-over 1', b'release')):
        talk = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        talk.settimeout(10)
        folder = os.open(server.settings['data.dir'], os.O_RDONLY)
        talk.connect(f'/proc/self/fd/{folder}/serve.sock')
        os.close(folder)
        for word in words:
            talk.send(word)
            answer = b'?'
            while answer and not answer.startswith((b'offered', b'released', b'refused')):
                answer, fds, _, _ = socket.recv_fds(talk, 300, 4)
                for fd in fds:
                    os.close(fd)
        talk.close()
    until(lambda: server.is_ready() and server.is_live(), 20, 'the old process to be back')
    assert server.process.alive
    assert server.channel()['broadcast'] == 1
    # By a signal, as systemd's unit does.
    old = server.process
    old.signal(signal.SIGUSR2)
    assert old.wait(15) == 0, old.tail()
    server.wait_live()
    assert server.channel()['broadcast'] == 1
    host.stop()
    pid = int(server.log().rsplit('as process ', 1)[1].split()[0])
    os.kill(pid, signal.SIGTERM)
    until(lambda: not os.path.exists(f'/proc/{pid}'), 15, 'the end of the last one')
