# SPDX-License-Identifier: Apache-2.0
"""VLC and mpv: what people try first."""
import os
import pwd
import re

import pytest

from kit import publish
from kit.process import Process, need
from kit.wait import until


@pytest.fixture(scope='module')
def live(shared_server):
    publish.ffmpeg(shared_server.rtmp())
    shared_server.wait_hls()
    return shared_server


def urls(server):
    return {'rtmp': server.rtmp(), 'flv': server.flv(), 'hls': server.hls()}


def vlc(url, directory):
    """VLC refuses to run as root, so it runs as nobody. Pictures become numbered files."""
    need('cvlc')
    os.makedirs(directory)
    user = None
    if os.geteuid() == 0:
        user = pwd.getpwnam('nobody').pw_uid
        os.chown(directory, user, -1)
        part = directory
        while part != '/':     # pytest's directories are closed to others
            os.chmod(part, os.stat(part).st_mode | 0o011)
            part = os.path.dirname(part)
    env = {'HOME': directory, 'PATH': os.environ['PATH'], 'LANG': 'C.UTF-8'}
    return Process(['cvlc', '-v', '--no-color', '--aout=dummy', '--vout=dummy', '--vout-filter=',
                    '--video-filter=scene', '--scene-format=png', '--scene-ratio=15',
                    f'--scene-path={directory}', '--scene-prefix=p', '--network-caching=500', url],
                   name='vlc', env=env, user=user, cwd=directory)


@pytest.mark.parametrize('kind', ['rtmp', 'flv', 'hls'])
def test_vlc(live, tmp_path, kind):
    directory = str(tmp_path / 'vlc')
    player = vlc(urls(live)[kind], directory)

    def pictures():
        return [n for n in os.listdir(directory) if re.fullmatch(r'p\d+\.png', n)]
    until(lambda: len(pictures()) >= 6 or not player.alive, 60,
          lambda: f'pictures in VLC\n{player.tail()}')
    assert player.alive and len(pictures()) >= 6, player.tail()
    assert not re.search(r'(?i)main decoder error|timestamp screwed', player.log()), player.tail()


@pytest.mark.parametrize('kind', ['rtmp', 'flv', 'hls'])
def test_mpv(live, kind):
    need('mpv')
    player = Process(['mpv', '--no-config', '--no-terminal', '--vo=null', '--ao=null',
                      '--msg-level=all=warn', '--log-file=/dev/stderr',
                      '--term-status-msg=', '--length=4', urls(live)[kind]], name='mpv')
    code = player.wait(60)
    assert code == 0, player.tail()
    log = player.log()
    assert 'VO: [null] 640x360' in log and 'AO: [null] 48000Hz' in log, player.tail()
    assert not re.search(r'Error decoding|Invalid (video|audio) timestamp', log), player.tail()


