"""Rankings of all sites, merged from the sheets in the table."""

import asyncio
import time
from collections.abc import Callable
from typing import NamedTuple

from loguru import logger

from server.errors import CloudError
from server.rankings.window import ALL, DAYS
from sync.table.sheet import Merge
from sync.table.table import Scores

FRESH_S = 60.0  # reading 100,000 customers of a site costs about 150 read units


class Merged(NamedTuple):
    """A window of a ranking over all sites. rows: (key, score), the best first, ties by the smaller key.

    sites: by name, when the site wrote its newest sheet, ms since 1970 UTC.
    """

    rows: list[tuple[str, int]]
    sites: dict[str, int]


class AllSites:
    """Reads a ranking when somebody asks and the last reading is a minute old; one reading at a time.

    today: gives the present day of this site, in days since 1970. clock: seconds of any steady clock.
    """

    def __init__(
        self, table: Scores, today: Callable[[], int], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._table = table
        self._today = today
        self._clock = clock
        self._locks: dict[str, asyncio.Lock] = {}
        self._read: dict[str, tuple[float, Merge]] = {}
        self._merged: dict[tuple[str, str, int], tuple[Merge, Merged]] = {}

    async def merged(self, ranking: str, window: str) -> Merged:
        """A window of a ranking. Raises CloudError when the table was never read and cannot be read now."""
        async with self._locks.setdefault(ranking, asyncio.Lock()):
            read_at, merge = self._read.get(ranking, (-FRESH_S, None))
            if merge is None or self._clock() - read_at >= FRESH_S:
                merge = await self._again(ranking, merge)
            today = self._today()
            known = self._merged.get((ranking, window, today))
            if known is None or known[0] is not merge:
                known = merge, await asyncio.to_thread(_ranked, merge, window, today)
                stale = [key for key in self._merged if key[:2] == (ranking, window)]
                for key in stale:
                    del self._merged[key]
                self._merged[(ranking, window, today)] = known
            return known[1]

    async def _again(self, ranking: str, before: Merge | None) -> Merge:
        try:
            merge = await asyncio.to_thread(lambda: Merge(self._table.sheets(ranking)))
        except CloudError as error:
            if before is None:
                raise
            logger.warning(error.sentence)
            merge = before
        self._read[ranking] = self._clock(), merge
        return merge


def _ranked(merge: Merge, window: str, today: int) -> Merged:
    days = DAYS[window]
    buckets = range(today - days + 1, today + 1) if days else (ALL,)
    scores = merge.scores(buckets)
    listed = [(key, score) for key, score in scores.items() if score > 0]
    return Merged(sorted(listed, key=lambda row: (-row[1], row[0])), merge.sites())
