"""Writes the scores of this site to the table, as far as the checkpoint of the store has them."""

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from itertools import groupby

from loguru import logger
from msgspec.structs import replace

from server.errors import CloudError
from server.store import checkpoints, generation
from server.store.connection import Connection
from server.store.database import Database
from sync.backoff import Backoff
from sync.table.budget import units
from sync.table.sheet import Sheet, Version, cut
from sync.table.table import Scores
from sync.token_bucket import TokenBucket

EVERY_S = 60.0
BACKOFF_S = (1.0, 300.0)
HEAD = 120  # bytes of an item beside its body


class ScoreWriter:
    """Writes the sheets that have changed, at a slow rate of its own.

    rankings: by name, the noun that their keys are names of. error: a sentence why it cannot write, None
    when it can.
    """

    def __init__(
        self, database: Database, table: Scores, site: str, rankings: Mapping[str, str], bucket: TokenBucket
    ) -> None:
        self._database = database
        self._table = table
        self._site = site
        self._rankings = rankings
        self._bucket = bucket
        self._there: dict[str, dict[str, tuple[Sheet, int]]] = {}  # by ranking, sk: without scores, mark
        self._done: dict[str, Version] = {}
        self.error: str | None = None

    async def run(self, clock: Callable[[], int]) -> None:
        """Write once a minute until cancelled."""
        backoff = Backoff(*BACKOFF_S)
        while True:
            try:
                await self.write(clock())
                self.error = None
                backoff.worked()
                await asyncio.sleep(EVERY_S)
            except CloudError as error:
                if self.error is None:
                    logger.warning(error.sentence)
                self.error = error.sentence
                await asyncio.sleep(backoff.failed())

    async def write(self, now: int) -> None:
        """Bring the table up to the checkpoint. now: ms since 1970 UTC. Raises CloudError."""
        for ranking in self._rankings:
            if ranking not in self._there:
                self._there[ranking] = await asyncio.to_thread(self._look, ranking)
            version, whole = await self._database.read(self._whole, ranking, now)
            if version == self._done.get(ranking):
                continue
            due, stale = await asyncio.to_thread(self._compare, ranking, whole)
            for sheet in due:
                await self._pay(len(sheet.body))
                await asyncio.to_thread(self._table.put_sheet, sheet)
                self._there[ranking][sheet.sk] = _noted(sheet)
            for sheet in stale:  # last, because before some keys were in no other sheet
                await self._pay(0)
                await asyncio.to_thread(self._table.drop_sheet, sheet)
                del self._there[ranking][sheet.sk]
            self._done[ranking] = version

    def _look(self, ranking: str) -> dict[str, tuple[Sheet, int]]:
        mine = (sheet for sheet in self._table.sheets(ranking) if sheet.site == self._site)
        return {sheet.sk: _noted(sheet) for sheet in mine}

    def _whole(self, connection: Connection, ranking: str, now: int) -> tuple[Version, list[Sheet]]:
        """One sheet per bucket with all its keys, of one checkpoint; no sheet for a bucket without scores."""
        version = Version(generation.born_at(connection), checkpoints.through(connection))
        rows = checkpoints.named_scores(connection, ranking, self._rankings[ranking])
        return version, [
            Sheet(ranking, self._site, day, "", version, now, {name: score for _, name, score in some})
            for day, some in groupby(rows, lambda row: row[0])
        ]

    def _compare(self, ranking: str, whole: Iterable[Sheet]) -> tuple[list[Sheet], list[Sheet]]:
        """The sheets to write, and those to remove."""
        there, due, places = self._there[ranking], list[Sheet](), set[str]()
        for one in whole:
            mine = [sheet for sheet, _ in there.values() if sheet.bucket == one.bucket]
            for sheet in cut(one, max([int(known.part.split(".")[0]) for known in mine], default=1)):
                places.add(sheet.sk)
                known = there.get(sheet.sk)
                if (
                    known is None
                    or known[1] != sheet.mark
                    or known[0].version.born_at != sheet.version.born_at
                ):
                    due.append(sheet)
        return due, [sheet for sk, (sheet, _) in there.items() if sk not in places]

    async def _pay(self, size: int) -> None:
        await asyncio.sleep(self._bucket.wait(time.monotonic()))
        self._bucket.spend(units(HEAD + size), time.monotonic())


def _noted(sheet: Sheet) -> tuple[Sheet, int]:
    return replace(sheet, scores={}), sheet.mark
