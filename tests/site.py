"""A core on a real SQLite file, without broker, cloud and web."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from firmware.wire import ack
from server.core import Core, open_core
from server.ingest.acks import Acks
from server.ingest.consumer import Consumer
from server.rights import THIS_MACHINE
from server.settings import Settings
from server.store.database import Database


class Site:
    """A core, its consumer, and every ack that left it."""

    def __init__(self, core: Core) -> None:
        self.core = core
        self.acks: list[tuple[str, ack.Ack]] = []
        acks = Acks("shop", self._sent, lambda: 0)
        self.consumer = Consumer(core.database, core.intake, acks)

    def _sent(self, topic: str, payload: bytes) -> None:
        self.acks.append((topic.split("/")[2], ack.decode(payload)))

    async def take(self, *arrivals: object) -> None:
        """Commit arrivals as one batch."""
        for arrival in arrivals:
            self.consumer.put(arrival)  # type: ignore[arg-type]
        await self.consumer.drain()

    async def query(self, sql: str) -> list[tuple[object, ...]]:
        """Rows of the store."""
        return await self.core.database.read(lambda connection: connection.execute(sql).fetchall())


Opener = Callable[..., AbstractAsyncContextManager[Site]]


@pytest.fixture
def site(tmp_path: Path) -> Opener:
    """`async with site(settings, folder)`: the same folder again is the same store again."""

    @asynccontextmanager
    async def opener(
        settings: Settings | None = None,
        folder: Path = tmp_path,
        devices: tuple[str, ...] = ("till-1", "till-2"),
    ) -> AsyncIterator[Site]:
        async with Database(folder) as database:
            one = Site(await open_core(settings or Settings(), database))
            for name in devices:
                if name not in one.core.names.ids["device"]:
                    await one.core.registrar.add(THIS_MACHINE, name)
            yield one

    return opener
