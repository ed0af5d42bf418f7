"""Two byte streams joined: each side writes what the other reads, at the speed of the slower one."""

import asyncio
from collections.abc import Callable


class Side(asyncio.Protocol):
    """One end of a joint. Bytes for a missing peer are dropped, as on an open wire.

    ended: called once when this side is closed, by either end. begun: called when it is open.
    """

    def __init__(
        self, ended: Callable[["Side"], None], begun: Callable[["Side"], None] | None = None
    ) -> None:
        self._ended = ended
        self._begun = begun
        self.peer: Side | None = None
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        if self._begun:
            self._begun(self)

    def data_received(self, data: bytes) -> None:
        if self.peer and self.peer.transport:
            self.peer.transport.write(data)

    def pause_writing(self) -> None:
        if self.peer:
            self.peer.listen(False)

    def resume_writing(self) -> None:
        if self.peer:
            self.peer.listen(True)

    def connection_lost(self, _: Exception | None) -> None:
        self.transport = None
        if self.peer:
            self.peer.listen(True)  # it may wait for us
        self._ended(self)

    def listen(self, on: bool) -> None:
        """Read from this side, or leave the bytes where they are."""
        if self.transport and not self.transport.is_closing():
            if on:
                self.transport.resume_reading()
            else:
                self.transport.pause_reading()

    def abort(self) -> None:
        """Close without delivering what is buffered; on TCP the other end sees a reset."""
        if self.transport:
            self.transport.abort()


def join(one: Side, other: Side) -> None:
    """Let two sides speak with each other."""
    one.peer, other.peer = other, one
