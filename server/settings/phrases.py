"""The short texts of a rule: `top-10 of orders`, `15m`, `22:00-07:00`. Pure."""

import re
from typing import NamedTuple

from server.calendar import DAY_MS, HOUR_MS, MINUTE_MS

UNITS_MS = {"m": MINUTE_MS, "h": HOUR_MS, "d": DAY_MS}
LONGEST_MS = 31 * UNITS_MS["d"]
MOST = 1000  # of a top k
EXAMPLES = {"entered": "'top-10 of orders'", "silent": "'15m'", "quiet": "'22:00-07:00'"}

_ENTERED = re.compile(r"top-([1-9][0-9]{0,3}) of (\S+)")
_SPAN = re.compile(r"([1-9][0-9]{0,4})([mhd])")
_HOURS = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])-([01][0-9]|2[0-3]):([0-5][0-9])")


class Top(NamedTuple):
    """The best keys of a ranking in its window `all`. k: how many keys. ranking: its name."""

    k: int
    ranking: str

    def __str__(self) -> str:
        return f"top-{self.k} of {self.ranking}"


class Hours(NamedTuple):
    """A span of the site's day, which may go over midnight.

    start: its first minute since midnight. end: the first minute behind it.
    """

    start: int
    end: int


def top(text: str) -> Top:
    """The top k that `entered` names. Raises ValueError with what is allowed."""
    found = _ENTERED.fullmatch(text)
    if found is None or int(found[1]) > MOST:
        raise ValueError(f"{text!r}; allowed: top-1 to top-{MOST} of a ranking, as 'top-10 of orders'")
    return Top(int(found[1]), found[2])


def span(text: str) -> int:
    """The ms of a text like 15m, 2h or 1d. Raises ValueError with what is allowed."""
    found = _SPAN.fullmatch(text)
    length = int(found[1]) * UNITS_MS[found[2]] if found else 0
    if not 0 < length <= LONGEST_MS:
        raise ValueError(f"{text!r}; allowed: minutes, hours or days up to 31 days, as '15m', '2h' or '1d'")
    return length


def hours(text: str) -> Hours:
    """The hours that `quiet` names. Raises ValueError with what is allowed."""
    found = _HOURS.fullmatch(text)
    start, end = (int(found[1]) * 60 + int(found[2]), int(found[3]) * 60 + int(found[4])) if found else (0, 0)
    if start == end:
        raise ValueError(
            f"{text!r}; allowed: two different times from 00:00 to 23:59 in the site's time zone, "
            "as '22:00-07:00'"
        )
    return Hours(start, end)
