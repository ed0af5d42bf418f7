"""A machine for computers without the MicroPython wheel: the same firmware in a CPython process.

Its flash is a folder, and a power cut is a kill: no torn writes, no erase counts, no bounded heap.
"""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import firmware
from firmware.host import ADC, PINS
from tools.vboard import control
from tools.vboard.machine import Ended, Lines

CAUSES = {
    control.POWER: "power",
    control.BUTTON: "power",
    control.HARD: "hard",
    control.WATCHDOG: "watchdog",
}


class CPythonMachine:
    """One board; `folder` is its flash."""

    erases = 0
    written = 0
    listens = False  # CPython has no prompt beside a running program
    is_starting = False
    is_idle = False

    def __init__(self, folder: Path) -> None:
        self.pid: int | None = None
        self._folder = folder
        self._folder.mkdir(parents=True, exist_ok=True)
        self._pins = bytearray(64)
        self._adc = bytearray(128)
        self._process: subprocess.Popen[bytes] | None = None
        self._watching: asyncio.Task[None] | None = None

    def prepare(self, files: dict[str, bytes], blank: bool) -> None:
        if blank:
            raise ValueError("a board without firmware needs MicroPython, which is not installed here")
        for path, content in files.items():
            (self._folder / path.lstrip("/")).write_bytes(content)

    def start(self, cause: int, lines: Lines, ended: Ended) -> None:
        lines.uart.setblocking(True)
        uart = lines.uart.fileno()
        environment = {
            **os.environ,
            "FIRMWARE_UART": str(uart),
            "FIRMWARE_CAUSE": CAUSES.get(cause, "soft"),
            "PYTHONPATH": str(Path(firmware.__file__).parents[1]),
            "PYTHONUNBUFFERED": "1",
        }
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tools.vboard.cpython", str(os.getpid()), str(self._folder)],
            stdin=subprocess.DEVNULL,
            stdout=lines.console,
            stderr=lines.console,
            pass_fds=(uart,),
            env=environment,
            start_new_session=True,
        )
        self.pid = self._process.pid
        self._watching = asyncio.create_task(self._watch(self._process, ended))

    async def _watch(self, process: subprocess.Popen[bytes], ended: Ended) -> None:
        while process.poll() is None:
            await asyncio.sleep(0.05)
        if process is self._process:
            self._process = self.pid = None
            ended("ended")

    def kill(self) -> None:
        process, self._process = self._process, None
        if process:
            process.kill()
            process.wait()
        self.pid = None

    def interrupt(self) -> bool:
        return False

    def is_interrupting(self) -> bool:
        return False

    def cut_after(self, flash_bytes: int) -> None:
        """Let the power fail within the next 200 ms: there is no flash whose bytes could be counted."""
        process = self._process
        if flash_bytes != control.NO_CUT and process:
            delay = flash_bytes % 1000 / 5000
            asyncio.get_running_loop().call_later(delay, process.kill)

    def is_starved(self) -> bool:
        return False

    def wifi(self, up: bool) -> None:
        pass  # the network in front of this process breaks its connections

    def clock(self, at_ms: int | None) -> None:
        raise ValueError("a CPython board has the clock of the computer")

    def pin(self, number: int) -> int:
        return self._pins[number]

    def set_pin(self, number: int, level: int) -> None:
        self._pins[number] = 1 if level else 0
        (self._folder / PINS).write_bytes(self._pins)

    def password(self, text: str) -> None:
        raise ValueError("a CPython board has no Wi-Fi")

    def set_adc(self, number: int, value: int) -> None:
        self._adc[2 * number : 2 * number + 2] = value.to_bytes(2, "little")
        (self._folder / ADC).write_bytes(self._adc)

    def close(self) -> None:
        self.kill()


def main(arguments: list[str]) -> None:
    """Run the firmware for a host of this process id; it ends with the host."""
    from firmware.app import main as run
    from tools.vboard.life import die_with_parent

    die_with_parent(int(arguments[0]))
    run(arguments[1])


if __name__ == "__main__":
    main(sys.argv[1:])
