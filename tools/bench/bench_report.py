# SPDX-License-Identifier: Apache-2.0
"""The Markdown table of a run."""
import os
import platform
import statistics

import bench_cases

PEER = "nginx-rtmp"


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
        f"{total(lines, 'failed') + total(lines, 'dropped')} / {total(lines, 'lost')}"
        f" / {total(lines, 'gaps')}",
        text(median(lines, "rss_kb_per_viewer")),
    ]


HEADER = [
    "what", "viewers", "CPU ms per viewer-second", "ratio", "server CPU %",
    "delay ms p50 / p99", "first keyframe ms p50 / p99", "Mbit/s each",
    "drops / lost / gaps", "KiB per viewer",
]


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
    peer_cost = median(groups.get(PEER, []), "cpu_ms_per_viewer_s_net")
    out = []
    if quick:
        out += ["**A smoke run: these are no figures.**", ""]
    out += [f"Made by `{command}` on {os.cpu_count()} × {cpu_model()}, "
            f"Linux {platform.release()}.", ""]
    out += ["| " + " | ".join(HEADER) + " |", "|---" * len(HEADER) + "|"]
    for name, lines in groups.items():
        out.append("| " + " | ".join(row(bench_cases.by_name(name), lines, peer_cost)) + " |")
    out += ["", *EXPLANATION]
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
