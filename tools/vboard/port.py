"""The serial port that a developer opens: a pseudo-terminal which outlives the board's resets."""

import asyncio
import fcntl
import os
import pty
import sys
import termios
import tty
from collections.abc import Callable
from contextlib import suppress

GRACE_S = 0.5  # that a board waits for a reader; then its output is lost, as with USB
POLL_S = 0.005
READ_BYTES = 65536
# Bytes that are offered to a reader at once. More would lie in a queue of the kernel, which hides whether the
# reader reads: it wakes writers only when all of 64 KB is gone.
OFFERED_BYTES = 4000


class Port:
    """A serial port. typed: called with bytes that come in at the port. moved: called when output that had to
    wait is gone, because it was read or because nobody reads."""

    def __init__(self, typed: Callable[[bytes], None], moved: Callable[[], None]) -> None:
        # The slave side stays open here, otherwise the master would fail whenever a client leaves.
        self._master, self._slave = pty.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self.path = os.ttyname(self._slave)
        self._typed = typed
        self._moved = moved
        self._waiting = b""
        self._nobody = False  # whether nobody reads; then bytes that do not fit are dropped at once
        self._poll: asyncio.TimerHandle | None = None
        self._unread = 0  # bytes that a reader had not read at our last look
        self._end = 0.0  # of GRACE_S, by the loop's clock
        asyncio.get_running_loop().add_reader(self._master, self._read)

    @property
    def is_full(self) -> bool:
        """Whether output waits; then the board should wait too."""
        return bool(self._waiting)

    def _read(self) -> None:
        with suppress(BlockingIOError):
            self._typed(os.read(self._master, READ_BYTES))

    def write(self, data: bytes) -> None:
        """Send bytes to the reader."""
        self._waiting += data
        if self._poll is not None:
            return
        self._push()
        if not self._waiting:
            self._nobody = False
        elif self._nobody:
            self._waiting = b""
        else:
            self._wait()

    def _push(self) -> bool:
        """Write as much as there is room for; whether a reader has read since the last time."""
        unread = _readable(self._slave)
        has_read = unread < self._unread
        if unread < OFFERED_BYTES:
            with suppress(BlockingIOError):
                sent = os.write(self._master, self._waiting[: OFFERED_BYTES - unread])
                self._waiting = self._waiting[sent:]
                unread += sent
        self._unread = unread
        return has_read

    def _wait(self) -> None:
        loop = asyncio.get_running_loop()
        self._end = loop.time() + GRACE_S
        self._poll = loop.call_later(POLL_S, self._go_on)

    def _go_on(self) -> None:
        if self._push():
            self._end = asyncio.get_running_loop().time() + GRACE_S  # somebody reads, however slowly
        if self._waiting and asyncio.get_running_loop().time() < self._end:
            self._poll = asyncio.get_running_loop().call_later(POLL_S, self._go_on)
            return
        self._nobody = self.is_full
        self._poll, self._waiting = None, b""
        self._moved()

    def close(self) -> None:
        """Take the port away; a client that has it open reads an end of file."""
        if self._poll:
            self._poll.cancel()
        asyncio.get_running_loop().remove_reader(self._master)
        os.close(self._master)
        os.close(self._slave)


def _readable(terminal: int) -> int:
    return int.from_bytes(fcntl.ioctl(terminal, termios.FIONREAD, bytes(4)), sys.byteorder)
