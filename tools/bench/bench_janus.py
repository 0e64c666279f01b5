# SPDX-License-Identifier: Apache-2.0
"""Janus with its streaming plugin: its configuration, and what feeds it."""
import glob
import shutil
import socket

PLUGINS = "/usr/lib/*/janus/plugins/libjanus_streaming.so*"
TRANSPORTS = "/usr/lib/*/janus/transports/libjanus_http.so*"
MOUNTPOINT = 1
MEDIA_PORTS = 400  # a range for viewers; each takes one

GENERAL = """\
general: {{
    configs_folder = "{directory}"
    plugins_folder = "{directory}/plugins"
    transports_folder = "{directory}/transports"
    events_folder = "{directory}/none"
    loggers_folder = "{directory}/none"
    debug_level = 2
    session_timeout = 0
}}
media: {{ rtp_port_range = "{media_first}-{media_last}" }}
nat: {{ ice_enforce_list = "{address}" }}
"""

HTTP = """\
general: {{
    base_path = "/janus"
    http = true
    port = {http}
    ip = "{address}"
}}
"""

STREAMING = """\
bench: {{
    type = "rtp"
    id = {mountpoint}
    audio = true
    audioport = {audio}
    audiopt = 111
    audiocodec = "opus"
    video = true
    videoport = {video}
    videopt = 96
    videocodec = "h264"
    videofmtp = "profile-level-id=4d001f;packetization-mode=1"
}}
"""


def installed():
    return bool(shutil.which("janus") and glob.glob(PLUGINS) and glob.glob(TRANSPORTS) and
                address())


def address():
    """Janus has no candidates on 127.0.0.1; packets to the machine's own address stay on the
    loopback interface all the same. None: there is no such address."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        try:
            s.connect(("192.0.2.1", 9))  # nothing is sent
            return s.getsockname()[0]
        except OSError:
            return None


def ports(port_base):
    """Signalling first; video and audio come in by RTP, with RTCP beside each."""
    return {"http": port_base, "video": port_base + 4, "audio": port_base + 6}


def command(args, scratch):
    """One plugin and one transport alone: the others would only use memory."""
    directory = scratch / "janus"
    shutil.rmtree(directory, ignore_errors=True)
    for folder, pattern in ("plugins", PLUGINS), ("transports", TRANSPORTS):
        (directory / folder).mkdir(parents=True)
        for library in glob.glob(pattern):
            (directory / folder / library.rsplit("/", 1)[1]).symlink_to(library)
    values = {"directory": directory, "address": address(), "mountpoint": MOUNTPOINT,
              **ports(args.port_base),
              "media_first": args.port_base + 10,
              "media_last": args.port_base + 10 + MEDIA_PORTS}
    for name, text in (("janus", GENERAL), ("janus.transport.http", HTTP),
                       ("janus.plugin.streaming", STREAMING)):
        (directory / f"{name}.jcfg").write_text(text.format(**values))
    return ["janus", "--configs-folder", str(directory), "--disable-colors"]


def sound_command(args, source):
    """The stream's sound as Opus: Janus does not transcode."""
    port = ports(args.port_base)["audio"]
    return ["ffmpeg", "-v", "error", "-nostdin", "-re", "-stream_loop", "-1", "-i",
            str(source), "-vn", "-c:a", "libopus", "-b:a", "96k", "-payload_type", "111",
            "-f", "rtp", f"rtp://127.0.0.1:{port}?pkt_size=1200"]


def url(port_base):
    return f"http://{address()}:{ports(port_base)['http']}/janus?id={MOUNTPOINT}"
