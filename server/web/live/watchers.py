"""The live stream: whole tiles (`state`) and events (`event`) for all watchers."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

import msgspec
from aiohttp import web

from server.clock import milliseconds
from server.store.events import EventQuery, Events
from server.web.live.feed import ORDERS, SHOWN, Feed, Frame
from server.web.live.tile import PulseTile, Tile
from server.web.live.tile import name as tile_name
from server.web.live.tiles import Tiles
from server.web.parts import Parts

SLOW_S = 1.0
REPLAY = 1000  # events that a client may have missed
PULSE_MS = 5000
STALLED_S = 30.0  # a client that takes nothing for this time is cut off
RECHECK_S = 60.0


@dataclass(eq=False)
class Watcher:
    """One client.

    position: the last event that it has. kinds: of the events that it wants, None for all. newest: at most
    this many events per tick, the newest ones, for pages that show no more; 0 for every event. cut: ends
    its connection. ready: set when there may be news for it. told: the version of the tiles that it has.
    suspect: whether its right to watch must be checked before it gets more. looked_at: when that was last
    checked. writing_since: when the write to it began that is not done, else 0. Both are in seconds of the
    event loop.
    """

    position: int
    kinds: frozenset[str] | None = None
    newest: int = 0
    cut: Callable[[], None] = lambda: None
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    told: int = 0
    suspect: bool = False
    looked_at: float = 0.0
    writing_since: float = 0.0

    def wants(self, frames: list[Frame]) -> list[Frame]:
        """The frames of its kinds, and no more than it can show."""
        kinds = self.kinds
        found = [frame for frame in frames if frame.event.kind in kinds] if kinds else frames
        return found[-self.newest :] if self.newest else found


class Live:
    """Sends news to watchers. Tiles are made once for all of them, and only while somebody watches."""

    def __init__(self, parts: Parts, feed: Feed, tiles: Tiles) -> None:
        self._events = Events(parts.database)
        self._feed = feed
        self._tiles = tiles
        self._told: dict[str, tuple[int, bytes]] = {}  # by tile: the version that it came with
        self._version = 0
        self._made: dict[tuple[object, ...], tuple[bytes, int]] = {}  # news, and the position after them
        self._made_for = (0, 0)  # version of the tiles, and newest event
        self._pulse_at = 0
        self.watchers: set[Watcher] = set()
        self.closed = False
        feed.before_wake = self._quick

    async def restore(self) -> None:
        """Read the newest orders and the end of the log, so that no page starts empty."""
        rows, _ = await self._events.page(EventQuery(newest=True, limit=REPLAY))
        orders = [row for row in rows if row.kind in ORDERS][:SHOWN]
        self._feed.restore(orders, rows[0].id if rows else 0)

    async def run(self) -> None:
        """Make the tiles that change without an event once a second, until cancelled."""
        while True:
            await asyncio.sleep(SLOW_S)
            if self.watchers:
                self._watch_over()
                await self._slow()
                self._feed.wake()

    async def join(self, watcher: Watcher) -> None:
        """Let a client watch, with all tiles ready for it."""
        self.watchers.add(watcher)
        self._feed.watch(watcher.ready)
        self._quick()
        await self._slow()
        watcher.ready.set()

    def leave(self, watcher: Watcher) -> None:
        """Forget a client."""
        self.watchers.discard(watcher)
        self._feed.leave(watcher.ready)

    def suspect(self) -> None:
        """Check the right of every client again, because a session or token ended."""
        for watcher in self.watchers:
            watcher.suspect = True
            watcher.ready.set()

    async def close(self, _: web.Application) -> None:
        """End all streams, so that the server can."""
        self.closed = True
        for watcher in self.watchers:
            watcher.ready.set()

    async def replay(self, watcher: Watcher) -> bytes:
        """The events that a client missed, at most 1,000 of the log, else a `reset`."""
        if not 0 <= self._feed.newest - watcher.position <= REPLAY:
            return self._reset(watcher)
        if self._feed.since(watcher.position) is not None:
            return b""  # the ring still has it
        rows, _ = await self._events.page(EventQuery(after=watcher.position, limit=REPLAY))
        frames = watcher.wants([Frame(row) for row in rows])
        watcher.position = rows[-1].id if rows else watcher.position
        return b"".join(frame.data for frame in frames)

    def news(self, watcher: Watcher) -> bytes:
        """Everything that a client does not have yet; b"" for nothing. Made once for all clients alike."""
        if self._made_for != (self._version, self._feed.newest):
            self._made_for = (self._version, self._feed.newest)
            self._made = {}
        has = (watcher.told, watcher.position, watcher.kinds, watcher.newest)
        made = self._made.get(has)
        if made is None:
            made = self._made[has] = self._make(watcher)
        watcher.told = self._version
        watcher.position = made[1]
        return made[0]

    def _make(self, watcher: Watcher) -> tuple[bytes, int]:
        parts = [data for version, data in self._told.values() if version > watcher.told]
        frames = self._feed.since(watcher.position)
        if frames is None and not watcher.newest:
            return b"".join([*parts, self._reset(watcher)]), watcher.position
        frames = self._feed.latest() if frames is None else frames
        position = max(watcher.position, frames[-1].id if frames else 0)
        return b"".join([*parts, *(frame.data for frame in watcher.wants(frames))]), position

    def _watch_over(self) -> None:
        """Cut off clients that take nothing, and check again the right of those that watch for long."""
        now = asyncio.get_running_loop().time()
        for watcher in self.watchers:
            if watcher.writing_since and now - watcher.writing_since > STALLED_S:
                watcher.cut()
            elif now - watcher.looked_at > RECHECK_S:
                watcher.looked_at = now
                watcher.suspect = True
                watcher.ready.set()

    def _reset(self, watcher: Watcher) -> bytes:
        watcher.position = self._feed.newest
        data = msgspec.json.encode({"newest": watcher.position})
        return b"id: %d\nevent: reset\ndata: %s\n\n" % (watcher.position, data)

    def _quick(self) -> None:
        for tile in self._tiles.quick():
            self._put(tile)

    async def _slow(self) -> None:
        self._quick()  # a new hour or day begins without an order
        for tile in await self._tiles.slow():
            self._put(tile)
        now = milliseconds()
        if now - self._pulse_at >= PULSE_MS:
            self._pulse_at = now
            self._put(PulseTile(now))

    def _put(self, tile: Tile) -> None:
        data = b"event: state\ndata: %s\n\n" % msgspec.json.encode(tile)
        if self._told.get(tile_name(tile), (0, b""))[1] != data:
            self._version += 1
            self._told[tile_name(tile)] = (self._version, data)


LIVE: web.AppKey[Live] = web.AppKey("live", Live)
