"""Somebody who tells a board what to do, over MQTT."""

import time

from firmware.wire import command, reading
from tests.vboard.edge import Device, Edge
from tools.vboard.client import VirtualBoard


class Operator:
    """Tells one board what to do, and waits for what it answers."""

    def __init__(self, edge: Edge, board: VirtualBoard) -> None:
        self.edge = edge
        self.board = board
        self._number = 0

    @property
    def device(self) -> Device:
        return self.edge.device(self.board.name)

    def publish(self, payload: bytes) -> None:
        self.edge.send("shop", self.board.name, "cmd", payload)

    async def answers(self, count: int) -> list[reading.Result]:
        """All answers, once there are so many."""
        await self.edge.until(lambda: len(self.device.answers) >= count)
        return self.device.answers

    async def tell(self, name: str, within_ms: int = 60_000, **arguments: object) -> reading.Result:
        """Tell it once; its answer, whatever else the board answers meanwhile."""
        self._number += 1
        number, until = f"c{self._number}", int(time.time() * 1000) + within_ms
        self.publish(command.encode(command.Command(number, name, until, arguments)))
        await self.edge.until(lambda: any(one.id == number for one in self.device.answers))
        return next(one for one in self.device.answers if one.id == number)

    async def knows_the_time(self) -> None:
        """Wait until the board has heard it, and takes commands."""
        while (await self.tell("status")).error == "no-clock":
            pass
