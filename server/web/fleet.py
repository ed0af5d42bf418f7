"""Devices as people look at them: their state, which need a look, filters with counts, order."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from server.calendar import MINUTE_MS
from server.store.devices import Device

BEAT_MS = 30_000  # between two states of a board: firmware.link.HEARTBEAT_S
STALE_MS = 5 * BEAT_MS // 2
QUIET_MS = 10 * MINUTE_MS  # how long a device without states, as a gateway, counts as here after a message
LOW_PERCENT = 15
FILLING_PERCENT = 75
MOST = 1 << 32  # bytes or events; no board has that many
WORST_FIRST = ("twice", "off", "stale", "new", "here", "revoked")


def state_of(one: Device, now: int) -> str:
    """The state of a device at `now`, one of WORST_FIRST.

    `here`; `stale`, late by two beats; `off`, its connection is gone; `new` before its first message;
    `twice` when two boards seem to share its name; `revoked`.
    """
    if one.revoked_at is not None:
        return "revoked"
    if one.conflict_at is not None:
        return "twice"
    if one.last_seen_at is None:
        return "new"
    silent = now - one.last_seen_at
    if one.online:
        return "here" if silent <= STALE_MS else "stale"
    return "here" if not one.state and silent <= QUIET_MS else "off"


def is_device(one: Device) -> bool:
    """Whether it is to be listed: names that only post over HTTP belong to tokens."""
    return not one.name.startswith("http-")


@dataclass(frozen=True)
class DeviceRow:
    """A device with its state; facts that may be old by now are None.

    seen: the device as last heard of. state: of `state_of`.
    """

    seen: Device
    state: str

    @property
    def name(self) -> str:
        return self.seen.name

    def fact(self, name: str) -> object:
        """The last value of a fact that the board told, None when it never told it."""
        return self.seen.state.get(name)

    @cached_property
    def battery(self) -> float | None:
        return self._number("battery", 0, 100)

    @property
    def rssi(self) -> float | None:
        return self._number("rssi", -200, 0)

    @property
    def heap_free(self) -> float | None:
        return self._number("heap_free", 0, MOST)

    @property
    def waiting(self) -> float | None:
        """Events in its outbox; known only while it is here."""
        return self._number("outbox_waiting", 0, MOST) if self.state in ("here", "stale", "twice") else None

    @cached_property
    def full(self) -> float:
        """Percent of its outbox that is full."""
        return self._number("outbox_full", 0, 100) or 0 if self.waiting is not None else 0

    @property
    def is_low(self) -> bool:
        return self.battery is not None and self.battery < LOW_PERCENT

    @property
    def is_filling(self) -> bool:
        return self.full >= FILLING_PERCENT

    @property
    def is_safe(self) -> bool:
        """Whether it runs without its program, because its starts failed."""
        return bool(self.fact("mode") == "safe")

    @cached_property
    def needs_a_look(self) -> bool:
        return self.state in ("twice", "off", "stale") or (
            self.state != "revoked" and (self.is_low or self.is_filling or self.is_safe)
        )

    @property
    def bars(self) -> int:
        """Strength of the signal, 1 to 4."""
        return sum((self.rssi or -100) >= level for level in (-999, -75, -65, -55))

    def _number(self, name: str, least: int, most: int) -> float | None:
        """The number that the board told, None for an impossible one."""
        found = self.seen.state.get(name)
        return found if isinstance(found, int | float) and least <= found <= most else None


def _left_at(row: DeviceRow) -> int:
    """When it was last heard; 0 for a device that is here, so that rows do not change places all the time."""
    return 0 if row.state == "here" else row.seen.last_seen_at or 0


Test = Callable[[DeviceRow], bool]
FILTERS: dict[str, tuple[str, Test]] = {
    "all": ("All", lambda row: row.state != "revoked"),
    "look": ("Needs a look", lambda row: row.needs_a_look),
    "here": ("Here", lambda row: row.state == "here"),
    "stale": ("Stale", lambda row: row.state == "stale"),
    "offline": ("Offline", lambda row: row.state == "off"),
    "new": ("New", lambda row: row.state == "new"),
    "battery": ("Low battery", lambda row: row.state != "revoked" and row.is_low),
    "outbox": ("Outbox filling", lambda row: row.is_filling),
    "revoked": ("Revoked", lambda row: row.state == "revoked"),
}
SORTS: dict[str, Callable[[DeviceRow], Any]] = {
    "state": lambda row: (not row.needs_a_look, WORST_FIRST.index(row.state), -_left_at(row)),
    "name": lambda row: row.name,
    "group": lambda row: row.seen.group.casefold() or None,
    "seen": lambda row: row.seen.last_seen_at,
    "battery": lambda row: row.battery,
    "signal": lambda row: row.rssi,
    "memory": lambda row: row.heap_free,
    "outbox": lambda row: row.waiting,
    "firmware": lambda row: str(row.fact("firmware") or "") or None,
}


class Wanted(NamedTuple):
    """Which devices to show.

    show: one of FILTERS. group: "" for all. text: a part of name, label, group or firmware, "" for all.
    """

    show: str = "all"
    group: str = ""
    text: str = ""


def rows(seen: Iterable[Device], now: int) -> list[DeviceRow]:
    """Every device that is to be listed."""
    return [DeviceRow(one, state_of(one, now)) for one in seen if is_device(one)]


def picked(found: list[DeviceRow], wanted: Wanted) -> list[DeviceRow]:
    """The devices among them that are wanted."""
    return [row for row in _within(found, wanted) if FILTERS[wanted.show][1](row)]


def counts(found: list[DeviceRow], wanted: Wanted) -> list[tuple[str, str, int]]:
    """Each filter with its words, and how many devices it would show."""
    within = _within(found, wanted)
    return [(name, words, sum(map(test, within))) for name, (words, test) in FILTERS.items()]


def groups(found: list[DeviceRow]) -> list[str]:
    """All groups, by name."""
    return sorted({row.seen.group for row in found if row.seen.group}, key=str.casefold)


def ordered(found: list[DeviceRow], sort: str) -> list[DeviceRow]:
    """The devices by one of SORTS, `-` in front for the reverse; unknown values come last."""
    key = SORTS[sort.removeprefix("-")]
    by_name = sorted(found, key=lambda row: row.name)
    known = [row for row in by_name if key(row) is not None]
    return sorted(known, key=key, reverse=sort.startswith("-")) + [row for row in by_name if key(row) is None]


def _within(found: list[DeviceRow], wanted: Wanted) -> list[DeviceRow]:
    text = wanted.text.casefold()
    return [
        row
        for row in found
        if wanted.group in ("", row.seen.group)
        and (not text or any(text in part.casefold() for part in _texts(row)))
    ]


def _texts(row: DeviceRow) -> tuple[str, ...]:
    return row.name, row.seen.label, row.seen.group, str(row.fact("firmware") or "")
