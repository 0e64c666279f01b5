# SPDX-License-Identifier: Apache-2.0
"""Composers on another machine, started by hand with --channel: one works, the next one stands by
until the first is killed."""
import json
import subprocess

import pytest
from kit import ports
from kit.composer import Regions, is_near
from kit.composites import children, status, wait_on_air
from kit.elsewhere import Machine
from kit.flv import Viewer
from kit.publish import ffmpeg
from kit.server import SANITIZER, binary
from kit.wait import until

HQ, LOGO = (0, 0, 0.6, 0.6), (0.7, 0.1, 0.2, 0.2)
RED = (200, 16, 16)


@pytest.fixture
def machine():
    there = Machine('c')
    yield there
    there.close()


def configure(directory):
    """A store with a picture of the server's machine in its scene."""
    logo = directory / 'logo.png'
    subprocess.run(['ffmpeg', '-v', 'error', '-y', '-f', 'lavfi', '-i',
                    'color=0x%02x%02x%02x:s=64x64' % RED, '-frames:v', '1', logo], check=True,
                   timeout=30)
    scene = directory / 'scene.json'
    scene.write_text(json.dumps(
        {'width': 640, 'height': 360, 'video_kbps': 1200, 'background': '#00a000', 'layers': [
            {'id': 'main', 'type': 'channel', 'channel': 'live/hq', 'w': 0.6, 'h': 0.6},
            {'id': 'logo', 'type': 'picture', 'picture': str(logo), 'fit': 'fill', 'x': 0.65,
             'y': 0.05, 'w': 0.3, 'h': 0.3}]}))
    config = directory / 'branchcast.yaml'
    config.write_text(json.dumps({'compose': {'local': False}, 'channels': {'store/a': {
        'scene': str(scene), 'sources': [{'channel': 'live/hq'}], 'source_wait_ms': 500,
        'source_stable_ms': 500}}}))
    return str(config)


def compose(machine, server, directory):
    """branchcast compose in a folder of its own."""
    directory.mkdir()
    return machine.start(
        [binary(), 'compose', '--server', f'http://{machine.server}:{server.http_port}',
         '--channel', 'store/a', '--token', server.admin_token()], name='compose', cwd=directory)


def end(composer):
    """It has ended by itself, as it is not wanted any more."""
    assert composer.wait(15) == 0, composer.tail()
    assert not SANITIZER.search(composer.log()), composer.tail()


@pytest.mark.limit(90)
def test_composer_elsewhere(make_server, machine, tmp_path):
    server = make_server({'http.listen': f'0.0.0.0:{ports.free_port()}', 'access.api': 'token',
                          'rtmp.listen': f'0.0.0.0:{ports.free_port()}'},
                         config=configure(tmp_path))
    server.with_token = True
    composer = compose(machine, server, tmp_path / 'one')
    # It is there before the host, and is silent until then.
    until(lambda: status(server, 'store/a')['report'], 20,
          lambda: f'the composer to report\n{composer.tail()}')
    assert status(server, 'store/a')['state'] == 'down' and not server.is_live('store/a')
    ffmpeg(server.rtmp('live/hq'))
    wait_on_air(server, 'store/a')
    assert status(server, 'store/a')['host'] == machine.own
    assert not children(server.process.pid)
    player = Regions(server.flv('store/a'), [HQ], [LOGO])
    viewer = Viewer(server.http_port, '/store/a.flv')

    def shows_scene(numbers, colours):
        return numbers[0] is not None and is_near(colours[0], RED)
    player.wait(shows_scene, 20, 'the scene')
    second = compose(machine, server, tmp_path / 'two')
    second.expect_log('another process composes this scene', 15)
    # Without the first headquarters' picture is there, until the second comes to the same viewers.
    composer.kill()
    player.wait(lambda n, c: not is_near(c[0], RED), 15, 'the clean picture')
    player.wait(shows_scene, 25, lambda: f'the scene\n{second.tail()}')
    wait_on_air(server, 'store/a')
    viewer.wait_more(60)
    viewer.check_times()
    viewer.close()
    player.stop()
    server.stop()
    end(second)
