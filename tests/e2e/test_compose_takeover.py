# SPDX-License-Identifier: Apache-2.0
"""The server is replaced while a composite is watched: scenes stay, and so does its one composer."""
import os
import time

import pytest
from kit.composer import Regions, is_near
from kit.composites import children, composers, put, wait_on_air
from kit.restart import Host, Returning, take_over
from kit.wait import until

BOX, CORNER = (0, 0, 0.6, 0.6), (0.7, 0.7, 0.2, 0.2)
GREEN, BLUE = (0, 160, 0), (0, 0, 200)


def scene(colour):
    return {'width': 640, 'height': 360, 'video_kbps': 1200, 'background': '#%02x%02x%02x' % colour,
            'layers': [{'id': 'main', 'type': 'channel', 'channel': 'live/hq', 'w': 0.6, 'h': 0.6}]}


def background(server, path=''):
    shown = server.json(f'/api/v1/channels/store/a/scene{path}')['scene']
    return tuple(bytes.fromhex(shown['background'][1:7]))


def check_picture(server):
    player = Regions(server.flv('store/a'), [BOX], [CORNER])
    player.wait(lambda n, c: n[0] is not None and is_near(c[0], BLUE), 20, 'the scene')
    player.stop()


@pytest.mark.limit(90)
def test_composites_outlive_a_take_over(make_server):
    server = make_server({'channels.store/a.source_stable_ms': 500, 'stream.grace_s': 20})
    assert put(server, 'store/a', scene(GREEN))[0] == 200
    assert put(server, 'store/a', scene(BLUE), '/preview')[0] == 200
    assert put(server, 'store/a', {}, '/take', 'POST')[0] == 200
    host = Host(server)
    wait_on_air(server, 'store/a')
    check_picture(server)
    viewer = Returning(server, '/store/a.flv')
    until(lambda: viewer.at, 15, 'the viewer')
    before = composers(server)
    assert before == children(server.process.pid) and len(before) == 1
    take_over(server)
    done = time.time()
    # The program, the preview and who set them are known to the new process at once.
    assert server.json('/api/v1/channels/store/a/scene')['origin'] == 'api'
    assert (background(server), background(server, '/preview')) == (BLUE, GREEN)
    until(lambda: viewer.at[-1] > done, 20, 'the viewer to be back')
    wait_on_air(server, 'store/a')
    check_picture(server)
    until(lambda: not os.path.exists(f'/proc/{before[0]}'), 15, 'the old composer to end')
    assert composers(server) == children(server.process.pid) and len(composers(server)) == 1
    # It can be switched as before.
    assert put(server, 'store/a', {}, '/take', 'POST')[0] == 200
    assert (background(server), background(server, '/preview')) == (GREEN, BLUE)
    viewer.stop()
    host.stop()
