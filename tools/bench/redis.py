"""The same in Redis: one sorted set, over a Unix socket, without any store behind it."""

import shutil
import socket
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tools.bench import heap, site

PIPELINE, READS, PATIENCE_S = heap.COMMIT, 5000, 10.0
KEY = "orders"


class Redis:
    """A server with one member per key; made by `redis`. Requests are encoded before the clock starts."""

    def __init__(self, connection: socket.socket, keys: int) -> None:
        self._connection = connection
        self._keys = keys
        self._names = heap.names(keys)
        self._pipe([_command("ZADD", KEY, "1", name) for name in self._names[1:]], 1)

    def increments(self, draw: heap.Draw) -> float:
        """ZINCRBY per second, pipelined by 500."""
        commands = [_command("ZINCRBY", KEY, "1", self._names[key]) for key in draw(self._keys)]
        return len(commands) / self._pipe(commands, 2)

    def top(self) -> float:
        """ZREVRANGE 0 9 WITHSCORES per second, one after another."""
        command = _command("ZREVRANGE", KEY, "0", "9", "WITHSCORES")
        began = time.perf_counter()
        for _ in range(READS):
            self._call(command, 1 + 2 * 10 * 2)
        return READS / (time.perf_counter() - began)

    def bytes_a_key(self) -> float:
        """Bytes of memory per key, with its name."""
        self._connection.sendall(_command("MEMORY", "USAGE", KEY, "SAMPLES", "0"))
        return int(self._connection.recv(100)[1:]) / self._keys

    def _pipe(self, commands: Sequence[bytes], lines: int) -> float:
        pipes = [b"".join(commands[first : first + PIPELINE]) for first in range(0, len(commands), PIPELINE)]
        began = time.perf_counter()
        for pipe in pipes:
            self._call(pipe, lines * PIPELINE)
        return time.perf_counter() - began

    def _call(self, request: bytes, lines: int) -> None:
        """Send a request, and wait for `lines` lines of answers."""
        self._connection.sendall(request)
        while lines > 0:
            answer = self._connection.recv(1 << 16)
            if answer[:1] in (b"-", b""):
                raise ConnectionError(f"Redis says {answer[:200]!r}")
            lines -= answer.count(b"\n")


@contextmanager
def redis(keys: int) -> Iterator[Redis]:
    """Redis with that many keys. Raises FileNotFoundError when this machine has none."""
    server = shutil.which("redis-server")
    if server is None:
        raise FileNotFoundError("redis-server is not here; apt-get install redis-server")
    with tempfile.TemporaryDirectory() as name, socket.socket(socket.AF_UNIX) as connection:
        path = f"{name}/socket"
        argv = [
            server,
            "--port",
            "0",
            "--unixsocket",
            path,
            "--save",
            "",
            "--appendonly",
            "no",
            "--dir",
            name,
        ]
        with site.child([*argv, "--logfile", f"{name}/redis.log"], Path(name)):
            _connect(connection, path)
            yield Redis(connection, keys)


def _connect(connection: socket.socket, path: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while connection.connect_ex(path) != 0:
        if time.monotonic() > deadline:
            raise TimeoutError("redis-server did not start")
        time.sleep(0.02)


def _command(*words: str) -> bytes:
    parts = [word.encode() for word in words]
    return b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts)
