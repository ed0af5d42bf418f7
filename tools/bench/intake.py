"""BW-1 frames to committed, folded, ruled events, against a bare `executemany` into the bare log."""

import asyncio
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

from server import garbage_collector
from server.calendar import Days
from server.clock import milliseconds
from server.core import open_core
from server.folds.checkpointer import Checkpointer
from server.ingest.acks import Acks
from server.ingest.consumer import Consumer
from server.settings import Rule, Settings
from server.store.database import Database
from tools.bench import bulk, store

BOARDS, FRAMES = 50, 40
COUNT = BOARDS * FRAMES * store.EVENTS
BATCH = 2000
Timer = Callable[[], float]
SETTINGS = Settings(rule=(Rule(name="tenth", on="order.placed", every=10, to="a@shop.example"),))


def intake() -> float:
    """Events per second, from a decoded MQTT message to the ack, from an empty store."""
    with tempfile.TemporaryDirectory() as name:
        store.fill(Path(name), BOARDS)
        return COUNT / asyncio.run(_intake(Path(name) / "data", 0))


def cpu_us(settings: Settings = SETTINGS) -> float:
    """Microseconds of processor per event, from an empty store."""
    with tempfile.TemporaryDirectory() as name:
        store.fill(Path(name), BOARDS)
        took_s = asyncio.run(_intake(Path(name) / "data", 0, settings, time.process_time))
    return took_s / COUNT * 1e6


def bare() -> float:
    """The same rows per second by `executemany`, with the same durability, in batches of 2,000."""
    with tempfile.TemporaryDirectory() as name, _table(Path(name)) as connection:
        return _append(connection, COUNT)


class Grown:
    """Both again, over stores that hold rows already and grow by each round; made by `grown`."""

    def __init__(self, folder: Path, connection: sqlite3.Connection) -> None:
        self._folder = folder
        self._connection = connection
        self._frames = 0  # of each board so far

    def intake(self) -> float:
        """Events per second, as above."""
        first, self._frames = self._frames, self._frames + FRAMES
        return COUNT / asyncio.run(_intake(self._folder / "data", first))

    def bare(self) -> float:
        """Rows per second, as above."""
        return _append(self._connection, COUNT)


@contextmanager
def grown(rows: int) -> Iterator[Grown]:
    """A store and a bare table with `rows` rows."""
    with bulk.copy(rows) as folder, _table(folder) as connection:
        _append(connection, rows)
        yield Grown(folder, connection)


@contextmanager
def _table(folder: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(folder / "bare.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute(
        "CREATE TABLE event (id INTEGER PRIMARY KEY, device, epoch, seq, kind, customer, at, "
        "received_at, clock_at, quality, boot, uptime_ms, fields)"
    )
    try:
        yield connection
    finally:
        connection.close()


@lru_cache(1)
def _rows() -> list[tuple[object, ...]]:
    """The rows that intake appends for these frames, except the id."""
    with tempfile.TemporaryDirectory() as name:
        store.fill(Path(name), BOARDS, FRAMES)
        with sqlite3.connect(Path(name) / "data" / "boardwalk.db") as connection:
            rows = connection.execute("SELECT * FROM event ORDER BY id").fetchall()
        connection.close()
    return [row[1:] for row in rows]


def _append(connection: sqlite3.Connection, count: int) -> float:
    rows = _rows()
    began = time.perf_counter()
    for first in range(0, count, BATCH):
        start = first % len(rows)
        connection.execute("BEGIN")
        connection.executemany(
            "INSERT INTO event VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows[start : start + BATCH]
        )
        connection.execute("COMMIT")
    return count / (time.perf_counter() - began)


async def _intake(
    folder: Path, first: int, settings: Settings = SETTINGS, timer: Timer = time.perf_counter
) -> float:
    """Seconds that COUNT events take. first: the number of each board's first frame."""
    async with Database(folder) as database:
        core = await open_core(settings, database)
        checkpointer = Checkpointer(core, Days(settings.zone), milliseconds)
        acks: list[str] = []
        consumer = Consumer(
            database, core.intake, Acks("shop", lambda topic, _: acks.append(topic), milliseconds)
        )
        frames = range(first, first + FRAMES)
        arrivals = [store.up(board, number) for number in frames for board in range(BOARDS)]
        wanted = core.folds.through + COUNT
        garbage_collector.settle()  # as an edge does when it has started
        began = timer()
        for arrival in arrivals:
            consumer.put(arrival)
        await consumer.drain()
        for ranking, windows in core.folds.names():  # which settles what was added
            core.folds.top(ranking, windows[0], 10)
        took = timer() - began
        assert core.folds.through == wanted
        await checkpointer.write()  # so that the next start need not replay these
    return took
