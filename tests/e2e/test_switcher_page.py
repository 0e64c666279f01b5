# SPDX-License-Identifier: Apache-2.0
"""The console's pages for cards and for mixing pictures, used by hand in Chromium."""
import json
import os
import subprocess

import pytest

from kit import clips, publish
from kit.browser import pictures_directory
from kit.process import Process, need, run
from kit.server import TOP

SCRIPT = os.path.join(TOP, 'tests', 'e2e', 'browser', 'console.mjs')
COMPOSITE = 'store/0571'


def red_guide(server):
    """A host whose picture is nothing but red."""
    return Process(['ffmpeg', '-hide_banner', '-nostdin', '-loglevel', 'error', '-re', '-f', 'lavfi', '-i',
                    'color=red:size=320x180:rate=10', '-f', 'lavfi', '-i', 'anullsrc=r=48000', '-c:v',
                    'libx264', '-preset', 'ultrafast', '-tune', 'zerolatency', '-g', '10', '-pix_fmt',
                    'yuv420p', '-c:a', 'aac', '-f', 'flv', server.rtmp('store/guide')], name='red-guide')


@pytest.mark.limit(120)
def test_an_operator_fires_cards_and_mixes_pictures(make_server, tmp_path):
    need('node')
    server = make_server({})
    publish.ffmpeg(server.rtmp())
    red_guide(server)
    server.wait_live()
    server.wait_live('store/guide')
    scene = {'preset': 'pip-bottom-right', 'inputs': ['live/hq', 'store/guide'], 'width': 640,
             'height': 360, 'fps': 15}
    answer = clips.ask(server, f'channels/{COMPOSITE}/scene', {'scene': scene}, 'PUT')
    assert answer.status == 200, answer.body
    upload = os.path.join(tmp_path, 'tea.png')
    subprocess.run(['ffmpeg', '-loglevel', 'error', '-f', 'lavfi', '-i', 'color=green:size=200x200',
                    '-frames:v', '1', upload], check=True, timeout=20)
    result = run(['node', SCRIPT, json.dumps(
        {'base': server.http(''), 'channel': 'live/hq', 'composite': COMPOSITE, 'upload': upload,
         'pictures': pictures_directory()})], 100)
    if result.returncode == 77:
        pytest.skip(result.stdout.strip())
    assert result.returncode == 0, result.stderr[-3000:]
    seen = json.loads(result.stdout.splitlines()[-1])
    fired, draw = seen['cards']['fired'], seen['cards']['draw']
    assert fired['kind'] == 'product' and fired['duration_ms'] == 30_000, fired
    assert fired['data']['title'] == '西湖龙井' and fired['data']['picture'], fired
    assert seen['cards']['repriced']['revision'] > fired['revision'], seen['cards']
    assert draw['kind'] == 'draw' and draw['data']['ends_in_ms'] == 30_000, draw
    assert seen['switcher'] == {'program': 'left,right', 'preview': 'main,pip'}, seen['switcher']
    bad = [line for line in seen['console'] if line.startswith(('error', 'exception', '4', '5'))]
    assert not bad, bad
    assert max(seen['overflow']) <= 0, seen['overflow']
