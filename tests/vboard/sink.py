"""The smallest broker there can be: it takes publishes of QoS 1 from one client and acknowledges them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from tests.mqtt.packets import CONNECT, PUBLISH, read


@dataclass
class Sink:
    """publishes: how many came. wrong: how many had another packet id than the next one."""

    port: int = 0
    publishes: int = 0
    wrong: int = 0

    @staticmethod
    @asynccontextmanager
    async def open() -> "AsyncIterator[Sink]":
        """A sink on a free port of loopback."""
        sink = Sink()
        server = await asyncio.start_server(sink.serve, "127.0.0.1", 0)
        sink.port = server.sockets[0].getsockname()[1]
        try:
            yield sink
        finally:
            server.close()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head, body = await read(reader)
                if head >> 4 == CONNECT:
                    writer.write(b"\x20\x02\x00\x00")
                elif head >> 4 == PUBLISH:
                    at = 2 + int.from_bytes(body[:2], "big")
                    writer.write(b"\x40\x02" + body[at : at + 2])
                    self._count(int.from_bytes(body[at : at + 2], "big"))
                await writer.drain()
        except (asyncio.IncompleteReadError, OSError):
            writer.close()

    def _count(self, number: int) -> None:
        self.wrong += number != self.publishes % 65535 + 1
        self.publishes += 1
