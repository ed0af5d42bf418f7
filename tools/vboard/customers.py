"""Made-up customers who order at a virtual board, so that there is something to see."""

import asyncio
import random

from tools.vboard.uart import Uart

NAMES = ("ada", "ben", "cleo", "dan", "eve", "finn", "gita", "hugo")


class Customers:
    """They write an order to the board's UART every so many ms, begun at a random moment so that many
    boards do not all speak at once. A program that has the UART open does so in their stead."""

    def __init__(self, name: str, uart: Uart, every_ms: int) -> None:
        self._uart = uart
        self._every_s = every_ms / 1000
        self._random = random.Random(name)  # the same orders in every run
        self._task = asyncio.get_running_loop().create_task(self._come())

    async def _come(self) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time() + self._random.random() * self._every_s
        while True:
            await asyncio.sleep(due - loop.time())
            self._uart.say(self._order())
            due = max(due + self._every_s, loop.time())

    def _order(self) -> bytes:
        who, quantity = self._random.choice(NAMES), self._random.randint(1, 5)
        return f"{who},{quantity},{quantity * 450}\n".encode()

    def close(self) -> None:
        """Nobody comes any more."""
        self._task.cancel()
