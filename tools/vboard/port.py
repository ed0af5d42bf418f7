"""The serial port that a developer opens: a pseudo-terminal which outlives the board's resets."""

import asyncio
import os
import pty
import tty
from collections.abc import Callable
from contextlib import suppress

GRACE_S = 0.3  # so long a board waits for somebody to read; then its output is lost, as with USB
READ_BYTES = 65536


class Port:
    """typed: called with what comes in at the port. moved: called when output that had to wait is
    gone, because it was read or because nobody reads."""

    def __init__(self, typed: Callable[[bytes], None], moved: Callable[[], None]) -> None:
        # The slave side stays open here, else the master would fail whenever a client leaves.
        self._master, self._slave = pty.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self.path = os.ttyname(self._slave)
        self._typed = typed
        self._moved = moved
        self._waiting = b""
        self._unread = False  # nobody reads: what does not fit is dropped at once
        self._grace: asyncio.TimerHandle | None = None
        asyncio.get_running_loop().add_reader(self._master, self._read)

    @property
    def is_full(self) -> bool:
        """Whether output waits; who prints should wait too."""
        return bool(self._waiting)

    def _read(self) -> None:
        with suppress(BlockingIOError):
            self._typed(os.read(self._master, READ_BYTES))

    def write(self, data: bytes) -> None:
        """Send to whoever reads."""
        self._waiting += data
        self._push()
        if not self._waiting:
            self._unread = False
            if self._grace:
                self._settle()
                self._moved()
        elif self._unread:
            self._waiting = b""
        elif self._grace is None:
            loop = asyncio.get_running_loop()
            loop.add_writer(self._master, self._drain)
            self._grace = loop.call_later(GRACE_S, self._give_up)

    def _push(self) -> int:
        """Write what the terminal takes; how many bytes."""
        before = len(self._waiting)
        try:
            while self._waiting:
                self._waiting = self._waiting[os.write(self._master, self._waiting) :]
        except BlockingIOError:
            pass
        return before - len(self._waiting)

    def _drain(self) -> None:
        if self._push():
            self._settle()
            if self._waiting:
                self.write(b"")  # somebody reads, slowly: the time of grace begins anew
            else:
                self._moved()

    def _give_up(self) -> None:
        self._settle()
        self._waiting, self._unread = b"", True
        self._moved()

    def _settle(self) -> None:
        if self._grace:
            self._grace.cancel()
            self._grace = None
            asyncio.get_running_loop().remove_writer(self._master)

    def close(self) -> None:
        """Take the port away; a client that has it open reads an end of file."""
        self._settle()
        asyncio.get_running_loop().remove_reader(self._master)
        os.close(self._master)
        os.close(self._slave)
