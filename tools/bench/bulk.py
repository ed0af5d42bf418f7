"""Stores with millions of events, each posted with an id, built in bulk once and kept under var/.

They are written by the edge's own parts where these take many rows at once; only rankings and totals are
added up here, because the edge does that event by event.
"""

import asyncio
import os
import shutil
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from firmware.wire.event import EDGE
from server.calendar import HOUR_MS
from server.clock import milliseconds
from server.core import Core, open_core
from server.folds.names import Fresh
from server.rankings.window import ALL
from server.rights import THIS_MACHINE
from server.settings import Settings
from server.store import checkpoints, cursors, events, indexer, repeated_ids
from server.store.cursors import CursorRow
from server.store.database import Database
from server.store.events import LogRow
from server.store.schema import MIGRATIONS
from tools.bench import store

CACHE = Path("var/bench")
BOARDS, EPOCH = 50, 1
APART_MS = 10_000  # 3,000,000 orders are a year
SINCE_MS = 60 * 86_400_000  # the newest one is older than any window, so that no day has to be kept
STEP = repeated_ids.RUN
KEPT_S = 7 * 86_400  # ids are remembered 30 days from the day a store is built


@contextmanager
def copy(rows: int) -> Iterator[Path]:
    """A folder of its own whose `data` holds `rows` events of 50 boards."""
    kept = _cached(rows)
    with tempfile.TemporaryDirectory() as name:
        shutil.copytree(kept / "data", Path(name) / "data")
        yield Path(name)


def _cached(rows: int) -> Path:
    kept = CACHE / f"schema-{len(MIGRATIONS)}" / str(rows)
    if kept.exists() and time.time() - kept.stat().st_mtime < KEPT_S:
        return kept
    print(f"building a store of {rows:,} events, kept in {kept} ...", file=sys.stderr)
    draft = kept.with_suffix(f".{os.getpid()}")
    try:
        asyncio.run(_build(draft / "data", rows))
        shutil.rmtree(kept, ignore_errors=True)
        draft.replace(kept)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return kept


async def _build(folder: Path, rows: int) -> None:
    async with Database(folder) as database:
        core = await open_core(Settings(), database)
        for board in range(BOARDS):
            await core.registrar.add(THIS_MACHINE, f"till-{board}")
        bulk = Bulk(core, milliseconds() - SINCE_MS - rows * APART_MS)
        await database.write(bulk.begin)
        for first in range(0, rows, STEP):
            await database.write(bulk.append, range(first, min(first + STEP, rows)))
        await database.write(bulk.end, rows)
        await database.write(indexer.step, rows)


class Bulk:
    """Appends orders, and keeps their sums. began_at: the time of the first one, ms since 1970 UTC."""

    def __init__(self, core: Core, began_at: int) -> None:
        self._core = core
        self._began_at = began_at
        self._seen = repeated_ids.RepeatedIds()
        self._devices = [core.names.ids["device"][f"till-{board}"] for board in range(BOARDS)]
        self._customers: list[int] = []
        self._kind = 0
        self._orders: Counter[int] = Counter()
        self._cents: Counter[int] = Counter()
        self._hours: dict[int, tuple[int, int]] = {}

    def begin(self, connection: sqlite3.Connection) -> None:
        """Name the kind and the customers."""
        fresh = Fresh(self._core.names, connection, self._began_at)
        self._kind = fresh.id("kind", "order.placed")
        self._customers = [fresh.id("customer", f"{who:06d}") for who in range(store.CUSTOMERS)]
        self._seen.load(connection)

    def append(self, connection: sqlite3.Connection, numbers: range) -> None:
        """Orders, by their numbers from 0, and their ids."""
        pack = msgspec.msgpack.Encoder().encode
        rows, marks = [], []
        for number in numbers:
            at, device = self._began_at + number * APART_MS, self._devices[number % BOARDS]
            customer, cents = self._customers[number * 7919 % store.CUSTOMERS], number % 10_000
            fields = pack({"quantity": 1, "cents": cents})
            rows.append(LogRow(number + 1, device, EPOCH, number // BOARDS + 1, self._kind, customer,
                         at, at, at, EDGE, 0, 0, fields))  # fmt: skip
            marks.append(repeated_ids.mark(device, f"old-{number}"))
            self._count(at, customer, cents)
        events.append(connection, rows)
        change = self._seen.remember(connection, marks, milliseconds())
        self._seen.adopt(marks, change)

    def end(self, connection: sqlite3.Connection, rows: int) -> None:
        """Write cursors and a checkpoint."""
        last = [(rows - 1 - board) // BOARDS + 1 for board in range(BOARDS)]
        newest_at = self._began_at + rows * APART_MS
        moved = zip(self._devices, last, strict=True)
        cursors.save(
            connection,
            [CursorRow(device, EPOCH, acked, b"", 0, 0, newest_at) for device, acked in moved if acked],
        )
        scores = [("orders", ALL, who, count) for who, count in self._orders.items()]
        scores += [("spend", ALL, who, cents) for who, cents in self._cents.items()]
        totals = [(hour, self._kind, *total) for hour, total in self._hours.items()]
        checkpoints.save(connection, checkpoints.Delta(rows, scores, [], totals))

    def _count(self, at: int, customer: int, cents: int) -> None:
        self._orders[customer] += 1
        self._cents[customer] += cents
        count, sum_ = self._hours.get(at // HOUR_MS, (0, 0))
        self._hours[at // HOUR_MS] = (count + 1, sum_ + cents)
