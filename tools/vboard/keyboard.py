"""The bytes that are typed at a board's serial port, on their way to the board."""

import asyncio
import os

from tools.vboard.machine import Machine

CTRL_C = b"\x03"
MOST_BYTES = 65536  # typed and not taken yet; more are lost, as on a real line
FULL_POLL_S = 0.005
INTERRUPT_POLL_S = 0.002
INTERRUPT_S = 1.0


class Keyboard:
    """Passes bytes on in order. A Ctrl-C interrupts the running program, as the serial interrupt of a real
    board does; when no program can be interrupted it is a byte like others."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._line: int | None = None
        self._typed = b""
        self._more = asyncio.Event()
        self._task = asyncio.get_running_loop().create_task(self._pass_on())

    def plug(self, line: int) -> None:
        """Connect a board that has started. line: our end of the file descriptor that it reads from."""
        self._line = line

    def unplug(self) -> None:
        """Disconnect the board."""
        self._line = None

    def type(self, data: bytes) -> None:
        """Take typed bytes; those for a board that is off are lost."""
        if self._line is not None and self._machine.listens:
            self._typed = (self._typed + data)[:MOST_BYTES]
            self._more.set()

    async def _pass_on(self) -> None:
        while True:
            await self._more.wait()
            before, ctrl_c, self._typed = self._typed.partition(CTRL_C)
            if not self._typed:
                self._more.clear()
            await self._write(before, then_ctrl_c=bool(ctrl_c))
            if ctrl_c and not await self._interrupt():
                await self._write(ctrl_c)

    async def _write(self, data: bytes, then_ctrl_c: bool = False) -> None:
        while data and self._line is not None:
            try:
                data = data[os.write(self._line, data) :]
            except BlockingIOError:
                if then_ctrl_c or CTRL_C in self._typed:
                    return  # it reads nothing; a Ctrl-C must not wait for that
                await asyncio.sleep(FULL_POLL_S)
            except OSError:
                return  # the board has just ended

    async def _interrupt(self) -> bool:
        """Interrupt the program and wait until it knows, so that the next bytes are for the prompt.

        False when no program runs that can be interrupted.
        """
        machine, line = self._machine, self._line
        loop = asyncio.get_running_loop()
        end = loop.time() + INTERRUPT_S
        while machine.is_starting and loop.time() < end:
            await asyncio.sleep(INTERRUPT_POLL_S)
        if not machine.interrupt():
            return False
        while machine.is_interrupting() and self._line == line and loop.time() < end:
            await asyncio.sleep(INTERRUPT_POLL_S)
        return True

    def close(self) -> None:
        """Stop."""
        self._line = None
        self._task.cancel()
