"""One life of a virtual board: a process from a start to a reset or a power cut."""

import ctypes
import fcntl
import importlib
import os
import resource
import signal
import sys
import threading
import time
from dataclasses import dataclass

UART_FD, BELL_FD = 3, 4
PR_SET_PDEATHSIG = 1
PARENT_POLL_S = 0.5
BOOT = (
    "import uctypes,vfs,sys\n"
    "vfs.mount(vfs.VfsRom(uctypes.bytearray_at(%d,%d)),'/sim')\n"
    "sys.path.append('/sim')\n"
    "import _vboot\n"
    "_vboot.setup()\n"
    "for _f in ('boot.py', 'main.py'):\n"
    " try: execfile(_f)\n"  # here and not in a function: its globals are the program's
    " except SystemExit: _vboot.soft_reset()\n"
)


@dataclass(frozen=True)
class Wiring:
    """What a life is born with: the heap in bytes, the ROM's address and size, file descriptors
    of console, serial port and doorbell, and environment."""

    heap_bytes: int
    rom: tuple[int, int]
    console: int
    uart: int
    bell: int
    environment: dict[str, str]


def die_with_parent(parent: int) -> None:
    """End this process as soon as its parent does (the thread that started it, on Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    else:
        threading.Thread(target=_watch_parent, args=(parent,), daemon=True).start()
    if os.getppid() != parent:
        os._exit(1)  # it ended before we could ask


def _watch_parent(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(PARENT_POLL_S)
    os._exit(1)


def begin(wiring: Wiring) -> int:
    """Fork a process that runs MicroPython; its process id. Mappings made before are shared."""
    parent = os.getpid()
    child = os.fork()
    if child == 0:
        try:
            die_with_parent(parent)
            _run(wiring)
        finally:
            os._exit(99)
    return child


def _run(wiring: Wiring) -> None:
    os.setsid()  # Ctrl-C is for the host
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _place(wiring)
    os.environ.clear()
    os.environ.update(wiring.environment)
    code = BOOT % wiring.rom
    arguments = ["micropython", "-X", f"heapsize={wiring.heap_bytes}", "-c", code]
    runner = importlib.import_module("micropython_run")
    os._exit(runner.run_main(arguments) & 0xFF)


def _place(wiring: Wiring) -> None:
    """Put the file descriptors where the simulator expects them, and close all others."""
    null = os.open(os.devnull, os.O_RDONLY)
    wanted = (null, wiring.console, wiring.console, wiring.uart, wiring.bell)
    # Copies above all targets first: a target may be the source of another.
    copies = [fcntl.fcntl(fd, fcntl.F_DUPFD, BELL_FD + 1) for fd in wanted]
    for target, copy in enumerate(copies):
        os.dup2(copy, target)
    os.closerange(BELL_FD + 1, resource.getrlimit(resource.RLIMIT_NOFILE)[0])
