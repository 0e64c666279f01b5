# SPDX-License-Identifier: Apache-2.0
"""The Markdown table of a run."""
import os
import platform
import statistics

import bench_cases

PEER = "nginx-rtmp"
WEBRTC_PEER = "janus"


def cpu_model():
    try:
        with open("/proc/cpuinfo") as f:
            for line in f:
                if line.startswith("model name"):
                    return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.machine()


def value(line, *path):
    for key in path:
        line = line.get(key) if isinstance(line, dict) else None
    return line


def median(lines, *path):
    found = [v for v in (value(line, *path) for line in lines) if v is not None]
    return statistics.median(found) if found else None


def text(number, form="{:.1f}"):
    return "–" if number is None else form.format(number)


def total(lines, key):
    return sum(line[key] for line in lines)


def pair(lines, *path):
    return text(median(lines, *path, "p50")) + " / " + text(median(lines, *path, "p99"))


def losses(lines):
    lost = total(lines, "lost") + sum(value(line, "rtp", "lost") or 0 for line in lines)
    return (f"{total(lines, 'failed') + total(lines, 'dropped')} / {lost}"
            f" / {total(lines, 'gaps')}")


def row(case, lines, peer_cost):
    cost = median(lines, "cpu_ms_per_viewer_s_net")
    ratio = cost / peer_cost if cost is not None and peer_cost else None
    delay = pair(lines, "delay_ms")
    if median(lines, "delay_oldest_ms", "p50") is not None:
        delay += " (oldest frame " + pair(lines, "delay_oldest_ms") + ")"
    return [
        case.title,
        str(lines[0]["count"]),
        text(cost, "{:.3f}"),
        text(ratio, "{:.2f}"),
        text(median(lines, "server_cpu_percent")),
        delay,
        pair(lines, "join_key_ms"),
        text(median(lines, "viewer_mbit", "p50"), "{:.2f}"),
        losses(lines),
        text(median(lines, "rss_kb_per_viewer")),
    ]


def libraries_kb(lines):
    dtls = median(lines, "floor", "dtls_kb")
    srtp = median(lines, "floor", "srtp_kb")
    return dtls + srtp if dtls is not None and srtp is not None else None


def webrtc_row(case, lines, peer_cost):
    cost = median(lines, "cpu_ms_per_viewer_s_net")
    packets = median(lines, "rtp", "packets_per_viewer_s")
    floor = median(lines, "floor", "both_us", "p50")
    each_us = cost * 1000 / packets if cost is not None and packets else None
    return [
        case.title,
        str(lines[0]["count"]),
        text(cost, "{:.3f}"),
        text(cost / peer_cost if cost is not None and peer_cost else None, "{:.2f}"),
        text(median(lines, "server_cpu_percent")),
        text(packets, "{:.0f}"),
        text(each_us, "{:.2f}"),
        text(floor, "{:.2f}"),
        text(each_us / floor if each_us is not None and floor else None, "{:.2f}"),
        pair(lines, "delay_ms"),
        pair(lines, "join_connected_ms"),
        pair(lines, "join_ms"),
        pair(lines, "join_key_ms"),
        losses(lines),
        text(median(lines, "rss_kb_per_viewer")) + " / " + text(libraries_kb(lines)),
    ]


HEADER = [
    "what", "viewers", "CPU ms per viewer-second", "ratio", "server CPU %",
    "delay ms p50 / p99", "first keyframe ms p50 / p99", "Mbit/s each",
    "drops / lost / gaps", "KiB per viewer",
]


WEBRTC_HEADER = [
    "what", "viewers", "CPU ms per viewer-second", "ratio", "server CPU %",
    "packets/s each", "µs per packet", "floor µs", "× floor", "delay ms p50 / p99",
    "connected ms p50 / p99", "first packet ms p50 / p99", "first keyframe ms p50 / p99",
    "drops / lost / gaps", "KiB per viewer / libraries' part",
]


def table(header, make_row, groups, peer):
    """Nothing when no case is of this kind."""
    peer_cost = median(groups.get(peer, []), "cpu_ms_per_viewer_s_net")
    rows = [make_row(bench_cases.by_name(name), lines, peer_cost)
            for name, lines in groups.items()]
    lines = ["| " + " | ".join(cells) + " |" for cells in [header] + rows]
    return [lines[0], "|---" * len(header) + "|", *lines[1:], ""] if rows else []


def doubts(results):
    """Why figures may be wrong: what bcbench warned of, and what went wrong."""
    lines = []
    for line in results:
        names = line["warnings"] + [f"{k} ({n})" for k, n in line["errors"].items()]
        names += [f"{k} ({n})" for k, n in line["notes"].items()]
        if names:
            title = bench_cases.by_name(line["case"]).title
            lines.append(f"- {title}, {line['count']} viewers: " + ", ".join(names))
    return lines


def markdown(results, command, quick=False):
    groups = {}
    for line in results:
        groups.setdefault(line["case"], []).append(line)
    webrtc = {n: lines for n, lines in groups.items() if bench_cases.by_name(n).webrtc}
    others = {n: lines for n, lines in groups.items() if n not in webrtc}
    out = []
    if quick:
        out += ["**A smoke run: these are no figures.**", ""]
    out += [f"Made by `{command}` on {os.cpu_count()} × {cpu_model()}, "
            f"Linux {platform.release()}.", ""]
    out += table(HEADER, row, others, PEER)
    out += [*EXPLANATION, ""] if others else []
    out += table(WEBRTC_HEADER, webrtc_row, webrtc, WEBRTC_PEER)
    out += WEBRTC_EXPLANATION if webrtc else []
    found = doubts(results)
    if found:
        out += ["", "What to know about this run:", "", *found]
    return "\n".join(out) + "\n"


EXPLANATION = [
    "CPU is the server's, net of the idle stream's; ratio is to nginx-rtmp in the same run.",
    "Delay: from the publisher's send to the viewer's receipt of the whole frame, or of the",
    "whole part after its newest frame was sent. Drops: viewers that lost the stream; lost:",
    "frames or parts left out; gaps: over half a second without video. KiB per viewer are",
    "resident memory; read it from the line with a fresh server.",
]

WEBRTC_EXPLANATION = [
    "WebRTC: CPU as above; ratio is to Janus's streaming plugin, which is fed with the same",
    "pictures as RTP and the same sound as Opus. µs per packet: CPU by RTP packets, sound",
    "included; the floor is a bare loop on the same core that protects 1200 bytes by AES-GCM",
    "and sends twelve packets at once. Delay: until the packet with the marker was received.",
    "Connected: DTLS is through, counted, as the joins, from the viewer's TCP connect. Lost:",
    "RTP packets that the server left out. The libraries' part of a viewer's memory is what",
    "OpenSSL keeps for a DTLS connection and libsrtp for three sources, both as they come.",
]
