"""The tile of today's orders: numbers, and the geometry of their charts."""

from itertools import accumulate

from server.web.live import charts, day
from server.web.live.day import Hour
from server.web.live.tile import Bar, Compared, Line, Lines, OrdersTile


def tile(weekday: str, today: list[Hour], before: list[Hour], now_hour: int) -> OrdersTile:
    """The tile as a value. before: the same weekday last week; compared only when it had orders."""
    known = any(hour.placed for hour in before)
    drawn = day.shown(today, before if known else [], now_hour)
    then = [_at(before, index) for index in drawn] if known else []
    now = [today[index] for index in drawn]
    placed, cents = sum(hour.placed for hour in today), sum(hour.cents for hour in today)
    return OrdersTile(
        weekday=weekday, count=placed, cancelled=sum(hour.cancelled for hour in today), cents=cents,
        average=round(cents / placed) if placed else None,
        now_hour=now_hour - drawn.start, hours=_bars(now, then),
        lines=_lines(now[: now_hour - drawn.start + 1], then, len(drawn)),
        before=_compare(today[:now_hour], before[:now_hour], now_hour) if known else None,
    )  # fmt: skip


def _bars(now: list[Hour], then: list[Hour]) -> list[Bar]:
    top = max(hour.placed for hour in [*now, *then])
    return [
        Bar(
            label=hour.label, count=hour.placed, cents=hour.cents, high=charts.bar(hour.placed, top),
            before=then[index].placed if then else None,
            before_high=charts.bar(then[index].placed, top) if then else None,
        )
        for index, hour in enumerate(now)
    ]  # fmt: skip


def _lines(now: list[Hour], then: list[Hour], slots: int) -> Lines:
    """Takings so far and the average order, by hour."""
    return Lines(
        takings=_line(_takings(now), _takings(then), slots),
        average=_line(_averages(now), _averages(then), slots),
    )


def _line(now: list[float], then: list[float], slots: int) -> Line:
    top = max([0.0, *now, *then])
    now, then = (now if any(now) else []), (then if any(then) else [])
    return Line(charts.line(now, slots, top), charts.tip(now, slots, top), charts.line(then, slots, top))


def _takings(hours: list[Hour]) -> list[float]:
    return [float(cents) for cents in accumulate(hour.cents for hour in hours)]


def _averages(hours: list[Hour]) -> list[float]:
    """The average order of each hour; an hour without orders has the average of the one before."""
    found: list[float] = []
    for hour in hours:
        found.append(hour.cents / hour.placed if hour.placed else (found[-1] if found else 0.0))
    return found


def _compare(today: list[Hour], before: list[Hour], now_hour: int) -> Compared | None:
    """Both days up to the last full hour; None while there is nothing to compare with."""
    count, then = sum(hour.placed for hour in today), sum(hour.placed for hour in before)
    cents, then_cents = sum(hour.cents for hour in today), sum(hour.cents for hour in before)
    if not then or not then_cents:
        return None
    return Compared(
        by_hour=now_hour, count=then, cents=then_cents,
        count_percent=round(100 * (count - then) / then),
        cents_percent=round(100 * (cents - then_cents) / then_cents),
    )  # fmt: skip


def _at(hours: list[Hour], index: int) -> Hour:
    return hours[index] if index < len(hours) else Hour(index, 0, 0, 0)
