"""The socket in the data folder: every program that may open it is an administrator."""

import asyncio
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SOCKET = "boardwalk.sock"
MOST = 100  # bytes of an address; the kernel takes at most 107


@contextmanager
def socket_address(folder: Path) -> Iterator[str]:
    """The address of the socket in a data folder of any depth; valid inside the block."""
    path = str(folder / SOCKET)
    if len(os.fsencode(path)) <= MOST:
        yield path
        return
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{opened}/{SOCKET}"
    finally:
        os.close(opened)


async def open_socket(folder: Path) -> socket.socket:
    """The socket, bound anew, for its owner only."""
    await asyncio.to_thread((folder / SOCKET).unlink, missing_ok=True)  # what a kill -9 left
    listener = socket.socket(socket.AF_UNIX)
    before = os.umask(0o177)
    try:
        with socket_address(folder) as address:
            listener.bind(address)
    finally:
        os.umask(before)
    return listener
