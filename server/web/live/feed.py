"""The newest commits, kept once for all watchers.

No watcher has a queue of its own: it remembers its position in one ring of the newest commits, 5,000 events
or a few more. A watcher that is slower than the ring finds it overrun and is told `reset`; no watcher waits
for another one.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from functools import cached_property

import msgspec
from aiohttp import web

from server.store.events import Stored
from server.web.parts import Commit

RING = 5000  # events at least; more than two of the largest commits, so that a fast watcher misses nothing
TICK_S = 0.1
SHOWN = 20
ORDERS = ("order.placed", "order.cancelled")
MINUTES = 60


class Frame:
    """An event as it goes out; encoded when the first watcher needs it, and only then."""

    def __init__(self, event: Stored) -> None:
        self.event = event
        self.id = event.id

    @cached_property
    def data(self) -> bytes:
        """A whole server-sent event."""
        return b"id: %d\nevent: event\ndata: %s\n\n" % (self.id, msgspec.json.encode(self.event))


class Page:
    """A commit in the ring; made into frames when the first watcher needs them, and only then."""

    def __init__(self, commit: Commit) -> None:
        self._commit = commit
        self.newest = commit.newest

    def __len__(self) -> int:
        return len(self._commit)

    @cached_property
    def frames(self) -> list[Frame]:
        """All events, in log order."""
        return [Frame(event) for event in self._commit.events()]


class Feed:
    """The ring, the newest orders, what was counted since the start, and a wake-up for watchers.

    clock: seconds of the event loop. wake is set anew at most every 100 ms.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._ring: deque[Page] = deque()
        self._held = 0  # events in the ring
        self._ready: set[asyncio.Event] = set()
        self._due: asyncio.TimerHandle | None = None
        self._flushed = 0.0
        self._minutes: deque[tuple[int, int]] = deque(maxlen=MINUTES)
        self.orders: deque[Stored] = deque(maxlen=SHOWN)
        self.events = 0
        self.placed = 0
        self.newest = 0
        self._lost = 0  # the newest event that the ring does not have
        self.before_wake: Callable[[], None] | None = None

    def committed(self, commit: Commit) -> None:
        """Take a commit in; never blocks, however many watch."""
        self._push(Page(commit))
        self.newest = max(self.newest, commit.newest)
        self.events += len(commit)
        self.placed += commit.count(ORDERS[0])
        self.orders.extendleft(commit.latest(ORDERS, SHOWN))
        self._count(len(commit))
        self._schedule()

    def since(self, position: int) -> list[Frame] | None:
        """Everything after event `position`, in log order; None when the ring has lost some of it."""
        if position < self._lost:
            return None
        pages = [page for page in self._ring if page.newest > position]
        return [frame for page in pages for frame in page.frames if frame.id > position]

    def latest(self) -> list[Frame]:
        """The whole ring, in log order."""
        return [frame for page in self._ring for frame in page.frames]

    def per_minute(self) -> list[int]:
        """Events of each of the last 60 minutes, oldest first, the current one last."""
        now = int(self._clock() // 60)
        counted = dict(self._minutes)
        return [counted.get(minute, 0) for minute in range(now - MINUTES + 1, now + 1)]

    def watch(self, ready: asyncio.Event) -> None:
        """Set `ready` at every tick in which an event came."""
        self._ready.add(ready)

    def leave(self, ready: asyncio.Event) -> None:
        """Set `ready` no more."""
        self._ready.discard(ready)

    def restore(self, events: Iterable[Stored], newest: int) -> None:
        """Begin with what the log holds at a start: the newest orders, newest first, and its last id."""
        self.orders.extend(events)
        self.newest = self._lost = newest

    def wake(self) -> None:
        """Let all watchers look now; a tick that is due later becomes this one."""
        if self._due is not None:
            self._due.cancel()
            self._due = None
        self._flushed = self._clock()
        if self._ready and self.before_wake is not None:
            self.before_wake()
        for ready in self._ready:
            ready.set()

    def _push(self, page: Page) -> None:
        self._ring.append(page)
        self._held += len(page)
        while self._held - len(self._ring[0]) >= RING:
            gone = self._ring.popleft()
            self._held -= len(gone)
            self._lost = gone.newest

    def _schedule(self) -> None:
        if self._due is None and self._ready:
            wait = max(0.0, self._flushed + TICK_S - self._clock())
            self._due = asyncio.get_running_loop().call_later(wait, self.wake)

    def _count(self, events: int) -> None:
        minute = int(self._clock() // 60)
        before = self._minutes.pop() if self._minutes and self._minutes[-1][0] == minute else (minute, 0)
        self._minutes.append((minute, before[1] + events))


FEED: web.AppKey[Feed] = web.AppKey("feed", Feed)
