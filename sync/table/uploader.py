"""Seals the log into chunks, and sends them to the table.

Sealing is one local transaction and never waits for the cloud; its work is done beside the writer, so
that intake does not wait for it. Sending repeats the same bytes under the same key until the table has
confirmed them.
"""

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from loguru import logger

from server.errors import CloudError, StoreFull
from server.store import chunks, events
from server.store import generation as generations
from server.store.chunks import Chunk
from server.store.connection import Connection
from server.store.database import Database
from sync.backoff import Backoff
from sync.table.budget import units
from sync.table.chunk import pack, size
from sync.table.table import Table
from sync.token_bucket import TokenBucket

SEAL_EVENTS = 2000
SEND_AT_ONCE = 25  # chunks per request
REQUESTS = 4  # at most, under way at once
NOTED = 100  # sent chunks that are noted together, when there is nothing to wait for
LOOK_AHEAD = 400  # chunks that are read at once, 6 MB at most
IDLE_S = 0.25
YIELD_S = 0.02
PATIENCE_S = 10.0  # for which a burst may hold up the sealing of 2,000 events
BACKOFF_S = (1.0, 60.0)


class UploadBatch(NamedTuple):
    """One request. chunks: by their number in the store. cost: of writing them, in write units."""

    chunks: dict[int, Chunk]
    cost: int


class Sealed(NamedTuple):
    """Events that are packed and not kept yet.

    chunks: the packed events. after: the id behind which they begin. last: the id of the last one. events:
    how many they are.
    """

    chunks: list[Chunk]
    after: int
    last: int
    events: int


class Uploader:
    """Two workers: one seals, one sends. error: a sentence why the cloud is not reached, None when it is.

    busy: whether events wait for a commit; then sealing waits too, at most PATIENCE_S.
    """

    def __init__(
        self, database: Database, table: Table, site: str, bucket: TokenBucket,
        busy: Callable[[], bool] = lambda: False,
    ) -> None:  # fmt: skip
        self._database = database
        self._table = table
        self._site = site
        self._bucket = bucket
        self._busy = busy
        self._backoff = Backoff(*BACKOFF_S)
        self._taken: list[int] = []  # chunks that are in the table and not noted yet
        self._spent: list[tuple[float, int]] = []
        self.error: str | None = None

    async def run_sealer(self, clock: Callable[[], int], wait_ms: int) -> None:
        """Seal events that are `wait_ms` old, or SEAL_EVENTS in number, until cancelled."""
        generation = await self._database.read(generations.current)
        while True:
            await self._let_intake_go_first()
            try:
                sealed = await self.seal(generation, clock(), wait_ms)
            except StoreFull as error:
                self.error, sealed = error.sentence, 0
            if sealed < SEAL_EVENTS:
                await asyncio.sleep(IDLE_S)

    async def _let_intake_go_first(self) -> None:
        until = time.monotonic() + PATIENCE_S
        while self._busy() and time.monotonic() < until:
            await asyncio.sleep(YIELD_S)

    async def run_sender(self, clock: Callable[[], int]) -> None:
        """Send sealed chunks until cancelled."""
        while True:
            unsent = await self._database.read(chunks.unsent, LOOK_AHEAD)
            if not unsent:
                await asyncio.sleep(IDLE_S)
                continue
            try:
                await self._send(unsent, clock)
                self.error = None
                self._backoff.worked()
            except (CloudError, StoreFull) as error:
                if self.error is None:
                    logger.warning(error.sentence)
                self.error = error.sentence
                await asyncio.sleep(self._backoff.failed())

    def units_per_s(self) -> float:
        """Write units spent per second, over the last minute."""
        since = time.monotonic() - 60
        self._spent = [one for one in self._spent if one[0] > since]
        return sum(amount for _, amount in self._spent) / 60

    async def seal(self, generation: str, now: int, wait_ms: int) -> int:
        """Seal waiting events; how many were sealed."""
        made = await self._database.read(self._pack, generation, now, wait_ms)
        return 0 if made is None else await self._database.write(self.keep, made, now)

    def _pack(self, connection: Connection, generation: str, now: int, wait_ms: int) -> Sealed | None:
        after = chunks.through(connection)
        waiting = events.after(connection, after, SEAL_EVENTS)
        if not waiting:
            return None
        age_ms = now - waiting[0].received_at  # below 0 when the clock was set back
        if len(waiting) < SEAL_EVENTS and 0 <= age_ms < wait_ms:
            return None
        made = pack(self._site, generation, waiting[0].id, waiting)
        return Sealed(made, after, waiting[-1].id, len(waiting))

    def keep(self, connection: Connection, made: Sealed, now: int) -> int:
        if chunks.through(connection) != made.after:
            return 0  # somebody else sealed them meanwhile
        chunks.seal(connection, made.chunks, made.last, now)
        return made.events

    async def _send(self, unsent: Mapping[int, Chunk], clock: Callable[[], int]) -> None:
        """Send requests, at most REQUESTS at once and each when the budget allows, until one fails."""
        room = asyncio.Semaphore(REQUESTS)
        calls: list[asyncio.Task[int]] = []
        try:
            for batch in _within(self._bucket.rate, unsent):
                await room.acquire()
                if any(call.done() and call.exception() for call in calls):
                    break
                wait = self._bucket.wait(time.monotonic())
                if wait or len(self._taken) >= NOTED:
                    await self._note(clock())
                await asyncio.sleep(wait)
                self._bucket.spend(batch.cost, time.monotonic())
                calls.append(asyncio.create_task(self._call(batch)))
                calls[-1].add_done_callback(lambda _: room.release())
            await asyncio.wait(calls)
        finally:
            for call in calls:
                call.cancel()  # does nothing to those that are done
        await self._note(clock())
        failed = [error for call in calls if (error := call.exception()) is not None]
        if failed:
            raise failed[0]
        left = sum(call.result() for call in calls)
        if left:
            raise CloudError(f"DynamoDB did not take {left} of {len(unsent)} chunks yet.")

    async def _call(self, batch: UploadBatch) -> int:
        """Send one request; how many chunks the table did not take, which cost nothing."""
        left = await asyncio.to_thread(self._table.put, list(batch.chunks.values()))
        taken = [number for number, chunk in batch.chunks.items() if chunk not in left]
        cost = sum(units(size(batch.chunks[number])) for number in taken)
        self._bucket.spend(cost - batch.cost, time.monotonic())
        self._spent.append((time.monotonic(), cost))
        self._taken += taken
        return len(left)

    async def _note(self, now: int) -> None:
        """Write down which chunks the table has."""
        taken, self._taken = self._taken, []
        if taken:
            await self._database.write(chunks.sent, taken, now)


def _within(rate: float, unsent: Mapping[int, Chunk]) -> Iterator[UploadBatch]:
    """Requests of as many chunks as one second of the budget allows, at least one."""
    batch = UploadBatch({}, 0)
    for number, chunk in unsent.items():
        cost = units(size(chunk))
        if batch.chunks and (batch.cost + cost > rate or len(batch.chunks) == SEND_AT_ONCE):
            yield batch
            batch = UploadBatch({}, 0)
        batch.chunks[number] = chunk
        batch = UploadBatch(batch.chunks, batch.cost + cost)
    if batch.chunks:
        yield batch
