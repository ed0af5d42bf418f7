"""A witness on the wire: a TCP proxy between boards and broker that writes down every ack it sees.

It reads MQTT 3.1.1 by itself (fixed header, remaining length, topic), so that no code under test
tells it what was acked.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

PUBLISH = 3


@dataclass
class Witness:
    """acks: (device, epoch, acked) in the order in which they passed."""

    target: int
    port: int = 0
    acks: list[tuple[str, int, int]] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection of a board."""
        try:
            up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.close()
            return
        pumps = [
            asyncio.create_task(_pump(reader, up_writer)),
            asyncio.create_task(self._listen(up_reader, writer)),
        ]
        await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        for pump in pumps:
            pump.cancel()
        writer.close()
        up_writer.close()

    async def _listen(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            while True:
                head = await reader.readexactly(1)
                length, raw = await _length(reader)
                body = await reader.readexactly(length)
                if head[0] >> 4 == PUBLISH:
                    self._note(body)
                writer.write(head + raw + body)
                await writer.drain()

    def _note(self, body: bytes) -> None:
        size = int.from_bytes(body[:2], "big")
        topic = body[2 : 2 + size].decode()
        if topic.endswith("/ack"):
            told = json.loads(body[2 + size :])
            self.acks.append((topic.split("/")[2], told["epoch"], told["acked"]))


async def _length(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    raw, value, shift = b"", 0, 0
    while True:
        byte = await reader.readexactly(1)
        raw += byte
        value |= (byte[0] & 127) << shift
        shift += 7
        if byte[0] < 128:
            return value, raw


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(4096):
            writer.write(data)
            await writer.drain()


@asynccontextmanager
async def witness(target: int) -> AsyncIterator[Witness]:
    """A witness in front of a broker's port."""
    one = Witness(target)
    server = await asyncio.start_server(one.serve, "127.0.0.1", 0)
    one.port = server.sockets[0].getsockname()[1]
    try:
        yield one
    finally:
        server.close()
