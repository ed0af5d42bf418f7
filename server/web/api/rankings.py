"""Rankings: the best of a window, and the place of one key."""

from typing import Annotated, Literal

import msgspec

from server.clock import milliseconds
from server.errors import BadInput, NotFound
from server.rights import READ
from server.web.api.endpoint import Call, Endpoint, Limit, Listing, Query
from server.web.parts import Against, Merged
from server.web.reads import from_cloud

Scope = Literal["site", "all-sites"]


class RankingInfo(msgspec.Struct):
    """A ranking of the settings. name: of the ranking. windows: the names of its windows."""

    name: str
    windows: list[str]


class AllRankings(msgspec.Struct):
    """rows: all rankings, in the order of the settings."""

    rows: list[RankingInfo]


class RankedRow(msgspec.Struct):
    """rank: from 1. key: a customer, device or value. score: a whole number; a sum of cents is in cents.

    rank_before: at before_at, null when it was not among the best 1,000 then; only with `against`.
    """

    rank: int
    key: str
    score: int
    rank_before: int | msgspec.UnsetType | None = msgspec.UNSET


class SiteAsOf(msgspec.Struct):
    """site: its name. as_of: when its newest scores were written to the table, ms since 1970 UTC."""

    site: str
    as_of: int


class TopRows(msgspec.Struct):
    """The best of a window of a ranking.

    name, window: of which ranking and window. as_of: ms since 1970 UTC. size: how many keys are listed in
    all. rows: the best first. since: when the oldest event came that it could count, ms since 1970 UTC; null
    when it has the whole log. uncounted: how many events do not count, because the field that it sums is not
    a whole number in them; not with `scope=all-sites`. before_at: the moment of rank_before, null when
    nothing is noted of then; only with `against`. sites: whose scores are added up, only with
    `scope=all-sites`; as_of is the oldest of theirs then.
    """

    name: str
    window: str
    as_of: int
    size: int
    rows: list[RankedRow]
    since: int | None = None
    uncounted: int | msgspec.UnsetType = msgspec.UNSET
    before_at: int | msgspec.UnsetType | None = msgspec.UNSET
    sites: list[SiteAsOf] | msgspec.UnsetType = msgspec.UNSET


class KeyStanding(msgspec.Struct):
    """The place of one key.

    name, window: of which ranking and window. as_of, since, before_at, sites: as of TopRows. rank, key,
    score, rank_before: as of RankedRow.
    """

    name: str
    window: str
    as_of: int
    rank: int
    key: str
    score: int
    since: int | None = None
    rank_before: int | msgspec.UnsetType | None = msgspec.UNSET
    before_at: int | msgspec.UnsetType | None = msgspec.UNSET
    sites: list[SiteAsOf] | msgspec.UnsetType = msgspec.UNSET


class TopQuery(Listing):
    """window: all, today, 7d or 30d, if the ranking has it. k: how many rows at most. key: only this one.

    against: hour adds the places of an hour ago, day those of the last midnight.
    scope: all-sites adds up the scores of all sites in the table; the answer is at most a minute older.
    """

    window: str = "all"
    k: Limit = 10
    key: Annotated[str, msgspec.Meta(min_length=1, max_length=256)] | None = None
    against: Against | None = None
    scope: Scope = "site"


class WindowQuery(Query):
    """window, against, scope: as of TopQuery."""

    window: str = "all"
    against: Against | None = None
    scope: Scope = "site"


async def names(call: Call) -> AllRankings:
    """All rankings and their windows."""
    return AllRankings([RankingInfo(name, windows) for name, windows in call.parts.rankings.names()])


async def top(call: Call) -> TopRows:
    """The best k, or one key."""
    query: TopQuery = call.query
    name, rankings = call.named("name"), call.parts.rankings
    if query.scope == "all-sites":
        merged = await _merged(call, name)
        shown = merged.rows[: query.k] if query.key is None else merged.rows
        best = [
            RankedRow(rank, key, score)
            for rank, (key, score) in enumerate(shown, 1)
            if query.key in (None, key)
        ]
        sites = _sites(merged)
        return TopRows(name, query.window, _as_of(sites), len(merged.rows), best, sites=sites)
    now = milliseconds()
    if query.key is None:
        rows = [RankedRow(*place) for place in rankings.top(name, query.window, query.k)]
    else:
        place = rankings.place(name, query.window, query.key)
        rows = [RankedRow(*place)] if place else []
    size, since = rankings.size(name, query.window), rankings.since(name, query.window)
    answer = TopRows(name, query.window, now, size, rows, since, rankings.skipped(name))
    if query.against is not None:
        before = call.parts.standings.before(name, query.window, query.against, now)
        answer.before_at = before.at if before else None
        for row in rows:
            row.rank_before = before.rank(row.key) if before else None
    return answer


async def standing(call: Call) -> KeyStanding:
    """Rank and score of one key."""
    name, key, window = call.named("name"), call.named("key"), call.query.window
    if call.query.scope == "all-sites":
        return _standing_in(await _merged(call, name), name, window, key)
    place = call.parts.rankings.place(name, window, key)
    if place is None:
        raise NotFound(f"{key} is not listed in {name} for {window}.")
    now, against = milliseconds(), call.query.against
    answer = KeyStanding(name, window, now, *place, call.parts.rankings.since(name, window))
    if against is not None:
        before = call.parts.standings.before(name, window, against, now)
        answer.before_at = before.at if before else None
        answer.rank_before = before.rank(key) if before else None
    return answer


async def _merged(call: Call, name: str) -> Merged:
    """A ranking over all sites. Raises NotFound, BadInput, and CloudError when the table is not reached."""
    window = call.query.window
    call.parts.rankings.size(name, window)
    if call.query.against is not None:
        raise BadInput(
            "against", "against: leave it out with scope=all-sites; no moves are kept of all sites."
        )
    merged = await call.parts.cloud.merged(name, window)
    from_cloud()
    if merged is None:
        raise BadInput("scope", 'scope: all-sites needs [cloud] mode = "aws"; sites meet in its table.')
    return merged


def _standing_in(merged: Merged, name: str, window: str, key: str) -> KeyStanding:
    sites = _sites(merged)
    for rank, (other, score) in enumerate(merged.rows, 1):
        if other == key:
            return KeyStanding(name, window, _as_of(sites), rank, key, score, sites=sites)
    raise NotFound(f"{key} is not listed in {name} for {window} of all sites.")


def _sites(merged: Merged) -> list[SiteAsOf]:
    return [SiteAsOf(site, at) for site, at in sorted(merged.sites.items())]


def _as_of(sites: list[SiteAsOf]) -> int:
    return min((one.as_of for one in sites), default=milliseconds())


ENDPOINTS = [
    Endpoint("GET", "/api/v1/rankings", names, READ, "All rankings", Listing, answer=AllRankings),
    Endpoint(
        "GET", "/api/v1/rankings/{name}", top, READ, "The best of a window", TopQuery, answer=TopRows,
        problems=("not-found", "cloud"),
    ),
    Endpoint(
        "GET", "/api/v1/rankings/{name}/{key}", standing, READ, "Rank and score of one key",
        WindowQuery, answer=KeyStanding, problems=("not-found", "cloud"),
    ),
]  # fmt: skip
