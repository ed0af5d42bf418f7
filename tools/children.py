"""Child processes that cannot outlive their parent."""

import asyncio
import os
import random
import socket
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from server.child import dies_with

PORTS = range(15_000, 32_000)  # below those that the kernel gives to outgoing connections
_given: set[int] = set()


@asynccontextmanager
async def child(
    argv: Sequence[str], log: Path, environ: Mapping[str, str] | None = None
) -> AsyncIterator[asyncio.subprocess.Process]:
    """A process whose output goes to `log`; it is ended with the block, or with this process."""
    with log.open("ab") as output:
        process = await asyncio.create_subprocess_exec(
            *argv,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env={**os.environ, **(environ or {})},
            start_new_session=True,
            preexec_fn=dies_with(os.getpid()),
        )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
            try:
                await asyncio.wait_for(process.wait(), 10)
            except TimeoutError:
                process.kill()
                await process.wait()


def free_port(wanted: int = 0) -> int:
    """`wanted` if it is free on loopback, else a free port that was not given before."""
    for port in (wanted, *random.sample(PORTS, 1000)):
        if not port or port in _given:
            continue
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            _given.add(port)
            return port
    raise OSError("no free port on 127.0.0.1")


async def listens(port: int, timeout_s: float) -> None:
    """Wait until a program accepts connections on a loopback port. Raises TimeoutError."""
    async with asyncio.timeout(timeout_s):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.05)
                continue
            writer.close()
            return
