# SPDX-License-Identifier: Apache-2.0
"""The worked example of docs/compose.md, with its files as they stand: headquarters and two stores,
one with its guide in the corner, one with the product on offer."""
import os
import statistics
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
STORES = ('store/0571', 'store/0572')
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


def tones(watcher):
    """How strong each host is heard in the newest second: the middle one of its tenths, so that
    the sample's beep does not count."""
    end = len(watcher.sound) // 2 * 2
    samples = pcm(bytes(watcher.sound[end - 2 * RATE:end]))
    windows = [samples[i:i + RATE // 10] for i in range(0, len(samples), RATE // 10)]
    return [statistics.median(power(w, hz) for w in windows) for hz in (HQ_HZ, GUIDE_HZ)]


def numbers_go_on(player, box):
    """That the newest pictures have different numbers in this box."""
    def seen():
        numbers = [row[1][box] for row in player.rows[-60:]]
        return None not in numbers[-5:] and len(set(numbers)) > 10
    until(seen, 30, lambda: f'numbers in box {box}: {player.rows[-20:]}')


def check_sound(server):
    """The guide is heard in its own store alone, and headquarters goes down for it."""
    watchers = [Watcher(server.flv(channel), video=False) for channel in STORES]

    def is_right():
        (ducked, guide), (alone, silent) = map(tones, watchers)
        return guide > 0.03 and alone > 0.03 and silent < alone / 10 \
            and alone / 16 < ducked < alone / 2
    for watcher in watchers:
        watcher.wait_sound(1.5, 30)
    until(is_right, 30, lambda: f'the sound of both: {[*map(tones, watchers)]}')
    for watcher in watchers:
        watcher.stop()


def player_of(server, channel):
    """Few of them run at a time: this machine makes the pictures, too."""
    if channel == STORES[0]:
        return Regions(server.flv(channel), [FIRST_HQ, FIRST_GUIDE],
                       [FIRST_CORNER, FIRST_EDGE, HALF_HQ, HALF_GUIDE])
    return Regions(server.flv(channel), [SECOND_HQ], [SECOND_CARD])


def check_guide(server):
    first = player_of(server, STORES[0])
    first.wait(lambda n, c: is_near(c[0], MAGENTA) and is_near(c[1], TEAL), 30, 'the guide')
    for box in (0, 1):
        numbers_go_on(first, box)
    first.stop()


def check_card(server):
    """The card of headquarters' cue is in the second store, as long as the cue runs."""
    second = player_of(server, STORES[1])
    second.wait(lambda n, c: is_near(c[0], GROUND, 20), 20, 'no card yet')
    numbers_go_on(second, 0)
    cue = cues.post(server, kind='product', data={'sku': 'A1', 'title': '龙井茶 250 g',
                                                  'price': '98', 'old_price': '128'})
    second.wait(lambda n, c: not is_near(c[0], GROUND, 6) and n[0] is not None, 20, 'the card')
    first = player_of(server, STORES[0])
    first.wait(lambda n, c: None not in n and is_near(c[1], TEAL), 20, 'no card in the first store')
    cues.end(server, cue['id'])
    second.wait(lambda n, c: is_near(c[0], GROUND, 6), 30, 'that the card goes')
    second.stop()
    return first


def take(server, first):
    """The other layout is prepared and taken, as the last step has it."""
    code, _ = put(server, STORES[0], {'preset': 'side-by-side',
                                      'inputs': ['live/hq', 'store/0571-guide']}, '/preview')
    assert code == 200
    assert put(server, STORES[0], {'effect': 'fade', 'ms': 500}, '/take', 'POST')[0] == 200
    first.wait(lambda n, c: is_near(c[2], TEAL) and is_near(c[3], MAGENTA), 30, 'both halves')
    first.stop()


@pytest.mark.limit(150)
def test_worked_example(make_server, tmp_path):
    hq = host_file(tmp_path / 'hq.flv', '640x360', '384:216', TEAL, ())
    guide = host_file(tmp_path / 'guide.flv', '360x640', '360:202', MAGENTA,
                      ('-f', 'lavfi', '-i', f'sine={GUIDE_HZ}:r=48000,volume=2'))
    server = make_server({'access.publish': 'key'},
                         config=os.path.join(TOP, 'conf', 'composite.yaml'))
    ffmpeg(server.rtmp('live/hq', '?key=change-me-hq'), hq)
    for channel in STORES:
        assert server.json(f'/api/v1/channels/{channel}/scene')['origin'] == 'configuration'
        server.wait_live(channel)
        wait_on_air(server, channel, 30)
    ffmpeg(server.rtmp('store/0571-guide', '?key=change-me-guide'), guide)
    check_guide(server)
    check_sound(server)
    take(server, check_card(server))
