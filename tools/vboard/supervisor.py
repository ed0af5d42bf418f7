"""Starts the process that owns virtual boards, for programs, for tests and for a person."""

import fcntl
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tools.vboard.paths import socket_address

SOCKET = "control.sock"
ROOT = Path(__file__).parents[2]
READY = b"ready\n"


class VboardError(RuntimeError):
    """The host refused an operation, or did not start; the text says why."""


def command(folder: Path, *more: str) -> list[str]:
    """Arguments of a host process for the boards of `folder`."""
    return [sys.executable, "-m", "tools.vboard.host", str(folder), *more]


def launch(folder: Path) -> None:
    """Start a host process for a person, unless it runs already; it outlives the command that started it.

    Raises VboardError.
    """
    if _serves(folder / SOCKET):
        return
    with (folder / "host.log").open("ab") as log:
        process = subprocess.Popen(
            command(folder.resolve(), "--stay"), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=log, cwd=ROOT, start_new_session=True,
        )  # fmt: skip
    assert process.stdout
    with process.stdout:
        if process.stdout.readline() != READY:
            raise VboardError(f"the host process did not start; {folder}/host.log says why")


@contextmanager
def alone(folder: Path) -> Iterator[Path]:
    """The folder, made when it is missing, for one program at a time that starts boards; others wait.

    Raises VboardError when it cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = os.open(folder / "up.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise VboardError(f"the folder {folder} cannot be written ({error.strerror})") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield folder
    finally:
        os.close(lock)


def _serves(path: Path) -> bool:
    with socket_address(path) as address, socket.socket(socket.AF_UNIX) as line:
        return path.exists() and line.connect_ex(address) == 0


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
