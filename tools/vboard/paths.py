"""Addresses of Unix sockets in folders of any depth; the kernel takes at most 107 bytes."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MOST = 100


@contextmanager
def socket_address(path: Path) -> Iterator[str]:
    """An address for `path` that is short enough, valid inside the block (bind and connect)."""
    if len(os.fsencode(path)) <= MOST:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)
