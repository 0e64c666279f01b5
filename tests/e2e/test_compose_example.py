# SPDX-License-Identifier: Apache-2.0
"""The worked example of docs/compose.md, with its files as they stand: headquarters and two stores,
one with its guide in the corner, one with the product on offer."""
import os
import subprocess

import pytest
from kit import cues
from kit.composer import Regions, is_near
from kit.composites import put, wait_on_air
from kit.media import RATE, SAMPLE, SAMPLE_SECONDS, pcm, power
from kit.publish import ffmpeg
from kit.server import TOP
from kit.watch import Watcher
from kit.wait import until

TEAL, MAGENTA, GROUND = (0, 128, 128), (200, 0, 160), (0xf4, 0xf1, 0xec)
HQ_HZ, GUIDE_HZ = 440, 660
# Headquarters has the numbered sample in its middle, the guide in the middle of an upright picture.
# Where these are seen in each store: the number's box, and spots of the colour around it.
FIRST_HQ, FIRST_GUIDE = (0.2, 0.2, 0.6, 0.6), (0.80, 0.645, 0.17, 0.17)
FIRST_CORNER, FIRST_EDGE = (0.83, 0.53, 0.11, 0.07), (0.03, 0.3, 0.14, 0.4)
SECOND_HQ, SECOND_CARD = (0.35, 0.2, 0.6, 0.6), (0.04, 0.2, 0.22, 0.6)
HALF_HQ, HALF_GUIDE = (0.02, 0.05, 0.46, 0.1), (0.52, 0.03, 0.46, 0.1)


def host_file(path, size, place, colour, sound):
    """The numbered sample in the middle of a plain picture."""
    subprocess.run(
        ['ffmpeg', '-v', 'error', '-y', '-i', SAMPLE, '-f', 'lavfi', '-i',
         'color=0x%02x%02x%02x:s=%s:r=30' % (*colour, size), *sound, '-filter_complex',
         f'[0:v]scale={place}[n];[1:v][n]overlay=(W-w)/2:(H-h)/2:shortest=1,format=yuv420p[v]',
         '-map', '[v]', '-map', '2:a' if sound else '0:a', '-t', str(SAMPLE_SECONDS),
         '-c:v', 'libx264', '-preset', 'ultrafast', '-tune', 'zerolatency', '-g', '30',
         '-c:a', 'aac', str(path)], check=True, timeout=60)
    return str(path)


def tones(server, channel):
    """How strong each host is heard, in the loudest tenth of a second without the beep."""
    watcher = Watcher(server.flv(channel), video=False)
    watcher.wait_sound(3)
    watcher.stop()
    samples = pcm(bytes(watcher.sound))[RATE // 2:]
    windows = [samples[i:i + RATE // 10] for i in range(0, len(samples) - RATE // 10, RATE // 10)]
    middle = len(windows) // 2
    return [sorted(power(w, hz) for w in windows)[middle] for hz in (HQ_HZ, GUIDE_HZ)]


def numbers_go_on(player, box):
    """That the newest pictures have different numbers in this box."""
    def seen():
        numbers = [row[1][box] for row in player.rows[-60:]]
        return None not in numbers[-5:] and len(set(numbers)) > 10
    until(seen, 15, lambda: f'numbers in box {box}: {player.rows[-20:]}')


def check_sound(server):
    """The guide is heard in its own store alone, and headquarters goes down for it."""
    hq, guide = tones(server, 'store/0572')
    assert hq > 0.03 and guide < hq / 10, (hq, guide)
    ducked, guide = tones(server, 'store/0571')
    assert guide > 0.03 and hq / 16 < ducked < hq / 2, (hq, ducked, guide)


def check_card(server, first, second):
    """The card of headquarters' cue is in the second store, as long as the cue runs."""
    second.wait(lambda n, c: is_near(c[0], GROUND, 20), 10, 'no card yet')
    cue = cues.post(server, kind='product', data={'sku': 'A1', 'title': '龙井茶 250 g',
                                                  'price': '98', 'old_price': '128'})
    second.wait(lambda n, c: not is_near(c[0], GROUND, 6) and n[0] is not None, 15, 'the card')
    first.wait(lambda n, c: None not in n and is_near(c[1], TEAL), 10, 'the first store as it was')
    cues.end(server, cue['id'])
    second.wait(lambda n, c: is_near(c[0], GROUND, 6), 15, 'that the card goes')


def take(server, first):
    """The other layout is prepared and taken, as the last step has it."""
    code, _ = put(server, 'store/0571', {'preset': 'side-by-side',
                                         'inputs': ['live/hq', 'store/0571-guide']}, '/preview')
    assert code == 200
    assert put(server, 'store/0571', {'effect': 'fade', 'ms': 500}, '/take', 'POST')[0] == 200
    first.wait(lambda n, c: is_near(c[2], TEAL) and is_near(c[3], MAGENTA), 15, 'both halves')


@pytest.mark.limit(90)
def test_worked_example(make_server, tmp_path):
    hq = host_file(tmp_path / 'hq.flv', '640x360', '384:216', TEAL, ())
    guide = host_file(tmp_path / 'guide.flv', '360x640', '360:202', MAGENTA,
                      ('-f', 'lavfi', '-i', f'sine={GUIDE_HZ}:r=48000,volume=2'))
    server = make_server({'access.publish': 'key'},
                         config=os.path.join(TOP, 'conf', 'composite.yaml'))
    ffmpeg(server.rtmp('live/hq', '?key=change-me-hq'), hq)
    for channel in ('store/0571', 'store/0572'):
        assert server.json(f'/api/v1/channels/{channel}/scene')['origin'] == 'configuration'
        server.wait_live(channel)
        wait_on_air(server, channel)
    first = Regions(server.flv('store/0571'), [FIRST_HQ, FIRST_GUIDE],
                    [FIRST_CORNER, FIRST_EDGE, HALF_HQ, HALF_GUIDE])
    second = Regions(server.flv('store/0572'), [SECOND_HQ], [SECOND_CARD])
    ffmpeg(server.rtmp('store/0571-guide', '?key=change-me-guide'), guide)
    first.wait(lambda n, c: is_near(c[0], MAGENTA) and is_near(c[1], TEAL), 20, 'the guide')
    for player, box in ((first, 0), (first, 1), (second, 0)):
        numbers_go_on(player, box)
    check_sound(server)
    check_card(server, first, second)
    take(server, first)
    first.stop()
    second.stop()
