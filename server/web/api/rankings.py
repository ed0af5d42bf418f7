"""Rankings: the best of a window, and the place of one key."""

import msgspec

from server.clock import milliseconds
from server.errors import NotFound
from server.web.api.endpoint import Call, Endpoint, Limit, Listing, Query
from server.web.caller import READ


class Known(msgspec.Struct):
    """A ranking that the settings name."""

    name: str
    windows: list[str]


class AllRankings(msgspec.Struct):
    """In the order of the settings."""

    rows: list[Known]


class Row(msgspec.Struct):
    """rank: from 1. score: a whole number; sums of cents are cents."""

    rank: int
    key: str
    score: int


class Top(msgspec.Struct):
    """as_of: ms since 1970 UTC. size: how many keys are listed in all."""

    name: str
    window: str
    as_of: int
    size: int
    rows: list[Row]


class Standing(msgspec.Struct):
    """The place of one key."""

    name: str
    window: str
    as_of: int
    rank: int
    key: str
    score: int


class TopQuery(Listing):
    """window: all, today, 7d or 30d, as far as the ranking has it. k: how many."""

    window: str = "all"
    k: Limit = 10


class WindowQuery(Query):
    """As of TopQuery."""

    window: str = "all"


async def names(call: Call) -> AllRankings:
    """What there is."""
    return AllRankings([Known(name, windows) for name, windows in call.parts.rankings.names()])


async def top(call: Call) -> Top:
    """The best k."""
    query: TopQuery = call.query
    name, rankings = call.named("name"), call.parts.rankings
    rows = [Row(place.rank, place.key, place.score) for place in rankings.top(name, query.window, query.k)]
    return Top(name, query.window, milliseconds(), rankings.size(name, query.window), rows)


async def standing(call: Call) -> Standing:
    """Rank and score of one key."""
    name, key, window = call.named("name"), call.named("key"), call.query.window
    place = call.parts.rankings.place(name, window, key)
    if place is None:
        raise NotFound(f"{key} is not listed in {name} for {window}.")
    return Standing(name, window, milliseconds(), place.rank, place.key, place.score)


ENDPOINTS = [
    Endpoint("GET", "/api/v1/rankings", names, READ, "All rankings", Listing, answer=AllRankings),
    Endpoint("GET", "/api/v1/rankings/{name}", top, READ, "The best of a window", TopQuery, answer=Top),
    Endpoint(
        "GET", "/api/v1/rankings/{name}/{key}", standing, READ, "Rank and score of one key",
        WindowQuery, answer=Standing,
    ),
]  # fmt: skip
