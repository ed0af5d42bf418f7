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
INTERRUPT = signal.SIGUSR1
PR_SET_PDEATHSIG = 1
PARENT_POLL_S = 0.5
BOOT = (
    "import uctypes,vfs,sys\n"
    "vfs.mount(vfs.VfsRom(uctypes.bytearray_at(%d,%d)),'/sim')\n"
    "sys.path.append('/sim')\n"
    "import _vboot\n"
    "try:\n"
    " _vboot.setup()\n"
    " for _f in _vboot.programs():\n"
    "  execfile(_f)\n"  # here and not in a function: its globals are the program's and the prompt's
    "except SystemExit: _vboot.soft_reset()\n"
    "except BaseException as _f: sys.print_exception(_f)\n"
    "_vboot.over()\n"
    "_f = None\n"
)


@dataclass(frozen=True)
class Wiring:
    """What a life begins with.

    heap_bytes: of the interpreter. rom: address and size of the simulator's ROM. console, uart, bell: file
    descriptors of the terminal, of the serial port and of the pipe by which the board makes requests.
    environment: its variables.
    """

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
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)  # the handlers of the host are not for the board
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _place(wiring)
    os.environ.clear()
    os.environ.update(wiring.environment)
    code = BOOT % wiring.rom
    arguments = ["micropython", "-X", f"heapsize={wiring.heap_bytes}", "-i", "-c", code]
    runner = importlib.import_module("micropython_run")
    _take_interrupts(str(runner.__file__))
    os._exit(runner.run_main(arguments) & 0xFF)


def _take_interrupts(library: str) -> None:
    """Let INTERRUPT do what the serial interrupt of a real board does with a Ctrl-C: note it, so that the
    interpreter raises it between two instructions. SIGINT is of no use: on it the Unix port leaves what it
    is in, even littlefs or the garbage collector with its lock held."""
    libc = ctypes.CDLL(None)
    note = ctypes.cast(ctypes.CDLL(library).mp_sched_keyboard_interrupt, ctypes.c_void_p)
    libc.signal.argtypes = (ctypes.c_int, ctypes.c_void_p)
    libc.signal(INTERRUPT, note)
    libc.siginterrupt(INTERRUPT, 1)  # a program that waits is woken


def _place(wiring: Wiring) -> None:
    """Put the file descriptors where the simulator expects them, and close all others."""
    wanted = (wiring.console, wiring.console, wiring.console, wiring.uart, wiring.bell)
    # First copies above all targets, because a target may be the source of another one.
    copies = [fcntl.fcntl(fd, fcntl.F_DUPFD, BELL_FD + 1) for fd in wanted]
    for target, copy in enumerate(copies):
        os.dup2(copy, target)
    os.closerange(BELL_FD + 1, resource.getrlimit(resource.RLIMIT_NOFILE)[0])
