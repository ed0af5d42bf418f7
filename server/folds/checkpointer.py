"""Writes checkpoints behind the log: one at least every 50,000 events or 5 s."""

import asyncio
from collections.abc import Callable
from typing import Protocol

from loguru import logger

from server.calendar import Days
from server.errors import StoreFull
from server.folds.folds import Folds
from server.folds.standings import Standings
from server.rankings.ranking import KEPT_DAYS
from server.store import checkpoints, generation
from server.store.database import Database

STEP_S = 0.5
EVERY_S = 5.0
EVERY_EVENTS = 50_000
AT_ONCE = 5000  # a start that replayed this many events writes at once, so that the next need not replay them


class CheckpointParts(Protocol):
    """The parts of server.core.Core that a checkpoint is made of."""

    database: Database
    folds: Folds
    standings: Standings
    generation: str
    checkpointed: int


class Checkpointer:
    """Writes checkpoints; it wakes often, so it also has standings noted and the rankings' day moved on."""

    def __init__(self, core: CheckpointParts, days: Days, clock: Callable[[], int]) -> None:
        self._database = core.database
        self._folds = core.folds
        self._standings = core.standings
        self._generation = core.generation
        self._days = days
        self._clock = clock
        self._written = core.checkpointed
        self._first_day = 0

    async def run(self) -> None:
        """Write checkpoints until cancelled."""
        waited = EVERY_S if self._folds.through - self._written >= AT_ONCE else 0.0
        while True:
            await asyncio.sleep(STEP_S)
            waited += STEP_S
            await self._standings.look(self._clock(), self._database)
            if waited >= EVERY_S or self._folds.through - self._written >= EVERY_EVENTS:
                waited = 0.0
                try:
                    await self.write()
                except StoreFull as error:
                    logger.warning("no checkpoint: {}", error.sentence)

    async def write(self, always: bool = False) -> None:
        """Write one checkpoint of the folds as they are, unless nothing came since the last one.

        always: even then. Raises StoreFull.
        """
        if self._folds.through == self._written and not always:
            return
        delta, dirty = self._folds.delta()
        try:
            await self._database.write(checkpoints.save, delta)
        except BaseException:
            self._folds.dirty.merge(dirty)
            raise
        self._written = delta.through
        await asyncio.to_thread(generation.note, self._database.folder, self._generation, delta.through)
        first_day = self._days.day(self._clock()) - KEPT_DAYS
        if first_day != self._first_day:
            await self._database.write(checkpoints.drop_days, first_day)
            self._first_day = first_day
