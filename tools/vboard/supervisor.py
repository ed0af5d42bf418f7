"""How the process that owns virtual boards is started, by programs, by tests and by a person."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
READY = b"ready\n"


class VboardError(RuntimeError):
    """The host refused an operation, or did not start; the text says why."""


def command(folder: Path, *more: str) -> list[str]:
    """Arguments of a host process for the boards of `folder`."""
    return [sys.executable, "-m", "tools.vboard.host", str(folder), *more]


@contextmanager
def hosted(folder: Path) -> Iterator[None]:
    """A host process that ends, with all boards, at the end of the block. Raises VboardError."""
    more = ("--parent", str(os.getpid()))
    process = subprocess.Popen(command(folder.resolve(), *more), stdout=subprocess.PIPE, cwd=ROOT)
    assert process.stdout
    try:
        if process.stdout.readline() != READY:
            raise VboardError("the host process did not start; its message is on stderr")
        yield
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()
