"""Totals: the number of events of each kind in each hour or day of the site, from memory."""

from itertools import pairwise
from typing import Annotated, Literal

import msgspec

from server.calendar import DAY_MS, HOUR_MS, Days
from server.clock import milliseconds
from server.errors import BadInput
from server.rights import READ
from server.web.api.endpoint import Call, Endpoint, Listing
from server.words import LATEST_AT

MOST = 1000  # hours or days of one answer
HOURS, DAYS = 24, 30  # of an answer, when `since` is left out
Moment = Annotated[int, msgspec.Meta(ge=0, le=LATEST_AT, description="ms since 1970 UTC")]


class TotalsQuery(Listing):
    """by: hour or day of the site's clock. kind: exactly this one, all when left out.

    since, until: ms since 1970 UTC, of the best known time of events; the hour or day that holds since is in
    as a whole, and so is the one before until. When they are left out: 24 hours or 30 days, until now.
    """

    by: Literal["hour", "day"] = "day"
    since: Moment | None = None
    until: Moment | None = None
    kind: str | None = None


class Total(msgspec.Struct):
    """Events of one kind in an hour or day.

    at, until: its begin and its end, ms since 1970 UTC. kind: of the events. count: how many they are. cents:
    the sum of their fields of that name.
    """

    at: int
    until: int
    kind: str
    count: int
    cents: int


class TotalList(msgspec.Struct):
    """by: hour or day. timezone: of the site, an IANA name. rows: by time, then kind; only those with events.

    since, until: what the rows cover as a whole, ms since 1970 UTC.
    """

    by: str
    timezone: str
    since: int
    until: int
    rows: list[Total]


async def totals(call: Call) -> TotalList:
    """Events by hour or day, in the site's time zone: a day has 23 to 25 hours."""
    query, settings = call.query, call.parts.settings
    edges = edges_of(query, Days(settings.zone), milliseconds())
    if query.kind is None:
        found = call.parts.totals.kinds(edges)
    else:
        found = [{query.kind: sum_} for sum_ in call.parts.totals.sums(query.kind, edges)]
    rows = [
        Total(begin, end, kind, *sums[kind])
        for (begin, end), sums in zip(pairwise(edges), found, strict=True)
        for kind in sorted(sums)
        if sums[kind][0]
    ]
    return TotalList(query.by, settings.edge.timezone, edges[0], edges[-1], rows)


def edges_of(query: TotalsQuery, days: Days, now: int) -> list[int]:
    """The beginning of each hour or day, and the end of the last one. Raises BadInput."""
    by_hour = query.by == "hour"
    length, number = (HOUR_MS, HOURS) if by_hour else (DAY_MS, DAYS)
    until = query.until if query.until is not None else now + 1
    since = query.since if query.since is not None else max(0, until - 1 - (number - 1) * length)
    if since >= until:
        raise BadInput("until", "until is later than since; what begins at `until` itself is not in.")
    if until - since > MOST * length:
        raise BadInput("since", f"At most {MOST:,} hours or days at once: give a later since, or by=day.")
    edges = [days.hour(since) if by_hour else days.begin(days.day(since))]
    while edges[-1] < until:
        edges.append(_next_hour(days, edges[-1]) if by_hour else days.begin(days.day(edges[-1]) + 1))
    return edges


def _next_hour(days: Days, at: int) -> int:
    """The end of the hour of the local clock that began at `at`, also where clocks change by half an hour."""
    is_full = days.hour(at) == at
    return at + HOUR_MS if is_full else max(days.hour(at + HOUR_MS), at + 1)


ENDPOINTS = [
    Endpoint(
        "GET", "/api/v1/totals", totals, READ, "Events by hour or day and kind", TotalsQuery, answer=TotalList
    )
]
