"""The tile of busy hours: the orders of each hour of the last seven days."""

from zoneinfo import ZoneInfo

from server.folds.totals import Hourly
from server.web.live import day
from server.web.live.tile import Cell, WeekDay, WeekTile
from server.words import local, number

DAYS = 7
STEPS = ("", "h1", "h2", "h3", "h4")
Counts = list[int]  # orders by the hour of the clock, 24 of them


def tile(totals: Hourly, now: int, zone: ZoneInfo) -> WeekTile:
    """The tile of the last seven days, today included."""
    backs = range(DAYS - 1, -1, -1)
    days = [_by_clock(totals, now, zone, back) for back in backs]
    names = [f"{local(day.begin(now, zone, back), zone):%A}" for back in backs]
    busy = [hour for one in days for hour, count in enumerate(one) if count]
    drawn = range(min([day.OPENS, *busy]), max([day.CLOSES, *busy]) + 1)
    now_hour, top = local(now, zone).hour, max(max(one) for one in days)
    rows = [
        WeekDay(name[:3], [_cell(one[hour], top, index == DAYS - 1, hour - now_hour) for hour in drawn])
        for index, (name, one) in enumerate(zip(names, days, strict=True))
    ]
    return WeekTile(list(drawn), rows, _busiest(names, days, top))


def _by_clock(totals: Hourly, now: int, zone: ZoneInfo, back: int) -> Counts:
    counts = [0] * 24
    for hour in day.hours(totals, now, zone, back):
        counts[hour.label] += hour.placed
    return counts


def _cell(count: int, top: int, is_today: bool, ahead: int) -> Cell:
    if is_today and ahead > 0:
        return Cell(None, "shut")
    if is_today and ahead == 0:
        return Cell(count, "now")
    if not count:
        return Cell(0, "shut")
    step = min(len(STEPS) - 1, len(STEPS) * count // (top + 1))
    return Cell(count, STEPS[step])


def _busiest(names: list[str], days: list[Counts], top: int) -> str:
    """The busiest hour in words."""
    if not top:
        return "No orders in these days"
    name, hour = next((name, one.index(top)) for name, one in zip(names, days, strict=True) if top in one)
    return f"Busiest: {name} {hour} to {hour + 1}, {number(top)}"
