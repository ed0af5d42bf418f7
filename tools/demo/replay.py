"""Real orders, replayed by virtual tills over their serial lines."""

import asyncio
import csv
import gzip
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

DATA = Path(__file__).parents[1] / "data" / "cdnow-orders.csv.gz"
FIELDS = ["customer", "quantity:int", "cents:int", "ordered_on"]
WINDOW = 32  # lines that a till takes before it has answered them
FULL_S = 0.2


@dataclass(frozen=True, slots=True)
class Order:
    """One order of the file.

    customer: their number. ordered_on: ISO date of the original. quantity: of items. cents: US cents.
    """

    customer: str
    ordered_on: str
    quantity: int
    cents: int

    @property
    def line(self) -> bytes:
        """The order as the till's scanner sends it."""
        return f"{self.customer},{self.quantity},{self.cents},{self.ordered_on}\n".encode()


def orders(limit: int | None = None) -> list[Order]:
    """The first `limit` orders by date, in the file's order within a day; None is all 69,659."""
    with gzip.open(DATA, "rt", newline="") as file:
        rows = sorted(csv.DictReader(file), key=lambda row: row["date"])[:limit]
    return [Order(row["customer"], row["date"], int(row["quantity"]), int(row["cents"])) for row in rows]


@dataclass
class Till:
    """The other end of a till's serial line: what was sent, and what the till answered.

    name: of the board. stored: (epoch, seq, order) of each `ok`. open: orders that are sent and not answered.
    refused: (reason, order) of each `no`.
    """

    name: str
    stored: list[tuple[int, int, Order]] = field(default_factory=list)
    open: deque[Order] = field(default_factory=deque)
    refused: list[tuple[str, Order]] = field(default_factory=list)

    async def sell(
        self,
        line: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        todo: Iterable[Order],
        pause_s: float = 0.0,
    ) -> None:
        """Send orders and wait until each is answered; orders that a full till refuses are sent again."""
        reader, writer = line
        room = asyncio.Semaphore(WINDOW)
        answers = asyncio.create_task(self._answers(reader, room))
        try:
            waiting = deque(todo)
            while waiting or self.open or self.refused:
                if not waiting and not self.refused:
                    await asyncio.wait([answers], timeout=0.02)
                    if answers.done():
                        break
                    continue
                if self.refused:
                    await asyncio.sleep(FULL_S)
                    waiting.extendleft(order for _, order in self.refused)
                    self.refused.clear()
                await room.acquire()
                order = waiting.popleft()
                self.open.append(order)
                writer.write(order.line)
                await writer.drain()
                if pause_s:
                    await asyncio.sleep(pause_s)
        finally:
            answers.cancel()
            await asyncio.wait([answers])

    async def _answers(self, reader: asyncio.StreamReader, room: asyncio.Semaphore) -> None:
        while line := await reader.readline():
            word, _, rest = line.decode().strip().partition(" ")
            if word == "ok":
                epoch, seq = rest.split()
                self.stored.append((int(epoch), int(seq), self.open.popleft()))

            elif word == "no":
                self.refused.append((rest, self.open.popleft()))
            else:
                continue
            room.release()
