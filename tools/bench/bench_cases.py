# SPDX-License-Identifier: Apache-2.0
"""What is measured, and how one measurement runs."""
import dataclasses
import json
import os
import subprocess
import sys
import time

import bench_janus
import bench_servers
import bench_source

QUICK_VIEWERS = 5
SETTLE_TIMEOUT_S = 90
SETTLE_STEP_S = 4
SETTLE_GROWTH_KB = 64


@dataclasses.dataclass(frozen=True)
class Case:
    name: str
    title: str
    server: str
    kind: str
    viewers: int
    settle: bool = False  # wait until the idle server's memory stands still

    @property
    def webrtc(self):
        return self.kind in ("whep", "janus")


CASES = [
    Case("nginx-rtmp", "nginx-rtmp RTMP", "nginx", "rtmp", 300),
    Case("rtmp", "branchcast RTMP", "branchcast", "rtmp", 300),
    Case("flv", "branchcast FLV", "branchcast", "flv", 300),
    Case("ws-flv", "branchcast WS-FLV", "branchcast", "ws-flv", 300),
    Case("llhls", "branchcast LL-HLS, 200 ms parts", "branchcast", "llhls", 300),
    Case("rtmp-1000", "branchcast RTMP", "branchcast", "rtmp", 1000),
    Case("flv-1000", "branchcast FLV, fresh server", "branchcast", "flv", 1000,
         settle=True),
    Case("janus", "Janus", "janus", "janus", 50),
    Case("whep", "branchcast WHEP", "branchcast", "whep", 50),
    Case("whep-300", "branchcast WHEP", "branchcast", "whep", 300),
    Case("whep-500", "branchcast WHEP, fresh server", "branchcast", "whep", 500,
         settle=True),
]


def names():
    return [c.name for c in CASES]


def by_name(name):
    return next(c for c in CASES if c.name == name)


def chosen(args):
    wanted = [n for n in args.only.split(",") if n]
    unknown = set(wanted) - set(names())
    if unknown:
        sys.exit("no such case: " + " ".join(sorted(unknown)))
    cases = [c for c in CASES if not wanted or c.name in wanted]
    if args.server:
        cases = [c for c in cases if c.server == args.server]
    if args.quick:
        first = {}
        for case in cases:
            first.setdefault((case.server, case.kind), case)
        cases = list(first.values())
        for peer, present in (("nginx", bench_servers.have_nginx()),
                              ("janus", bench_janus.installed())):
            if not present and any(c.server == peer for c in cases):
                print(f"{peer} is absent: left out", file=sys.stderr)
                cases = [c for c in cases if c.server != peer]
    return cases


def rss_kb(pid):
    with open(f"/proc/{pid}/statm") as f:
        return int(f.read().split()[1]) * os.sysconf("SC_PAGESIZE") // 1024


def wait_until_settled(pid):
    """GOP cache and HLS window fill first: what they hold is shared, not a viewer's."""
    deadline = time.monotonic() + SETTLE_TIMEOUT_S
    before = rss_kb(pid)
    while time.monotonic() < deadline:
        time.sleep(SETTLE_STEP_S)
        now = rss_kb(pid)
        if now - before <= SETTLE_GROWTH_KB:
            return
        before = now


def play_command(case, args, pid):
    viewers = QUICK_VIEWERS if args.quick else case.viewers
    secs = args.secs or (3 if args.quick else 20)
    return [
        str(args.bcbench), "play", bench_servers.url_of(case.kind, args.port_base),
        "--kind", case.kind, "--count", str(viewers), "--probes", "5",
        "--server-pid", str(pid), "--secs", str(secs), "--fps", str(bench_source.FPS),
        "--baseline", "1" if args.quick else "6", "--warmup", "1" if args.quick else "5",
        "--ramp", str(max(50, viewers / 10)),
    ] + ([] if args.verbose else ["--quiet"])


def measure_floor(case, args):
    """What the same viewers cost without a server, on its CPU: their packets, with as many
    keys, and what libraries keep for each."""
    count = QUICK_VIEWERS if args.quick else case.viewers
    floor = {}
    for command, secs in ("srtp-floor", "0.2" if args.quick else "3"), ("memory-floor", "1"):
        words = [str(args.bcbench), command, "--count", str(count), "--secs", secs]
        done = subprocess.run(bench_servers.pinned(bench_servers.SERVER_CPU, words),
                              stdout=subprocess.PIPE, text=True, check=True)
        floor.update(json.loads(done.stdout))
    return floor


def measure(case, args, source, scratch):
    """One JSON line of bcbench, from a fresh server."""
    with bench_servers.server(case.server, args, scratch) as server:
        with bench_servers.publisher(case.server, args, source, scratch) as publisher:
            if not args.quick:
                time.sleep(2 * bench_source.GOP_FRAMES / bench_source.FPS)
                if case.settle:
                    wait_until_settled(server.pid)
            command = bench_servers.pinned(bench_servers.LOADER_CPU,
                                           play_command(case, args, server.pid))
            done = subprocess.run(command, stdout=subprocess.PIPE, text=True,
                                  stdin=subprocess.DEVNULL,
                                  preexec_fn=bench_servers.raise_file_limit)
            alive = server.poll() is None and publisher.poll() is None
    if done.returncode not in (0, 1) or not done.stdout:
        raise bench_servers.Failed(f"{case.title}: bcbench ended with {done.returncode}")
    line = json.loads(done.stdout)
    if not alive:
        line["errors"]["server_or_publisher_ended"] = 1
    if case.webrtc:
        line["floor"] = measure_floor(case, args)
    return line


def is_clean(line):
    """Nobody failed, nobody was dropped, nothing was left out."""
    return not (line["failed"] or line["dropped"] or line["lost"] or line["errors"] or
                line.get("rtp", {}).get("lost"))


def all_clean(results):
    """The peer's troubles are its own."""
    return all(is_clean(line) for line in results
               if by_name(line["case"]).server == "branchcast")
