"""Events: posted by programs, read from the log."""

from typing import Any

import msgspec

from server.errors import BadInput
from server.store.events import EventQuery, Events, Stored
from server.web.api.endpoint import Call, Endpoint, Paging
from server.web.caller import INGEST, READ


class EventsQuery(Paging):
    """device, kind, customer: exact names; all events when left out. newest: the newest first."""

    device: str | None = None
    kind: str | None = None
    customer: str | None = None
    newest: bool = False


class EventPage(msgspec.Struct):
    """rows: in log order, or the newest first. next: the `after` of the next page, null at the end."""

    rows: list[Stored]
    next: int | None


class Rejected(msgspec.Struct):
    """index: in the posted list, from 0."""

    index: int
    reason: str


class Posted(msgspec.Struct):
    """What became of posted events; rejected ones are kept on the edge with their reason."""

    accepted: int
    duplicate: int
    rejected: list[Rejected]


class Foreign(msgspec.Struct, omit_defaults=True):
    """An event of a program: further fields of any name are kept. at: ms since 1970 UTC.

    id: of the sender; the same device and id is taken once.
    """

    kind: str
    id: str | int | None = None
    at: int | None = None
    customer: str | None = None


async def post(call: Call) -> Posted:
    """Commit one event or a list of them; answered when they are safe on disk."""
    events = call.body if isinstance(call.body, list) else [call.body]
    if not all(isinstance(event, dict) for event in events):
        raise BadInput("", "Post one object, or a list of objects, each with a kind.")
    posted = await call.parts.intake.post(call.caller.source, events)
    rejected = [Rejected(index, reason) for index, reason in posted.rejected]
    return Posted(posted.accepted, posted.duplicate, rejected)


async def page(call: Call) -> EventPage:
    """A page of the log."""
    query: EventsQuery = call.query
    wanted = EventQuery(query.device, query.kind, query.customer, query.after, query.limit, query.newest)
    return EventPage(*await Events(call.parts.database).page(wanted))


ENDPOINTS = [
    Endpoint(
        "POST", "/api/v1/events", post, INGEST, "Commit events; at most 1 MiB, one object or a list",
        body=Any, answer=Posted,
    ),
    Endpoint("GET", "/api/v1/events", page, READ, "Read the log", EventsQuery, answer=EventPage),
]  # fmt: skip
