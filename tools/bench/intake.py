"""BW-1 frames to committed, folded, ruled events, against a bare `executemany` into the bare log."""

import asyncio
import sqlite3
import tempfile
import time
from pathlib import Path

from firmware.wire.event import EARLIEST_AT
from server.clock import milliseconds
from server.core import open_core
from server.ingest.acks import Acks
from server.ingest.consumer import Consumer
from server.settings import Rule, Settings
from server.store.database import Database
from tools.bench import store

BOARDS, FRAMES = 50, 40
COUNT = BOARDS * FRAMES * store.EVENTS
SETTINGS = Settings(rule=(Rule(name="tenth", on="order.placed", every=10, to="a@shop.example"),))


def intake() -> float:
    """Events a second, from a decoded MQTT message to the ack."""
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(_intake(Path(folder)))


def bare() -> float:
    """Rows a second of `executemany` with the same durability and batches of 2,000."""
    row = (1, 7, 1, 1, 5, EARLIEST_AT, EARLIEST_AT, EARLIEST_AT, 2, 1, 1000, bytes(24))
    with tempfile.TemporaryDirectory() as folder:
        connection = sqlite3.connect(Path(folder) / "bare.db", isolation_level=None)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(
            "CREATE TABLE event (id INTEGER PRIMARY KEY, device, epoch, seq, kind, customer, at, "
            "received_at, clock_at, quality, boot, uptime_ms, fields)"
        )
        began = time.perf_counter()
        for _ in range(COUNT // 2000):
            connection.execute("BEGIN")
            connection.executemany(
                "INSERT INTO event VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", [row] * 2000
            )
            connection.execute("COMMIT")
        took = time.perf_counter() - began
        connection.close()
    return COUNT / took


async def _intake(folder: Path) -> float:
    async with Database(folder) as database:
        core = await open_core(SETTINGS, database)
        acks: list[str] = []
        consumer = Consumer(
            database, core.intake, Acks("shop", lambda topic, _: acks.append(topic), milliseconds)
        )
        for number in range(BOARDS):
            await core.registrar.add(f"till-{number}")
        arrivals = [store.up(board, number) for number in range(FRAMES) for board in range(BOARDS)]
        began = time.perf_counter()
        for arrival in arrivals:
            consumer.put(arrival)
        await consumer.drain()
        took = time.perf_counter() - began
        assert core.folds.through == COUNT
    return COUNT / took
