"""Notices of what was done, kept in memory between a form and the next page."""

import secrets
from dataclasses import dataclass, field
from typing import NamedTuple

from aiohttp import web

KEPT = 200


class Change(NamedTuple):
    """A change that staff made to a device. device: its name. label, group: each before and after."""

    device: str
    label: tuple[str, str]
    group: tuple[str, str]


@dataclass(frozen=True)
class Notice:
    """What the next page tells.

    text: a sentence. bad: whether it tells of something that was not done. details: more sentences. lines: of
    a log. undo: the changes that can be taken back.
    """

    text: str
    bad: bool = False
    details: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    undo: tuple[Change, ...] = field(default=(), repr=False)


class Notices:
    """The newest notices, each for one caller."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], Notice] = {}

    def keep(self, caller: str, notice: Notice) -> str:
        """Keep a notice; its id, for an address."""
        number = secrets.token_urlsafe(6)
        self._kept[caller, number] = notice
        while len(self._kept) > KEPT:
            del self._kept[next(iter(self._kept))]
        return number

    def read(self, caller: str, number: str) -> Notice | None:
        """A notice; None when it is gone, or was for another caller."""
        return self._kept.get((caller, number))

    def take(self, caller: str, number: str) -> Notice | None:
        """As `read`, and forget the notice."""
        return self._kept.pop((caller, number), None)


NOTICES: web.AppKey[Notices] = web.AppKey("notices", Notices)
