"""The day of the shop: its hours, and the same weekday a week before."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from server.calendar import HOUR_MS, Days
from server.folds.totals import Hourly
from server.words import local

OPENS, CLOSES = 8, 20  # shown even when nothing happens in them
PLACED, CANCELLED = "order.placed", "order.cancelled"


@dataclass(frozen=True)
class Hour:
    """Orders of one hour.

    label: its number on the clock, 0 to 23. placed, cancelled: how many orders. cents: of placed orders, less
    those of cancelled ones.
    """

    label: int
    placed: int
    cancelled: int
    cents: int


def begin(now: int, zone: ZoneInfo, back: int = 0) -> int:
    """Midnight at the site, `back` days ago, in ms since 1970 UTC."""
    return Days(zone).midnight(now, back)


def hours(totals: Hourly, now: int, zone: ZoneInfo, back: int = 0) -> list[Hour]:
    """The hours of a day: 24, or 23 and 25 when clocks change."""
    end = begin(now, zone, back - 1)
    starts = list(range(begin(now, zone, back), end, HOUR_MS))
    placed = totals.sums(PLACED, [*starts, end])
    cancelled = totals.sums(CANCELLED, [*starts, end])
    return [
        Hour(local(start, zone).hour, *_sums(plus, minus))
        for start, plus, minus in zip(starts, placed, cancelled, strict=True)
    ]


def _sums(placed: tuple[int, int], cancelled: tuple[int, int]) -> tuple[int, int, int]:
    return placed[0], cancelled[0], placed[1] - cancelled[1]


def shown(today: list[Hour], before: list[Hour], now_hour: int) -> range:
    """The hours to draw: opening to closing time, and all others with orders."""
    busy = [index for day in (today, before) for index, hour in enumerate(day) if hour.placed]
    first = min([OPENS, now_hour, *busy])
    return range(first, min(len(today), max([CLOSES, now_hour, *busy]) + 1))
