"""The log to sealed chunks to the table.

Sealing is one local transaction and never waits for the cloud; sending repeats the same bytes under
the same key until the table has confirmed them.
"""

import asyncio
import random
import time
from collections.abc import Callable
from typing import Any

from loguru import logger

from server.errors import CloudError, StoreFull
from server.store import chunks, events
from server.store import generation as generations
from server.store.database import Database
from sync.budget import Bucket, units
from sync.chunk import Chunk, seal, size
from sync.cloud import Table

SEAL_EVENTS = 2000
SEND_AT_ONCE = 25
IDLE_S = 0.25
BACKOFF_S = (1.0, 60.0)


class Uploader:
    """Two workers: one seals, one sends. error: why the cloud is not reached, None when it is."""

    def __init__(self, database: Database, table: Table, site: str, bucket: Bucket) -> None:
        self._database = database
        self._table = table
        self._site = site
        self._bucket = bucket
        self._backoff = BACKOFF_S[0]
        self._spent: list[tuple[float, int]] = []
        self.error: str | None = None

    async def run_sealer(self, clock: Callable[[], int], wait_ms: int) -> None:
        """Seal events that are `wait_ms` old, or many enough, until cancelled."""
        generation = await self._database.read(generations.current)
        while True:
            try:
                sealed = await self._database.write(self._seal, generation, clock(), wait_ms)
            except StoreFull as error:
                self.error, sealed = error.sentence, 0
            if sealed < SEAL_EVENTS:
                await asyncio.sleep(IDLE_S)

    async def run_sender(self, clock: Callable[[], int]) -> None:
        """Send sealed chunks until cancelled."""
        while True:
            rows = await self._database.read(chunks.unsent, SEND_AT_ONCE)
            if not rows:
                await asyncio.sleep(IDLE_S)
                continue
            try:
                await self._send(rows, clock)
                self.error, self._backoff = None, BACKOFF_S[0]
            except (CloudError, StoreFull) as error:
                if self.error is None:
                    logger.warning(error.sentence)
                self.error = error.sentence
                await asyncio.sleep(random.uniform(0, self._backoff))
                self._backoff = min(2 * self._backoff, BACKOFF_S[1])

    def units_per_s(self) -> float:
        """Write units spent a second, over the last minute."""
        since = time.monotonic() - 60
        self._spent = [one for one in self._spent if one[0] > since]
        return sum(amount for _, amount in self._spent) / 60

    def _seal(self, connection: Any, generation: str, now: int, wait_ms: int) -> int:
        through = chunks.through(connection)
        waiting = events.after(connection, through, SEAL_EVENTS)
        if not waiting:
            return 0
        age_ms = now - waiting[0].received_at  # below 0 when the clock was set back
        if len(waiting) < SEAL_EVENTS and 0 <= age_ms < wait_ms:
            return 0
        sealed = seal(self._site, generation, waiting[0].id, waiting)
        rows = [(one.pk, one.sk, one.body, one.events, one.first_at, now) for one in sealed]
        chunks.seal(connection, rows, waiting[-1].id)
        return len(waiting)

    async def _send(self, rows: list[tuple[Any, ...]], clock: Callable[[], int]) -> None:
        loop = asyncio.get_running_loop()
        await asyncio.sleep(self._bucket.wait(loop.time()))
        batch = self._within_budget(rows)
        left = await asyncio.to_thread(self._table.put, list(batch.values()))
        taken = [number for number, chunk in batch.items() if chunk not in left]
        cost = sum(units(size(batch[number])) for number in taken)
        self._bucket.spend(cost, loop.time())
        self._spent.append((time.monotonic(), cost))
        if taken:
            await self._database.write(chunks.sent, taken, clock())
        if left:
            raise CloudError(f"DynamoDB did not take {len(left)} of {len(batch)} chunks yet.")

    def _within_budget(self, rows: list[tuple[Any, ...]]) -> dict[int, Chunk]:
        """As many chunks as a second of the budget pays for, one at least."""
        batch: dict[int, Chunk] = {}
        cost = 0
        for number, *parts in rows:
            chunk = Chunk(*parts)
            cost += units(size(chunk))
            if batch and cost > self._bucket.rate:
                break
            batch[number] = chunk
        return batch
