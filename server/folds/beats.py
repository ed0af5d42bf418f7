"""The heartbeat of each device: the minutes of the last months in which it was heard, in memory."""

from collections.abc import Mapping
from dataclasses import dataclass

from server.calendar import HOUR_MS, MINUTE_MS
from server.store import beats
from server.store.beats import HOURS, Day
from server.store.connection import Connection

KEPT_DAYS = 91


@dataclass(frozen=True)
class Unsaved:
    """What the store lacks. days: changed ones, with the minutes of their hours. old: those to forget."""

    days: Mapping[Day, bytes]
    old: set[Day]


class Beats:
    """Counts minutes, not messages: a minute counts once, however often a device was heard in it."""

    def __init__(self) -> None:
        self._days: dict[Day, bytearray] = {}
        self._last: dict[str, int] = {}  # the newest minute that was counted
        self._dirty: set[Day] = set()
        self._old: set[Day] = set()  # to be forgotten by the store too

    def load(self, connection: Connection, now: int) -> None:
        """Read what is kept, and forget what is older."""
        self._days = beats.load(connection)
        first = now // HOUR_MS // HOURS - KEPT_DAYS
        self._old = {day for day in self._days if day[1] <= first}
        for day in self._old:
            del self._days[day]

    def heard(self, name: str, now: int) -> None:
        """A device was heard at `now`, ms since 1970 UTC."""
        minute = now // MINUTE_MS
        if minute <= self._last.get(name, -1):  # counted, or the clock went back
            return
        self._last[name] = minute
        hour = now // HOUR_MS
        day = (name, hour // HOURS)
        hours = self._days.get(day) or self._begin(day)
        hours[hour % HOURS] = min(60, hours[hour % HOURS] + 1)
        self._dirty.add(day)

    def _begin(self, day: Day) -> bytearray:
        """A new day of a device, with which its oldest one goes."""
        old = (day[0], day[1] - KEPT_DAYS)
        if self._days.pop(old, None) is not None:
            self._old.add(old)
        hours = self._days[day] = bytearray(HOURS)
        return hours

    def minutes(self, name: str, hours: range) -> int:
        """The number of minutes in which it was heard in these hours (numbers of hours since 1970 UTC)."""
        found = 0
        for day in range(hours.start // HOURS, -(-hours.stop // HOURS)):
            known = self._days.get((name, day))
            if known is not None:
                first = day * HOURS
                found += sum(known[max(0, hours.start - first) : hours.stop - first])
        return found

    def unsaved(self) -> Unsaved:
        """The changes since the last call."""
        made = Unsaved({day: bytes(self._days[day]) for day in self._dirty - self._old}, self._old)
        self._dirty, self._old = set(), set()
        return made

    def merge(self, unsaved: Unsaved) -> None:
        """Take back what could not be saved, so that the next save has it."""
        self._dirty.update(unsaved.days)
        self._old |= unsaved.old
