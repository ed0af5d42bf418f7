"""Makes the tiles of the dashboard, for the first paint and for watchers."""

from collections.abc import Callable

import msgspec
from aiohttp import web

from server.calendar import HOUR_MS
from server.clock import milliseconds
from server.store.mail import Mails
from server.web import fleet
from server.web.live import charts, day, orders, week
from server.web.live.feed import Feed
from server.web.live.tile import (
    CloudTile,
    DeviceLine,
    DevicesTile,
    HealthTile,
    MailTile,
    OrdersTile,
    RankingPart,
    RankingRow,
    RankingsTile,
    RateTile,
    Tile,
    name,
)
from server.web.parts import Parts
from server.web.reads import Reads
from server.words import local

TOP = 10
LISTED, PLANKS = 8, 200
MAIL_EVERY_MS = 3000  # not more often, because counting reads all mails of today


class Tiles:
    """Makes tiles. `quick` ones are cheap and change with each commit; `slow` ones are made once a second."""

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
        """The tiles that change with time, or without an event."""
        week_ = week.tile(self._parts.totals, self._clock(), self._parts.settings.zone)
        return [self.rate(), week_, self.devices(), self.cloud(), self.health(), await self.mail()]

    async def all(self) -> dict[str, Tile]:
        """Every tile by its name, with everything that was committed before."""
        with self._reads.of("mails"):
            await self._count(self._clock())
        return {name(tile): tile for tile in [*self.quick(), *await self.slow()]}

    def orders(self) -> OrdersTile:
        """Today's orders by hour, and those of the same weekday last week where there are any."""
        now, zone, totals = self._clock(), self._parts.settings.zone, self._parts.totals
        today, before = day.hours(totals, now, zone), day.hours(totals, now, zone, back=7)
        now_hour = (now - day.begin(now, zone)) // HOUR_MS
        return orders.tile(f"{local(now, zone):%A}", today, before, now_hour)

    def rankings(self) -> RankingsTile:
        """The first two rankings of the settings, in each of their windows."""
        found = [
            self._ranking(name, window)
            for name, windows in self._parts.rankings.names()[:2]
            for window in windows
        ]
        sizes = {one.window: one.size for one in reversed(found)}
        return RankingsTile(sizes.get("all", 0), sizes.get("today"), found)

    def _ranking(self, name: str, window: str) -> RankingPart:
        rankings = self._parts.rankings
        spec = next(one for one in self._parts.settings.ranking if one.name == name)
        before = self._parts.standings.before(name, window, "day", self._clock())
        return RankingPart(
            name, window, spec.score, spec.key, rankings.size(name, window), rankings.since(name, window),
            before.compared_at if before else None,
            [
                RankingRow(*place, rank_before=before.rank(place.key) if before else None)
                for place in rankings.top(name, window, TOP)
            ],
        )  # fmt: skip

    def rate(self) -> RateTile:
        """Events of the last minute, and of each minute of the last hour."""
        minutes = self._feed.per_minute()
        return RateTile(self._parts.per_minute(), minutes, charts.line(minutes, len(minutes), max(minutes)))

    def devices(self) -> DevicesTile:
        """The states of all boards, and the boards to list: first those that need a look."""
        now = self._clock()
        boards = [row for row in fleet.rows(self._parts.presence.all(), now) if row.state != "revoked"]
        listed = fleet.ordered(boards, "state")[:LISTED]
        return DevicesTile(
            len(boards),
            sum(row.state == "here" for row in boards),
            [row.state for row in boards[:PLANKS]],
            [DeviceLine(row.name, row.state, row.seen.last_seen_at) for row in listed],
        )

    def cloud(self) -> CloudTile:
        """The state of the way to the cloud."""
        return CloudTile(**msgspec.structs.asdict(self._parts.cloud.status()))

    def health(self) -> HealthTile:
        """What is wrong, and what staff should know."""
        return HealthTile(self._parts.findings.all())

    async def mail(self) -> MailTile:
        """Today's mails by state, at most three seconds old."""
        now = self._clock()
        if now - self._counted[0] >= MAIL_EVERY_MS:
            await self._count(now)
        return MailTile(self._parts.settings.mail.mode, **self._counted[1])

    async def _count(self, now: int) -> None:
        since = day.begin(now, self._parts.settings.zone)
        self._counted = (now, await self._mails.counts(since))


TILES: web.AppKey[Tiles] = web.AppKey("tiles", Tiles)
