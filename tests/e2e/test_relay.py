# SPDX-License-Identifier: Apache-2.0
"""Two servers: one pulls a channel from the other by WHEP, or gets it pushed by WHIP."""
import json

import pytest

from kit import publish
from kit.process import need
from kit.wait import until
from kit.watch import Watcher

PRIVATE = {'relay.allow_private': 'true'}
pytestmark = pytest.mark.usefixtures('programs')


@pytest.fixture
def programs():
    need('ffmpeg')


def ask(server, method, path, body=None):
    """Status and JSON of an API request."""
    connection = server.connection()
    try:
        connection.request(method, path, None if body is None else json.dumps(body))
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


def start(server, **relay):
    status, answer = ask(server, 'POST', '/api/v1/relays', relay)
    assert status == 201, answer
    return answer['id']


def state(server, number):
    relays = server.json('/api/v1/relays')['relays']
    return next((relay for relay in relays if relay['id'] == number), None)


def wait_state(server, number, wanted, error='', seconds=15):
    def reached():
        relay = state(server, number)
        return relay['state'] == wanted and error in (relay['last_error'] or '') and relay
    return until(reached, seconds, lambda: f'{wanted} "{error}": {state(server, number)}\n'
                                           f'{server.process.tail()}')


def watch(server, channel):
    """Every picture and the tone come through."""
    server.wait_live(channel)
    watcher = Watcher(server.flv(channel))
    watcher.wait_pictures(75).wait_sound(2.5)
    watcher.check_pictures()
    watcher.check_sound()
    return watcher


def test_pull(make_server):
    """An RTMP host of one server is seen and heard at the other."""
    origin, edge = make_server(), make_server(PRIVATE)
    publish.ffmpeg(origin.rtmp())
    origin.wait_live()
    url = origin.http('/live/hq/whep')
    number = start(edge, channel='live/copy', kind='pull', url=url)
    relay = wait_state(edge, number, 'live')
    assert relay['attempts'] == 1 and relay['last_error'] is None, relay
    assert (relay['channel'], relay['kind'], relay['url']) == ('live/copy', 'pull', url)
    watch(edge, 'live/copy').stop()
    take = edge.channel('live/copy')['take']
    assert (take['protocol'], take['encoder']) == ('whep', 'relay')
    until(lambda: origin.channel()['viewers_by_protocol']['whep'] == 1, 5, 'one viewer')
    # The same again is refused; deleted, it says goodbye.
    status, answer = ask(edge, 'POST', '/api/v1/relays',
                         {'channel': 'live/copy', 'kind': 'pull', 'url': url})
    assert (status, answer['error']['code']) == (409, 'relay_exists')
    assert ask(edge, 'DELETE', f'/api/v1/relays/{number}') == (202, {'id': number,
                                                                     'accepted': True})
    assert state(edge, number) is None
    until(lambda: origin.channel()['viewers_by_protocol']['whep'] == 0, 5, 'no viewer')
    assert ask(edge, 'DELETE', f'/api/v1/relays/{number}')[0] == 404


def test_push_with_a_wrong_and_the_right_token(make_server):
    """The API says why it does not work, before it does."""
    studio = make_server(PRIVATE)
    platform = make_server({'access.api': 'open'}, open_access=False)
    relay = {'channel': 'live/hq', 'kind': 'push', 'url': platform.http('/live/there/whip')}
    wrong = start(studio, token='not-the-key', **relay)
    wait_state(studio, wrong, 'waiting', 'not live')
    publish.ffmpeg(studio.rtmp())
    wait_state(studio, wrong, 'waiting', '401')
    assert platform.channel('live/there') is None
    ask(studio, 'DELETE', f'/api/v1/relays/{wrong}')
    right = start(studio, token=platform.publish_key(), **relay)
    wait_state(studio, right, 'live')
    watch(platform, 'live/there').stop()
    assert platform.publish_key() not in studio.get('/api/v1/relays').body.decode()
    ask(studio, 'DELETE', f'/api/v1/relays/{right}')
    until(lambda: platform.channel('live/there')['state'] == 'ended', 5, 'the end')
    # A server that goes down says goodbye for its relays.
    again = start(studio, token=platform.publish_key(), **relay)
    wait_state(studio, again, 'live')
    until(lambda: platform.is_live('live/there'), 10, 'the next broadcast')
    studio.stop()
    until(lambda: platform.channel('live/there')['state'] == 'ended', 5, 'the end')


def test_a_pull_survives_the_other_server(make_server):
    """kill -9 there: the relay waits, and the viewers here go on when it is back."""
    origin = make_server()
    edge = make_server({**PRIVATE, 'stream.idle_timeout_s': 3})
    publish.ffmpeg(origin.rtmp())
    origin.wait_live()
    number = start(edge, channel='live/copy', kind='pull', url=origin.http('/live/hq/whep'))
    viewer = watch(edge, 'live/copy')
    origin.process.kill()
    relay = wait_state(edge, number, 'waiting')
    assert relay['last_error'], relay
    until(lambda: edge.channel('live/copy')['state'] == 'waiting', 5, 'the channel to wait')
    wait_state(edge, number, 'waiting', 'connect to')
    origin.start()
    publish.ffmpeg(origin.rtmp())
    relay = wait_state(edge, number, 'live', seconds=30)
    assert relay['attempts'] > 2, relay
    viewer.wait_pictures(60)
    viewer.check_pictures(allowed_breaks=1)
    assert edge.channel('live/copy')['broadcast'] == 1
    # A drain with a relay that runs ends with the fixture.
