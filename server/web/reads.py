"""Whether reads came from memory or needed the store or the cloud: counted where it happens, not claimed."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from aiohttp import web
from aiohttp.typedefs import Handler

from server.store.database import LOOKS


class Reads:
    """counts: of (noun, where from), since the start."""

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
        self.counts[noun, min(looks, default="memory")] += 1  # the cloud outweighs the store


def from_cloud() -> None:
    """Say that what is being read came from the cloud."""
    looks = LOOKS.get()
    if looks is not None:
        looks.append("cloud")


READS: web.AppKey[Reads] = web.AppKey("reads", Reads)


def counted_as(noun: str) -> Callable[[Handler], Handler]:
    """A page whose reads are counted; what fails is not."""

    def around(handler: Handler) -> Handler:
        async def show(request: web.Request) -> web.StreamResponse:
            with request.app[READS].of(noun):
                return await handler(request)

        return show

    return around
