"""The days and hours of a site: the only place that knows its time zone. Moments are ms since 1970 UTC."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

MINUTE_MS = 60_000
QUARTER_MS = 15 * MINUTE_MS  # offsets of time zones change at quarter hours only
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
YEARS = range(2000, 2038)

Offset = Callable[[int], int]  # a moment to local time minus UTC, in ms


class Grid(NamedTuple):
    """Hours as numbers. step: ms of one hour. phase: ms by which an hour begins before an hour of UTC.

    A zone whose clocks ever changed by less than an hour since 2000 has quarters instead.
    """

    step: int = HOUR_MS
    phase: int = 0

    def number(self, at: int) -> int:
        """The number of the hour that holds a moment (ms since 1970 UTC)."""
        return (at + self.phase) // self.step


@lru_cache
def grid(zone: ZoneInfo) -> Grid:
    """The grid in which each hour of the site's clock begins with a number."""
    moments = (datetime(year, month, 1, tzinfo=zone) for year in YEARS for month in range(1, 13))
    offsets = {int((moment.utcoffset() or timedelta()).total_seconds() * 1000) for moment in moments}
    phases = {offset % HOUR_MS for offset in offsets}
    return Grid(HOUR_MS, phases.pop()) if len(phases) == 1 else Grid(QUARTER_MS, 0)


def next_hour(at: int, offset: Offset) -> int:
    """The first full hour of the local clock after a moment."""
    return at - (at + offset(at)) % HOUR_MS + HOUR_MS


def next_day(at: int, offset: Offset) -> int:
    """The first moment of the local day after the one of a moment."""
    day, into = divmod(at + offset(at), DAY_MS)
    if offset(at) == offset(end := at + DAY_MS - into):
        return end
    end = at  # clocks change on this day
    while (local := end + offset(end)) // DAY_MS == day:
        end = min(end + DAY_MS - local % DAY_MS, end - end % QUARTER_MS + QUARTER_MS)
    return end


class Days:
    """Moments to days since 1970 in a time zone, daylight saving included."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self.grid = grid(zone)
        self._offsets: dict[int, int] = {}

    def day(self, at: int) -> int:
        """The local day of a moment in ms since 1970 UTC."""
        offset = self._offsets.get(at // QUARTER_MS)
        return (at + (self.offset(at) if offset is None else offset)) // DAY_MS

    def begin(self, day: int) -> int:
        """The first moment of a local day, in ms since 1970 UTC."""
        midnight = datetime.combine(date(1970, 1, 1) + timedelta(days=day), time(), self._zone)
        return int(midnight.timestamp() * 1000)

    def midnight(self, at: int, back: int = 0) -> int:
        """The first moment of the local day `back` days before the one of a moment."""
        return self.begin(self.day(at) - back)

    def hour(self, at: int) -> int:
        """The last full hour of the local clock at or before a moment, in ms since 1970 UTC."""
        return at - (at + self.offset(at)) % HOUR_MS

    def offset(self, at: int) -> int:
        """Local time minus UTC at a moment, in ms."""
        quarter = at // QUARTER_MS
        offset = self._offsets.get(quarter)
        if offset is None:
            if len(self._offsets) > 100_000:
                self._offsets.clear()
            moment = datetime.fromtimestamp(quarter * QUARTER_MS / 1000, UTC)
            span = moment.astimezone(self._zone).utcoffset()
            offset = int(span.total_seconds() * 1000) if span is not None else 0
            self._offsets[quarter] = offset
        return offset
