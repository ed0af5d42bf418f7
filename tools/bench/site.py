"""A broker and an edge as processes of their own, over a folder of one measurement."""

import os
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError

from server.child import dies_with
from server.mqtt.mosquitto import find
from tools.children import free_port

WAIT_S = 60.0
BROKER = """\
{user}allow_anonymous true
max_queued_messages 1000000
max_queued_bytes 0
max_inflight_messages 0
set_tcp_nodelay true
listener {port} 127.0.0.1
"""


@contextmanager
def broker(folder: Path) -> Iterator[int]:
    """mosquitto without rights, but with the limits of ours; its port."""
    port, user = free_port(), "user root\n" if os.geteuid() == 0 else ""
    config = folder / "mosquitto.conf"
    config.write_text(BROKER.format(port=port, user=user), encoding="utf-8")
    with child([find() or "mosquitto", "-c", str(config)], folder):
        listening(port)
        yield port


def listening(port: int) -> None:
    """Wait until a program listens on a port of loopback. Raises TimeoutError."""
    began = time.monotonic()
    while True:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        _patience(began, "the broker")


@dataclass(frozen=True)
class Running:
    """A running edge. pid: of its process. port: of HTTP. took_s: seconds until it answered."""

    pid: int
    port: int
    took_s: float


def on(port: int) -> dict[str, str]:
    """The settings of an edge that uses the broker on a port of loopback."""
    return {"BOARDWALK_MQTT_URL": f"mqtt://edge:none@127.0.0.1:{port}"}


@contextmanager
def edge(folder: Path, settings: Mapping[str, str]) -> Iterator[Running]:
    """An edge over `folder`/data. settings: by names of the environment."""
    port = free_port()
    environ = {
        "BOARDWALK_EDGE_DATA": str(folder / "data"),
        "BOARDWALK_EDGE_SITE": "shop",
        "BOARDWALK_HTTP_LISTEN": f"127.0.0.1:{port}",
        "BOARDWALK_CLOUD_MODE": "off",
        **settings,
    }
    (folder / "edge.toml").touch()
    began = time.monotonic()
    with child(
        [sys.executable, "-m", "server", "--config", str(folder / "edge.toml")], folder, environ
    ) as process:
        while not _answers(f"http://127.0.0.1:{port}/healthz"):
            if process.poll() is not None:
                raise RuntimeError((folder / "log").read_text(errors="replace"))
            _patience(began, "the edge")
        yield Running(process.pid, port, time.monotonic() - began)


@contextmanager
def child(
    argv: list[str], folder: Path, environ: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[str]]:
    """A process that ends with the block; its stderr goes to `folder`/log."""
    with (folder / "log").open("a") as log:
        process = subprocess.Popen(
            argv, env={**os.environ, **(environ or {})}, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=log, text=True, preexec_fn=dies_with(os.getpid()),
        )  # fmt: skip
    with process:
        try:
            yield process
        finally:
            process.terminate()


def committed(folder: Path) -> int:
    """How many events the store of an edge holds."""
    return _number(folder, "SELECT coalesce(max(id), 0) FROM event")


def indexed(folder: Path) -> int:
    """How many of them are in the indexes for reading."""
    return _number(folder, "SELECT through FROM indexed")


def _number(folder: Path, query: str) -> int:
    with sqlite3.connect(f"file:{folder / 'data' / 'boardwalk.db'}?mode=ro", uri=True) as connection:
        found: int = connection.execute(query).fetchone()[0]
    connection.close()
    return found


def cpu_s(pid: int) -> float:
    """Seconds of processor that a process has used, with its threads."""
    told = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(told[11]) + int(told[12])) / os.sysconf("SC_CLK_TCK")


def memory(pid: int, which: str = "VmRSS") -> float:
    """MB that a process holds; VmHWM: its peak."""
    return resident(Path(f"/proc/{pid}/status").read_text(), which)


def resident(status: str, which: str = "VmRSS") -> float:
    """MB, from the text of a process's status."""
    kilobytes = next(line for line in status.splitlines() if line.startswith(which)).split()[1]
    return int(kilobytes) / 1024


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as told:
            return bool(told.status == 200)
    except (URLError, OSError):
        time.sleep(0.01)
        return False


def _patience(began: float, who: str) -> None:
    if time.monotonic() - began > WAIT_S:
        raise TimeoutError(f"{who} did not start within {WAIT_S:.0f} s")
    time.sleep(0.01)
