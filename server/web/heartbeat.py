"""The strip of 24 marks that shows when a device was heard: full, slow, missing, or nothing expected."""

from itertools import groupby
from typing import NamedTuple, Protocol

from server.calendar import HOUR_MS, MINUTE_MS

MARKS = 24
RANGES = {"24h": 1, "7d": 7, "30d": 30, "90d": 90}  # hours per mark
WORDS = {"24h": "24 h", "7d": "7 days", "30d": "30 days", "90d": "90 days"}
FULL, SLOW, GAP, REST = "ok", "slow", "gap", "rest"
PITCH, WIDTH = 6, 4  # of marks, in units of the drawing
MISSED = 0.05  # share of minutes that a full mark may lack; with at most this share heard a mark is missing


class Minutes(Protocol):
    """Minutes of each hour in which a device was heard: server.folds.beats.Beats."""

    def minutes(self, name: str, hours: range) -> int: ...


class Strip(NamedTuple):
    """The marks of a device. paths: by kind of mark, the SVG path that draws them. label: them in words."""

    paths: dict[str, str]
    label: str


def strip(beats: Minutes, name: str, added_at: int, now: int, range_: str) -> Strip:
    """The marks of a device that was added at `added_at` (ms), the newest at the right."""
    marks = [_mark(beats, name, hours, added_at, now) for hours in _hours(now, RANGES[range_])]
    return Strip(_paths(marks), _label(marks, RANGES[range_], WORDS[range_]))


def _hours(now: int, each: int) -> list[range]:
    end = now // HOUR_MS + 1
    return [range(end - (MARKS - mark) * each, end - (MARKS - mark - 1) * each) for mark in range(MARKS)]


def _mark(beats: Minutes, name: str, hours: range, added_at: int, now: int) -> str:
    begin, end = max(hours.start * HOUR_MS, added_at), min(hours.stop * HOUR_MS, now)
    expected = (end - begin) // MINUTE_MS
    heard = beats.minutes(name, hours)
    if end < begin or (expected == 0 and not heard):
        return REST
    if heard + 1 >= expected * (1 - MISSED):  # the minute that is under way counts already, or not yet
        return FULL
    return GAP if heard <= expected * MISSED else SLOW


def _paths(marks: list[str]) -> dict[str, str]:
    paths: dict[str, str] = {}
    at = 0
    for kind, run in groupby(marks):
        count = len(list(run))
        paths[kind] = paths.get(kind, "") + f"M{at * PITCH} 9H{(at + count) * PITCH - PITCH + WIDTH}"
        at += count
    return paths


def _label(marks: list[str], each: int, span: str) -> str:
    parts = [
        f"{_time(marks.count(kind) * each)} {word}"
        for kind, word in ((GAP, "missing"), (SLOW, "slow"))
        if kind in marks
    ]
    return f"Last {span}: {', '.join(parts) or 'every beat'}"


def _time(hours: int) -> str:
    return f"{hours} h" if hours < 48 else f"{hours / 24:.0f} days"
