"""The wire between boards and broker: a witness of every ack, and a place to break things on purpose.

A TCP proxy that reads MQTT 3.1.1 by itself (fixed header, remaining length, topic), so that no code
under test tells it what was sent and what was acked.
"""

import asyncio
import json
import random
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass, field
from functools import partial

from tests.mqtt.packets import PUBLISH, Packet, encoded, read
from tests.mqtt.wire import opened


@dataclass
class Faults:
    """What happens to packets. Shares are of 1; delays in seconds; a silent wire moves no byte.

    lose_acks: of acks. double, swap, lose: of `up` messages.
    """

    lose_acks: float = 0
    lose: float = 0
    double: float = 0
    swap: float = 0
    delay_s: float = 0
    silent: bool = False
    refuse: bool = False


@dataclass
class Witness:
    """acks: (device, epoch, acked) in the order in which they reached boards. ups: how many passed.

    committed: asked at each ack, before the board has it, how far a device's epoch is in the store.
    early: acks that were ahead of that.
    """

    target: int
    chance: random.Random = field(default_factory=lambda: random.Random(1))
    faults: Faults = field(default_factory=Faults)
    port: int = 0
    acks: list[tuple[str, int, int]] = field(default_factory=list)
    committed: Callable[[str, int], int] | None = None
    early: list[str] = field(default_factory=list)
    ups: int = 0
    connections: int = 0
    _open: set[asyncio.StreamWriter] = field(default_factory=set)
    _newest: dict[str, int] = field(default_factory=dict)  # connection that brought a device its latest ack

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection of a board."""
        self.connections += 1
        number = self.connections
        try:
            if self.faults.refuse:
                raise ConnectionRefusedError
            up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.transport.abort()
            return
        self._open |= {writer, up_writer}
        pumps = [
            asyncio.create_task(self._pump(reader, up_writer, self._to_broker)),
            asyncio.create_task(self._pump(up_reader, writer, partial(self._to_board, number))),
        ]
        await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        for pump in pumps:
            pump.cancel()
        for one in (writer, up_writer):
            self._open.discard(one)
            one.close()

    def cut(self) -> None:
        """Break every connection, as a switch that loses power does."""
        for one in self._open:
            one.transport.abort()

    async def _pump(self, reader, writer, judge) -> None:  # type: ignore[no-untyped-def]
        held: list[Packet] = []
        with suppress(OSError, asyncio.IncompleteReadError):
            while True:
                packet = await read(reader)
                while self.faults.silent:
                    await asyncio.sleep(0.02)
                if self.faults.delay_s:
                    await asyncio.sleep(self.chance.uniform(0, self.faults.delay_s))
                for each in judge(packet, held):
                    writer.write(encoded(each))
                await writer.drain()

    def _to_broker(self, packet: Packet, held: list[Packet]) -> list[Packet]:
        if _leaf(packet) != "up":
            return [*_taken(held), packet]
        self.ups += 1
        faults = self.faults
        if self.chance.random() < faults.lose:
            return _taken(held)
        if self.chance.random() < faults.swap:
            held.append(packet)
            return []
        return [packet, *([packet] if self.chance.random() < faults.double else []), *_taken(held)]

    def _to_board(self, connection: int, packet: Packet, _: list[Packet]) -> list[Packet]:
        if _leaf(packet) == "ack":
            if self.chance.random() < self.faults.lose_acks:
                return []
            self._note(connection, packet[1])
        return [packet]

    def _note(self, connection: int, body: bytes) -> None:
        size = int.from_bytes(body[:2], "big")
        told = json.loads(body[2 + size :])
        device = body[2 : 2 + size].decode().split("/")[2]
        if connection < self._newest.get(device, 0):
            return  # the board has left this connection, so that what was held here does not reach it
        self._newest[device] = connection
        self.acks.append((device, told["epoch"], told["acked"]))
        if self.committed is not None:
            stored = self.committed(device, told["epoch"])
            if stored < told["acked"]:
                self.early.append(f"{device}: acked {told['acked']} when {stored} were committed")


def _leaf(packet: Packet) -> str:
    head, body = packet
    if head >> 4 != PUBLISH:
        return ""
    size = int.from_bytes(body[:2], "big")
    return body[2 : 2 + size].decode().rpartition("/")[2]


def _taken(held: list[Packet]) -> list[Packet]:
    taken = held[:]
    held.clear()
    return taken


def witness(target: int, seed: int = 1) -> AbstractAsyncContextManager[Witness]:
    """A witness in front of a broker's port."""
    return opened(Witness(target, random.Random(seed)))
