"""A board's console: its output goes to the log and to the serial port, and typed bytes go to the board."""

import asyncio
import os
import pty
import termios

from tools.vboard.keyboard import Keyboard
from tools.vboard.log import Log
from tools.vboard.machine import Machine
from tools.vboard.port import Port
from tools.vboard.prompt import Prompt

READ_BYTES = 65536
REBOOT = b"MPY: soft reboot\r\n"  # the words of real boards, for which tools wait


class Console:
    """Two terminals, joined here: one for each life of the board, and one that stays (`port`), because both a
    board and a developer's tool need the end of a line for themselves."""

    def __init__(self, log: Log, machine: Machine) -> None:
        self._log = log
        self._keyboard = Keyboard(machine)
        self._port = Port(self._keyboard.type, self._listen)
        self._prompt = Prompt()
        self._line: int | None = None

    @property
    def path(self) -> str:
        """The serial port."""
        return self._port.path

    def plug(self, soft: bool) -> tuple[int, bool]:
        """The terminal of a board that starts, which the caller closes when the board has its own copy; and
        whether the board comes back in raw mode, as only after a soft reset."""
        self.unplug()
        if soft:
            self._print(REBOOT)
        self._prompt.begin(soft and self._prompt.raw)
        self._line, board = pty.openpty()
        _set_raw(board)
        os.set_blocking(self._line, False)
        self._keyboard.plug(self._line)
        self._listen()
        return board, self._prompt.raw

    def _listen(self) -> None:
        if self._line is not None and not self._port.is_full:
            asyncio.get_running_loop().add_reader(self._line, self._pump)

    def _pump(self) -> None:
        data = self._read()
        if data == b"":
            self._drop()
        elif data:
            self._heard(data)
            if self._port.is_full and self._line is not None:
                asyncio.get_running_loop().remove_reader(self._line)

    def _read(self) -> bytes | None:
        """The output of the board; empty when it has ended, None when there is nothing yet."""
        assert self._line is not None
        try:
            return os.read(self._line, READ_BYTES)
        except BlockingIOError:
            return None
        except OSError:  # the other end is closed
            return b""

    def _heard(self, data: bytes) -> None:
        shown, answer = self._prompt.heard(data)
        self._print(shown)
        if answer:
            self._keyboard.type(answer)

    def _print(self, data: bytes) -> None:
        self._log.write(data)
        self._port.write(data)

    def unplug(self) -> None:
        """Take what is left on the terminal of a board that has ended."""
        while self._line is not None:
            if data := self._read():
                self._heard(data)
            else:
                self._print(self._prompt.rest())
                self._drop()

    def _drop(self) -> None:
        if self._line is not None:
            self._keyboard.unplug()
            asyncio.get_running_loop().remove_reader(self._line)
            os.close(self._line)
            self._line = None

    def close(self) -> None:
        """Take the port away."""
        self.unplug()
        self._keyboard.close()
        self._port.close()
        self._log.close()


def _set_raw(terminal: int) -> None:
    """No echo, no signals, and no byte changed: the prompt of MicroPython does all of that itself."""
    modes = termios.tcgetattr(terminal)
    modes[0] = modes[1] = modes[3] = 0
    termios.tcsetattr(terminal, termios.TCSANOW, modes)
