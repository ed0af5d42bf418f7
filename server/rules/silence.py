"""The silent devices, and the time for a mail about them: for rules with `silent`.

Time is counted in the ms for which the edge has been awake since its start. So neither a wall clock that
jumps nor an edge that was off makes a device silent.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from server.calendar import MINUTE_MS
from server.rules.where import Where
from server.settings import Rule

GATHER_MS = MINUTE_MS  # boards speak every 30 s: all that a dead router cuts off is found silent in that time


class Heard(NamedTuple):
    """A device that was heard. name: of the device. heard_at: when it was last heard, ms since 1970 UTC."""

    name: str
    heard_at: int


class Silence:
    """One rule over all devices. Each silence is told once; two mails are at least `silent` apart.

    told: by device, when it was last heard before the silence that a mail has told. It outlives restarts.
    """

    def __init__(self, rule: Rule, told: Mapping[str, int]) -> None:
        self.rule = rule
        self._length = rule.silent_ms
        self._where = Where(rule.conditions)
        self._told = dict(told)
        self._since: dict[
            str, tuple[int, int]
        ] = {}  # by device: heard_at, and the time that this is known for
        self._first: int | None = None  # since when there is a silence that is not told
        self._next = 0  # the next mail is due at the earliest then

    def look(self, devices: Iterable[Heard], now: int) -> list[Heard]:
        """The devices that a mail has to tell of now, by name; empty while others may still join them.

        devices: those that may send, and were heard at least once.
        """
        wanted = [one for one in devices if self._where.accepts({}, (None, one.name))]
        self._since = {one.name: self._known(one, now) for one in wanted}
        silent = [one for one in wanted if self._is_due(one, now)]
        self._first = (now if self._first is None else self._first) if silent else None
        if self._first is None or now < max(self._first + GATHER_MS, self._next):
            return []
        return sorted(silent)

    def told(self, devices: Iterable[Heard], now: int) -> None:
        """The mail that tells of them is committed."""
        self._told.update(devices)
        self._first, self._next = None, now + self._length

    def _known(self, one: Heard, now: int) -> tuple[int, int]:
        known = self._since.get(one.name)
        return known if known is not None and known[0] == one.heard_at else (one.heard_at, now)

    def _is_due(self, one: Heard, now: int) -> bool:
        is_silent = now - self._since[one.name][1] >= self._length
        return is_silent and self._told.get(one.name) != one.heard_at
