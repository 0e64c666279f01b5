# SPDX-License-Identifier: Apache-2.0
"""Starts and ends the servers and the publisher: each child by its own process id."""
import contextlib
import os
import resource
import shutil
import signal
import socket
import subprocess
import time

import bench_janus

SERVER_CPU = "0"
LOADER_CPU = "1"
START_TIMEOUT_S = 10
STOP_TIMEOUT_S = 10
STREAM = "live/bench"
NGINX_MODULES = ["/usr/lib/nginx/modules/ngx_rtmp_module.so",
                 "/usr/lib64/nginx/modules/ngx_rtmp_module.so"]

NGINX_CONFIG = """\
load_module {module};
daemon off;
{user}worker_processes 1;
worker_rlimit_nofile 16384;
pid {directory}/nginx.pid;
error_log stderr warn;
events {{ worker_connections 8192; }}
rtmp {{
    server {{
        listen 127.0.0.1:{port};
        chunk_size 4096;
        application live {{
            live on;
            record off;
        }}
    }}
}}
"""


class Failed(Exception):
    pass


def pinned(cpu, command):
    """On a machine with one core everything runs where it can."""
    if int(cpu) >= (os.cpu_count() or 1) or not shutil.which("taskset"):
        return command
    return ["taskset", "-c", cpu] + command


def raise_file_limit():
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


@contextlib.contextmanager
def child(command, log):
    """Runs the command while the block lasts; then ends it, by signal and by force."""
    with open(log, "wb") as out:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out,
                                   stderr=subprocess.STDOUT, preexec_fn=raise_file_limit)
        try:
            yield process
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                try:
                    process.wait(STOP_TIMEOUT_S)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()


def tail(log):
    return log.read_text(errors="replace")[-800:].strip()


def wait_for_port(host, port, process, log):
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise Failed(f"{process.args[-1]} ended: {tail(log)}")
        with contextlib.suppress(OSError):
            socket.create_connection((host, port), 1).close()
            return
        time.sleep(0.05)
    raise Failed(f"nothing listens on port {port}: {tail(log)}")


def check_free(port):
    with socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            s.bind(("127.0.0.1", port))
        except OSError as e:
            raise Failed(f"port {port}: {e}") from e


def find_nginx():
    program = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin")
    module = next((m for m in NGINX_MODULES if os.path.exists(m)), None)
    return program and module and (program, module)


def have_nginx():
    return bool(find_nginx())


def nginx_command(args, scratch):
    if not have_nginx():
        raise Failed("nginx with libnginx-mod-rtmp is not installed")
    program, module = find_nginx()
    config = scratch / "nginx.conf"
    config.write_text(NGINX_CONFIG.format(
        module=module, directory=scratch, port=args.port_base,
        user="user root;\n" if os.geteuid() == 0 else ""))
    return [program, "-p", str(scratch), "-e", "stderr", "-c", str(config)]


def janus_command(args, scratch):
    if not bench_janus.installed():
        raise Failed("janus with its streaming plugin is not installed")
    return bench_janus.command(args, scratch)


def branchcast_command(args, scratch):
    if not args.branchcast.is_file():
        raise Failed(f"no {args.branchcast}: build it first")
    settings = {
        "workers": 1,
        "access.publish": "open",
        "access.api": "open",
        "data.dir": scratch / "data",
        "rtmp.listen": f"127.0.0.1:{args.port_base}",
        "http.listen": f"127.0.0.1:{args.port_base + 1}",
        "webrtc.listen": f"127.0.0.1:{args.port_base + 2}",
        "srt.listen": "",
    }
    command = [str(args.branchcast), "serve"]
    for key, value in settings.items():
        command += ["--set", f"{key}={value}"]
    return command


@contextlib.contextmanager
def server(name, args, scratch):
    """A fresh server on CPU 0."""
    ports = [args.port_base] + ([args.port_base + 1] if name == "branchcast" else [])
    host = bench_janus.address() if name == "janus" else "127.0.0.1"
    for port in ports:
        check_free(port)
    commands = {"nginx": nginx_command, "branchcast": branchcast_command,
                "janus": janus_command}
    log = scratch / f"{name}.log"
    command = pinned(SERVER_CPU, commands[name](args, scratch))
    with child(command, log) as process:
        for port in ports:
            wait_for_port(host, port, process, log)
        yield process


@contextlib.contextmanager
def sound(server_name, args, source, scratch):
    """What the publisher does not send to Janus."""
    if server_name != "janus":
        yield
        return
    command = pinned(LOADER_CPU, bench_janus.sound_command(args, source))
    with child(command, scratch / "sound.log"):
        yield


@contextlib.contextmanager
def publisher(server_name, args, source, scratch):
    """The stream, on CPU 1."""
    log = scratch / "publisher.log"
    url = f"rtmp://127.0.0.1:{args.port_base}/{STREAM}"
    if server_name == "janus":
        url = f"rtp://127.0.0.1:{bench_janus.ports(args.port_base)['video']}"
    command = [str(args.bcbench), "publish", url, "--file", str(source)]
    with sound(server_name, args, source, scratch), \
            child(pinned(LOADER_CPU, command), log) as process:
        deadline = time.monotonic() + START_TIMEOUT_S
        while "publishing" not in log.read_text(errors="replace"):
            if process.poll() is not None or time.monotonic() > deadline:
                raise Failed(f"cannot publish to {url}: {tail(log)}")
            time.sleep(0.05)
        yield process


def url_of(kind, port_base):
    http = f"127.0.0.1:{port_base + 1}/{STREAM}"
    return {
        "rtmp": f"rtmp://127.0.0.1:{port_base}/{STREAM}",
        "flv": f"http://{http}.flv",
        "ws-flv": f"ws://{http}.flv",
        "llhls": f"http://{http}/index.m3u8",
        "whep": f"http://{http}/whep",
        "janus": bench_janus.url(port_base),
    }[kind]
