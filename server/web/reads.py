"""Counts whether reads came from memory, the store or the cloud, at the place where they happen."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from aiohttp import web
from aiohttp.typedefs import Handler

from server.store.database import LOOKS


class Reads:
    """The reads of an edge. counts: by (noun, place that it came from), since the start."""

    def __init__(self) -> None:
        self.counts: Counter[tuple[str, str]] = Counter()

    @contextmanager
    def of(self, noun: str) -> Iterator[None]:
        """Count what the block reads as one read of `noun`; a block inside counts for itself."""
        looks: list[str] = []
        before = LOOKS.set(looks)
        try:
            yield
        finally:
            LOOKS.reset(before)
        self.counts[noun, min(looks, default="memory")] += 1  # the cloud counts before the store


def from_cloud() -> None:
    """Note that the present read came from the cloud."""
    looks = LOOKS.get()
    if looks is not None:
        looks.append("cloud")


READS: web.AppKey[Reads] = web.AppKey("reads", Reads)


def counted_as(noun: str) -> Callable[[Handler], Handler]:
    """Wrap a page so that its reads are counted, unless it fails."""

    def around(handler: Handler) -> Handler:
        async def show(request: web.Request) -> web.StreamResponse:
            with request.app[READS].of(noun):
                return await handler(request)

        return show

    return around
