"""One virtual board: a machine with its console, serial port and network."""

import asyncio
import json
import os
from dataclasses import dataclass
from pathlib import Path

from tools.vboard import control
from tools.vboard.console import Console
from tools.vboard.customers import Customers
from tools.vboard.log import Log
from tools.vboard.machine import Lines, Machine
from tools.vboard.network import Network
from tools.vboard.uart import Uart

RESETS = {
    "soft": control.SOFT,
    "hard": control.HARD,
    "sleep": control.SLEEP,
    "watchdog": control.WATCHDOG,
}


@dataclass
class Life:
    """The state of a board.

    state: "on", "off" (no power) or "ended" (the firmware returned, crashed or was interrupted; see the log).
    boots: how often it started. ending: why the latest life ended, "" before that.
    """

    state: str = "off"
    boots: int = 0
    ending: str = ""


class VirtualBoard:
    """Power, reset and link of a board whose machine and wires live in `folder`."""

    def __init__(self, name: str, folder: Path, machine: Machine) -> None:
        self.name = name
        self.life = Life()
        self.machine = machine
        self._console = Console(Log(folder / f"{name}.log"), machine)
        self._uart = Uart(folder / f"{name}.uart")
        self._network: Network | None = None
        self._customers: Customers | None = None
        self._starting: asyncio.Task[None] | None = None

    async def up(self, settings: dict[str, object] | None, files: dict[str, bytes]) -> None:
        """Write firmware, settings and other files, then power on.

        The settings' host and port are those of the broker; the board gets those of its own way to it. None
        for the settings: only the files are written, and the board connects to what it likes.
        """
        await self._uart.start()
        if settings is None:
            self.machine.prepare(files, blank=True)
        else:
            told = await self._connected(settings)
            self.machine.prepare({**files, "/settings.json": json.dumps(told).encode()}, blank=False)
        await self.boot()

    async def _connected(self, settings: dict[str, object]) -> dict[str, object]:
        self._network = Network((str(settings["host"]), int(str(settings.get("port", 1883)))))
        await self._network.start()
        return {**settings, "host": "127.0.0.1", "port": self._network.port}

    def serve(self, every_ms: int) -> None:
        """Let customers order from now on, one every `every_ms`."""
        self._customers = Customers(self.name, self._uart, every_ms)

    @property
    def state(self) -> str:
        """The state, as in Life; a board whose firmware has ended may still wait at its prompt."""
        return "ended" if self.machine.is_idle else self.life.state

    async def boot(self) -> None:
        """Switch the power on; a board that is on stays as it is."""
        if self.state != "on":
            self._kill(self.life.ending)
            await self._start(control.POWER)

    async def _start(self, cause: int) -> None:
        self.life.state = "on"
        self.life.boots += 1
        uart = await self._uart.plug()
        console, raw = self._console.plug(soft=cause == control.SOFT)
        try:
            self.machine.start(cause, Lines(console, uart, raw), self._ended)
        finally:
            os.close(console)
            uart.close()

    def _ended(self, how: str) -> None:
        """Note that a life ended by itself: a power cut in a write, a reset, or the end of main.py."""
        self._unplug()
        self.life.ending = how
        if how in RESETS:
            self._starting = asyncio.get_running_loop().create_task(self._start(RESETS[how]))
        else:
            self.life.state = "off" if how == "died" else "ended"

    def _unplug(self) -> None:
        self._uart.unplug()
        self._console.unplug()

    async def reset(self, cause: int = control.BUTTON) -> None:
        """Reset the board, as its button does."""
        self._kill("reset")
        await self._start(cause)

    def power_cut(self, after_bytes: int) -> None:
        """Cut the power now, or when `after_bytes` more have been written to flash."""
        if after_bytes:
            self.machine.cut_after(after_bytes)
            return
        self._kill("power cut")
        self.life.state = "off"

    def _kill(self, why: str) -> None:
        self.machine.kill()
        self._unplug()
        self.life.ending = why

    async def tick(self) -> None:
        """Reset the board when its watchdog was not fed in time."""
        if self.machine.is_starved():
            await self.reset(control.WATCHDOG)

    def link(self, up: bool, silent: bool) -> None:
        """Switch Wi-Fi with all connections, or (silent) only the bytes that travel on them."""
        if self._network is not None:
            self._network.link(up, silent)
        self.machine.wifi(up or silent)

    def stats(self) -> dict[str, object]:
        """The row of this board in the operation `list`."""
        machine = self.machine
        return {
            "name": self.name,
            "state": self.state,
            "port": self._console.path,
            "prompt": self.machine.listens,
            "pid": machine.pid,
            "boots": self.life.boots,
            "ending": self.life.ending,
            "erases": machine.erases,
            "written": machine.written,
        }

    def close(self) -> None:
        """Power off, for good."""
        if self._customers:
            self._customers.close()
        self.machine.close()
        self._uart.close()
        self._console.close()
        if self._network:
            self._network.close()
