"""A real SQLite store with events, and a local cloud."""

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from server.core import Core, open_core
from server.ingest.acks import Acks
from server.ingest.arrival import UpArrival
from server.ingest.consumer import Consumer
from server.rights import THIS_MACHINE
from server.settings import CloudSection, Rule, Settings
from server.store.database import Database
from tests.ingest.boards import NOW, Board, order
from tools.demo.local_cloud import KEYS


@pytest.fixture(autouse=True)
def keys() -> Iterator[None]:
    """Credentials that only a local cloud takes."""
    before = {name: os.environ.get(name) for name in KEYS}
    os.environ.update(KEYS)
    yield
    for name, value in before.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


@pytest.fixture
async def core(tmp_path: Path) -> AsyncIterator[Core]:
    """A store of three rules' worth of mails and 60 events."""
    settings = Settings(
        cloud=CloudSection(mode="aws"),
        rule=(Rule(name="fifth", on="order.placed", every=5, to="ann@shop.example", template="thanks"),),
    )
    async with Database(tmp_path) as database:
        core = await open_core(settings, database)
        await core.registrar.add(THIS_MACHINE, "till-1")
        consumer = Consumer(database, core.intake, Acks("shop", lambda topic, payload: None, lambda: NOW))
        board = Board("till-1", 7)
        for number in range(60):
            board.emit(order(f"c{number % 3}", number))
        for first in (1, 21, 41):
            consumer.put(UpArrival("till-1", board.frame(first, 20), NOW))
        await consumer.drain()
        yield core
