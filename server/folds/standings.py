"""Notes at each full hour of the site how every ranking stands, and finds earlier standings.

A standing holds what was committed until it was noted, with the windows of the moment before `at`. It is
noted within half a second of its hour. An edge that was off at that hour notes it at its start, exactly,
since nothing has happened meanwhile. Where that is not possible, `at` is the moment when it was noted.
"""

import asyncio
from collections.abc import Mapping
from typing import Literal, NamedTuple

from loguru import logger

from server.calendar import HOUR_MS, MINUTE_MS, Days
from server.errors import StoreFull
from server.folds.folds import Folds, noun_of
from server.folds.names import Names
from server.rankings.standing import NOTED, Standing, StandingHistory, standing
from server.store import events, standings
from server.store.connection import Connection
from server.store.database import Database
from server.store.standings import StandingRow

Against = Literal["hour", "day"]
KEPT_MS = 26 * HOUR_MS  # longer than the longest day
LATE_MS = MINUTE_MS  # what is noted at most this long after an hour counts as noted at the hour


class Before(NamedTuple):
    """An earlier standing.

    at: its moment, ms since 1970 UTC. ranks: key to place, from 1. ids: name of a key to the key.
    """

    at: int
    ranks: Mapping[int, int]
    ids: Mapping[str, int]

    @property
    def compared_at(self) -> int | None:
        """`at`; None when no key was listed then: every key would be new, which tells nothing."""
        return self.at if self.ranks else None

    def rank(self, key: str) -> int | None:
        """The place of a key then, from 1; None when it was not among the best 1,000."""
        return self.ranks.get(self.ids.get(key, 0))


class Standings:
    """Call `look` at least every second: it also lets the rankings' day move on."""

    def __init__(self, folds: Folds, names: Names, days: Days) -> None:
        self._folds = folds
        self._names = names
        self._days = days
        self.kept: dict[tuple[str, str], StandingHistory] = {}
        self._unsaved: list[StandingRow] = []
        self._through = 0
        self._changed_at = 0  # when the log was last seen to grow
        self._looked_at = 0

    def load(self, connection: Connection) -> None:
        """Read what is kept, and when the newest event came."""
        found: dict[tuple[str, str], list[Standing]] = {}
        for ranking, window, at, packed in standings.everything(connection):
            found.setdefault((ranking, window), []).append(Standing(at, packed))
        pairs = [(name, window) for name, windows in self._folds.names() for window in windows]
        self.kept = {pair: StandingHistory(found.get(pair, ())) for pair in pairs}
        self._changed_at = events.newest_received_at(connection)
        self._through = self._folds.through

    async def look(self, now: int, database: Database) -> None:
        """Note what is due at `now` (ms), let the day be that of `now`, and write what was noted."""
        if self._folds.through != self._through:
            self._through, self._changed_at = self._folds.through, now
        if self._days.hour(now) != self._days.hour(self._looked_at):
            for at in self._moments(now):
                await self._note(at, now)
        self._looked_at = now
        self._folds.move(now)
        if self._unsaved:
            rows, self._unsaved = self._unsaved, []
            try:
                await database.write(standings.save, rows)
            except StoreFull as error:
                logger.warning("no standings: {}", error.sentence)
                self._unsaved = rows

    def before(self, name: str, window: str, against: Against, now: int) -> Before | None:
        """The standing of a window an hour ago (the newest that is at least an hour old), or yesterday (the
        newest at or before the last midnight); None when nothing is noted of then."""
        kept = self.kept.get((name, window))
        found = kept.until(now - HOUR_MS if against == "hour" else self._days.midnight(now)) if kept else None
        if found is None:
            return None
        return Before(found.at, found.ranks, self._names.ids[noun_of(self._folds.rankings[name].spec.key)])

    def _moments(self, now: int) -> list[int]:
        """The moments to note now, the oldest first."""
        hour = self._days.hour(now)
        missed = {self._days.midnight(now), self._days.hour(hour - 1)} - {hour}
        exact = [at for at in sorted(missed) if at > self._changed_at]
        is_exact = hour > self._changed_at or now - hour <= LATE_MS
        return [*exact, hour if is_exact else now]

    async def _note(self, at: int, now: int) -> None:
        """Note every window that has nothing since `at`; gives way to others between two of them."""
        due = [pair for pair in self.kept if self._newest(pair, now) < min(at, self._days.hour(now))]
        if due:
            self._folds.move(at - 1)
        for name, window in due:
            kept = self.kept[(name, window)]
            heap = self._folds.rankings[name].heap(window)
            one = standing(at, [key for key, _ in heap.top(NOTED)])
            kept.note(one)
            oldest = kept.keep(now - KEPT_MS, self._days.midnight(now))
            self._unsaved.append(StandingRow(name, window, at, one.packed, oldest))
            await asyncio.sleep(0)

    def _newest(self, pair: tuple[str, str], now: int) -> int:
        found = self.kept[pair].until(now)
        return found.at if found else -1
