# SPDX-License-Identifier: Apache-2.0
"""What a phone's camera reads."""
import subprocess

import zbar


def read_codes(source, filters='null'):
    """The texts of the QR codes in the first picture of a file or URL. Pictures with
    transparent parts are laid on white by `filters`."""
    done = subprocess.run(
        ['ffmpeg', '-v', 'error', '-nostdin', '-i', str(source), '-an', '-frames:v', '1', '-vf',
         f'{filters},format=gray', '-f', 'image2pipe', '-c:v', 'pgm', '-'],
        capture_output=True, check=True, timeout=30).stdout
    _, size, _, pixels = done.split(b'\n', 3)
    width, height = map(int, size.split())
    image = zbar.Image(width, height, 'Y800', pixels)
    zbar.ImageScanner().scan(image)
    return sorted(symbol.data for symbol in image)
