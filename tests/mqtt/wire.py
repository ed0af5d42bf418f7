"""A wire between edge and broker that is read: each message to the edge, each PUBACK back, in their order."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from tests.mqtt.packets import PUBACK, PUBLISH, encoded, read


@dataclass
class Wire:
    """A proxy in front of the broker at `target`; it reads MQTT 3.1.1 by itself.

    came: (packet id, payload) of each QoS 1 message to the edge. acked: packet ids, as PUBACKs passed.
    on_puback: called with each packet id before its PUBACK goes on. mute: PUBACKs are swallowed.
    """

    target: int
    port: int = 0
    came: list[tuple[int, bytes]] = field(default_factory=list)
    acked: list[int] = field(default_factory=list)
    on_puback: Callable[[int], None] = lambda _: None
    mute: bool = False
    _writers: list[asyncio.StreamWriter] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection of the edge."""
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.close()
            return
        self._writers += [writer, far_writer]
        pumps = [
            asyncio.create_task(self._pump(reader, far_writer, self._puback)),
            asyncio.create_task(self._pump(far_reader, writer, self._publish)),
        ]
        await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        for end in (writer, far_writer):
            end.close()

    def cut(self) -> None:
        """End every connection at once."""
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, look: Callable[[int, bytes], bool]
    ) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            while True:
                packet = await read(reader)
                if look(*packet):
                    writer.write(encoded(packet))
                    await writer.drain()

    def _publish(self, head: int, body: bytes) -> bool:
        if head >> 4 == PUBLISH and head & 6:
            size = 2 + int.from_bytes(body[:2], "big")
            self.came.append((int.from_bytes(body[size : size + 2], "big"), body[size + 2 :]))
        return True

    def _puback(self, head: int, body: bytes) -> bool:
        if head >> 4 == PUBACK:
            if self.mute:
                return False
            number = int.from_bytes(body[:2], "big")
            self.on_puback(number)
            self.acked.append(number)
        return True


class Proxy(Protocol):
    """What stands in front of a broker."""

    port: int

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Handle one connection."""

    def cut(self) -> None:
        """Break all connections."""


P = TypeVar("P", bound=Proxy)


def wire(target: int) -> AbstractAsyncContextManager[Wire]:
    """A wire to the broker's port."""
    return opened(Wire(target))


@asynccontextmanager
async def opened(one: P) -> AsyncIterator[P]:
    """A proxy that listens on a port of its own."""
    server = await asyncio.start_server(one.serve, "127.0.0.1", 0)
    one.port = server.sockets[0].getsockname()[1]
    try:
        yield one
    finally:
        one.cut()
        server.close()
