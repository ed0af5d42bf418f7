"""Made-up customers who order at a virtual board, so that there is something to see."""

import asyncio
import random

from tools.vboard.uart import Uart

NAMES = ("ada", "ben", "cleo", "dan", "eve", "finn", "gita", "hugo")


class Customers:
    """They write an order to the board's UART every `every_ms`, from a random moment on, so that many boards
    do not send at once. While a program has the UART open, it writes instead of them."""

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
        """Let no more customers come."""
        self._task.cancel()
