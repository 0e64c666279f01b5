# SPDX-License-Identifier: Apache-2.0
"""The file that is published: made once, kept in the build directory."""
import os
import subprocess

FPS = 30
GOP_FRAMES = 60
# 24 s: 720 frames of 1/30 s and 1125 frames of 1024/48000 s end together, so that the loop
# has no seam in either track.
VIDEO_FRAMES = 720
AUDIO_FRAMES = 1125
VIDEO_KBIT = 2500


def command(path):
    """Noise keeps the encoder at its bitrate: a plain test picture would need a tenth."""
    return [
        "ffmpeg", "-v", "error", "-y",
        "-f", "lavfi", "-i", f"testsrc2=size=1280x720:rate={FPS}",
        "-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000",
        "-vf", "noise=alls=12:allf=t:all_seed=1,format=yuv420p",
        "-c:v", "libx264", "-preset", "veryfast", "-profile:v", "main",
        "-g", str(GOP_FRAMES), "-keyint_min", str(GOP_FRAMES), "-sc_threshold", "0",
        "-bf", "0", "-b:v", f"{VIDEO_KBIT}k", "-minrate", f"{VIDEO_KBIT}k",
        "-maxrate", f"{VIDEO_KBIT}k", "-bufsize", f"{VIDEO_KBIT // 2}k",
        "-x264-params", "nal-hrd=cbr",
        "-c:a", "aac", "-b:a", "96k", "-ac", "2",
        "-frames:v", str(VIDEO_FRAMES), "-frames:a", str(AUDIO_FRAMES),
        "-f", "flv", str(path),
    ]


def make(cache):
    cache.mkdir(parents=True, exist_ok=True)
    path = cache / "720p30-2500k.flv"
    if not path.is_file():
        part = path.with_suffix(f".{os.getpid()}.part")
        subprocess.run(command(part), check=True, stdin=subprocess.DEVNULL)
        part.rename(path)
    return path
