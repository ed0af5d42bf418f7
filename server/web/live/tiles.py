"""The tiles of the dashboard as values: what the first paint shows, and what watchers get anew."""

from collections.abc import Callable
from typing import Any

from aiohttp import web

from server.calendar import HOUR_MS
from server.clock import milliseconds
from server.store.mail import Mails
from server.web import fleet
from server.web.live import charts, day, orders, week
from server.web.live.feed import Feed
from server.web.parts import Parts
from server.web.reads import Reads
from server.words import local

Tile = dict[str, Any]
TOP = 10
LISTED = 8
MAIL_EVERY_MS = 3000  # counting mails reads all of today's


class Tiles:
    """Makes tiles. quick: cheap, and changed by every commit; slow: looked at once a second."""

    def __init__(
        self, parts: Parts, feed: Feed, reads: Reads, clock: Callable[[], int] = milliseconds
    ) -> None:
        self._parts = parts
        self._feed = feed
        self._reads = reads
        self._clock = clock
        self._mails = Mails(parts.database)
        self._counted: tuple[int, dict[str, int]] = (0, {})

    def quick(self) -> list[Tile]:
        """Orders and rankings."""
        return [self.orders(), self.rankings()]

    async def slow(self) -> list[Tile]:
        """What changes with time, or beside the log."""
        week_ = week.tile(self._parts.totals, self._clock(), self._parts.settings.zone)
        return [self.rate(), week_, self.devices(), self.cloud(), self.health(), await self.mail()]

    async def all(self) -> dict[str, Tile]:
        """Every tile by its name, as of now: what was committed before is in it."""
        with self._reads.of("mails"):
            await self._count(self._clock())
        return {tile["tile"]: tile for tile in [*self.quick(), *await self.slow()]}

    def orders(self) -> Tile:
        """Today's orders by hour, and those of the same weekday last week where there are any."""
        now, zone, totals = self._clock(), self._parts.settings.zone, self._parts.totals
        today, before = day.hours(totals, now, zone), day.hours(totals, now, zone, back=7)
        now_hour = (now - day.begin(now, zone)) // HOUR_MS
        return {"tile": "orders", "weekday": f"{local(now, zone):%A}", **orders.tile(today, before, now_hour)}

    def rankings(self) -> Tile:
        """The first two rankings of the settings, in every window they have."""
        found: list[Tile] = []
        specs = {spec.name: spec for spec in self._parts.settings.ranking}
        for name, windows in self._parts.rankings.names()[:2]:
            for window in windows:
                top = self._parts.rankings.top(name, window, TOP)
                before = self._parts.standings.before(name, window, "day", self._clock())
                found.append({
                    "name": name, "window": window, "score": specs[name].score, "key": specs[name].key,
                    "size": self._parts.rankings.size(name, window),
                    "since": self._parts.rankings.since(name, window),
                    "before_at": before.compared_at if before else None,
                    "rows": [
                        place._asdict() | {"rank_before": before.rank(place.key) if before else None}
                        for place in top
                    ],
                })  # fmt: skip
        sizes = {one["window"]: one["size"] for one in reversed(found)}
        ranked, today = sizes.get("all", 0), sizes.get("today")
        return {"tile": "rankings", "ranked": ranked, "today": today, "rankings": found}

    def rate(self) -> Tile:
        """Events of the last minute, and of each minute of the last hour."""
        minutes = self._feed.per_minute()
        line = charts.line(minutes, len(minutes), max(minutes))
        return {"tile": "rate", "per_minute": self._parts.per_minute(), "minutes": minutes, "line": line}

    def devices(self) -> Tile:
        """All boards as planks, and the ones to list: who needs a look first."""
        now = self._clock()
        boards = [row for row in fleet.rows(self._parts.presence.all(), now) if row.state != "revoked"]
        return {
            "tile": "devices", "known": len(boards), "here": sum(row.state == "here" for row in boards),
            "planks": [row.state for row in boards[:200]],
            "rows": [
                {"name": row.name, "state": row.state, "last_seen_at": row.seen.last_seen_at}
                for row in fleet.ordered(boards, "state")[:LISTED]
            ],
        }  # fmt: skip

    def cloud(self) -> Tile:
        """How far the cloud is."""
        return {"tile": "cloud", **self._parts.cloud.status()}

    def health(self) -> Tile:
        """What is degraded, and what staff should know."""
        health = self._parts.health
        reasons = [{"part": part, "reason": reason} for part, reason in health.reasons()]
        return {"tile": "health", "reasons": reasons, "notes": health.notes()}

    async def mail(self) -> Tile:
        """Today's mails by state, at most three seconds old."""
        now = self._clock()
        if now - self._counted[0] >= MAIL_EVERY_MS:
            await self._count(now)
        return {"tile": "mail", "mode": self._parts.settings.mail.mode, **self._counted[1]}

    async def _count(self, now: int) -> None:
        since = day.begin(now, self._parts.settings.zone)
        self._counted = (now, await self._mails.counts(since))


TILES: web.AppKey[Tiles] = web.AppKey("tiles", Tiles)
