"""A machine on real MicroPython (Unix port): a forked process with a mapped image as its flash."""

import asyncio
import mmap
import os
import signal
import time
import zlib
from pathlib import Path

from tools.release.slot import slot
from tools.vboard import control, image, life
from tools.vboard.machine import Ended, Lines
from tools.vboard.profile import Profile

SHIMS_BYTES = 12 << 10  # heap that the simulator takes, which the firmware gets in addition
CRASHED = 99  # exit code of a child that could not become MicroPython
ENDINGS = {
    control.ASK_SOFT: "soft",
    control.ASK_RESET: "hard",
    control.ASK_BOOTLOADER: "ended",
    control.ASK_SLEEP: "sleep",
    control.DIED: "died",
}


class MicroPythonMachine:
    """One board. The image file is its flash, so it survives this process too."""

    def __init__(self, path: Path, profile: Profile, heap_bytes: int) -> None:
        self.pid: int | None = None
        self.listens = True
        self._missed = 0
        self._path = path
        self._profile = profile
        self._heap_bytes = heap_bytes
        self._page = control.ControlPage(unique=zlib.crc32(path.name.encode()))
        self._rom, self._rom_size = _mapped(image.rom())
        self._flash: mmap.mmap | None = None
        self._clock_ms: int | None = None
        self._watched: list[int] = []  # file descriptors: doorbell, process
        self._ended: Ended | None = None

    @property
    def erases(self) -> int:
        return self._page.erases

    @property
    def written(self) -> int:
        return self._page.written

    def prepare(self, files: dict[str, bytes], blank: bool) -> None:
        old = self._path.read_bytes() if self._path.exists() else None
        if old is not None and len(old) != self._profile.flash_bytes:
            raise ValueError(
                f"{self._path.name} is no image of profile {self._profile.name}; start it with its own"
            )
        new = image.prepared(self._profile, files if blank else {**slot(), **files}, old)
        if self._flash is None:
            if old is None:
                self._create(new)
            with self._path.open("r+b") as file:
                self._flash = mmap.mmap(file.fileno(), self._profile.flash_bytes)
        self._flash[:] = new

    def _create(self, data: bytes) -> None:
        """Write the image as a whole or not at all, because a disk may be full."""
        new = self._path.with_suffix(".new")
        try:
            new.write_bytes(data)
            new.rename(self._path)
        except OSError:
            new.unlink(missing_ok=True)
            raise

    def start(self, cause: int, lines: Lines, ended: Ended) -> None:
        self._ended = ended
        self._page.begin(cause, self._profile.causes.get(cause))
        if cause == control.POWER:
            self._set_clock()
        here, there = os.pipe()
        wiring = life.Wiring(
            heap_bytes=self._heap_bytes - self._profile.heap_taken + SHIMS_BYTES,
            rom=(control.address_of(self._rom), self._rom_size),
            console=lines.console,
            uart=lines.uart.fileno(),
            bell=there,
            environment=self._environment(lines.raw),
        )
        self.pid = life.begin(wiring)
        os.close(there)
        self._watch(here, os.pidfd_open(self.pid))

    def _environment(self, raw: bool) -> dict[str, str]:
        assert self._flash is not None
        return {
            "VB_RAW": "1" if raw else "",
            "VB_CTL": str(self._page.address),
            "VB_FLASH": str(control.address_of(self._flash)),
            "VB_FLASH_BYTES": str(self._profile.flash_bytes),
            "VB_PROG": str(self._profile.prog_bytes),
            "VB_SYSNAME": self._profile.sysname,
            "VB_MACHINE": self._profile.machine,
            "VB_WATCHDOG_MS": str(self._profile.watchdog_ms),
            "VB_UNIQUE": str(self._profile.unique_bytes),
            "VB_HERTZ": str(self._profile.hertz),
        }

    def _watch(self, bell: int, process: int) -> None:
        self._watched = [bell, process]
        loop = asyncio.get_running_loop()
        for descriptor in self._watched:
            loop.add_reader(descriptor, self._over)

    def _over(self) -> None:
        """Handle a request of the board, or the end of its process."""
        asked = self._page.asked
        status = self._end()
        # Ctrl-D at the prompt ends the Unix port without an error; it resets a board.
        ended = "soft" if os.WIFEXITED(status) and os.WEXITSTATUS(status) != CRASHED else "ended"
        if self._ended:
            self._ended(ENDINGS.get(asked, ended))

    def kill(self) -> None:
        if self.pid is not None:
            self._end()

    def _end(self) -> int:
        """End the process unless it has ended; its exit status."""
        assert self.pid is not None
        loop = asyncio.get_running_loop()
        for descriptor in self._watched:
            loop.remove_reader(descriptor)
            os.close(descriptor)
        self._watched = []
        os.kill(self.pid, signal.SIGKILL)
        _, status = os.waitpid(self.pid, 0)
        self.pid = None
        return status

    @property
    def is_starting(self) -> bool:
        return self.pid is not None and self._page.program == control.STARTING

    @property
    def is_idle(self) -> bool:
        return self.pid is not None and self._page.program == control.OVER

    def interrupt(self) -> bool:
        if self.pid is None or not _catches_interrupts(self.pid):
            return False
        self._missed = self._page.missed
        os.kill(self.pid, life.INTERRUPT)
        return True

    def is_interrupting(self) -> bool:
        if self._page.missed != self._missed:
            self.interrupt()
        return self.pid is not None and _catches_interrupts(self.pid)

    def cut_after(self, flash_bytes: int) -> None:
        self._page.cut_after(flash_bytes)

    def is_starved(self) -> bool:
        # MicroPython's ticks_ms is the same clock, which begins at the computer's start.
        return self.pid is not None and self._page.is_starved(time.monotonic_ns() // 1_000_000)

    def wifi(self, up: bool) -> None:
        self._page.wifi(up)

    def clock(self, at_ms: int | None) -> None:
        self._clock_ms = None if at_ms is None else at_ms - int(time.time() * 1000)
        self._set_clock()

    def _set_clock(self) -> None:
        ahead_ms = self._clock_ms
        if ahead_ms is None:
            ahead_ms = self._profile.unset_clock_ms - int(time.time() * 1000)
        self._page.clock_offset(-(-ahead_ms // 1000))  # both clocks drop parts of a second

    def pin(self, number: int) -> int:
        return self._page.pin(number)

    def set_pin(self, number: int, level: int) -> None:
        self._page.set_pin(number, level)

    def password(self, text: str) -> None:
        self._page.password(text)

    def set_adc(self, number: int, value: int) -> None:
        self._page.set_adc(number, value)

    def close(self) -> None:
        self.kill()
        if self._flash is not None:
            self._flash.flush()


def _catches_interrupts(pid: int) -> bool:
    """Whether a program runs that a Ctrl-C interrupts: then MicroPython has a handler for SIGINT.

    It has no handler at the prompt, nor where `micropython.kbd_intr(-1)` forbids interrupts.
    """
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("SigCgt:"):
            return bool(int(line.split()[1], 16) & 1 << signal.SIGINT - 1)
    return False


def _mapped(data: bytes) -> tuple[mmap.mmap, int]:
    memory = mmap.mmap(-1, len(data))
    memory[:] = data
    return memory, len(data)
