"""Keeps the indexes for reading close behind the log, and out of the way of intake."""

import asyncio
from collections.abc import Callable

from server.errors import StoreFull
from server.store import indexer
from server.store.database import Database

IDLE_S = 0.5
YIELD_S = 0.02


class Indexing:
    """The worker that builds indexes. busy: whether events wait for a commit; then it waits too."""

    def __init__(self, database: Database, busy: Callable[[], bool]) -> None:
        self._database = database
        self._busy = busy

    async def run(self) -> None:
        """Index until cancelled."""
        while True:
            if self._busy():
                await asyncio.sleep(YIELD_S)
                continue
            try:
                count = await self._database.write(indexer.step)
            except StoreFull:
                count = 0
            await asyncio.sleep(YIELD_S if count == indexer.STEP else IDLE_S)
