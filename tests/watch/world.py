"""An edge that looks for silent devices, with clocks that a test turns."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from server.calendar import Days
from server.core import open_core
from server.rights import THIS_MACHINE
from server.rules.rule import Addresses
from server.settings import Rule, Settings
from server.store.database import Database
from server.watch.silence import LOOK_S, SilenceWatch
from tests.site import Site

START = int(datetime(2026, 6, 1, 12, tzinfo=UTC).timestamp() * 1000)
LOOK_MS = int(LOOK_S * 1000)
N_MS = 120_000
RULE = Rule(name="quiet-board", silent="2m", to="staff")
STAFF = Addresses(("ann@shop.example", "bo@shop.example"), "")
BOARDS = ["till-1", "till-2", "till-3"]
DAY_MS = 86_400_000


class World:
    """Its folder, rules and time zone. wall: its clock, ms since 1970 UTC."""

    def __init__(self, folder: Path, rules: tuple[Rule, ...] = (RULE,), zone: str = "UTC") -> None:
        self.folder = folder
        self.rules = rules
        self.zone = zone
        self.wall = START

    @asynccontextmanager
    async def started(self, save: bool = True) -> AsyncIterator["World"]:
        """One life of the edge. save: whether it ends in order."""
        async with Database(self.folder) as database:
            self.site = Site(await open_core(Settings(), database))
            self.presence = self.site.core.presence
            for name in BOARDS:
                if name not in self.site.core.names.ids["device"]:
                    await self.site.core.registrar.add(THIS_MACHINE, name)
            offset = Days(ZoneInfo(self.zone)).offset
            self.watch = SilenceWatch(self.rules, STAFF, offset, self.presence.all, lambda: self.wall)
            await self.watch.load(database)
            await self.watch.look(database, 0)
            yield self
            if save:
                await self.presence.save(database)

    async def passes(self, span_ms: int, speaking: tuple[str, ...] = ()) -> None:
        """Time goes by, while some speak at every look."""
        for _ in range(0, span_ms, LOOK_MS):
            self.wall += LOOK_MS
            for name in speaking:
                self.presence.heard(name, self.wall)
            await self.watch.look(self.site.core.database, LOOK_MS)

    async def mails(self, recipient: str = "ann@shop.example") -> list[list[str]]:
        """The devices that each mail names."""
        rows = await self.site.query(f"SELECT facts FROM mail WHERE recipient = '{recipient}' ORDER BY id")
        return [[one["name"] for one in json.loads(str(facts))["devices"]] for (facts,) in rows]
