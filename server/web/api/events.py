"""Events: posted by programs, read from the log."""

import re
from hashlib import blake2b
from typing import Any

import msgspec
from aiohttp import web

from server.errors import BadInput
from server.ingest.decode import MAX_OBJECTS
from server.store.events import EventQuery, Events, Stored
from server.web.api.body import TooLarge
from server.web.api.endpoint import Call, Endpoint, Paging
from server.web.caller import INGEST, READ
from server.web.parts import Once
from server.web.parts import Posted as Outcome

KEY = "Idempotency-Key"


class KeyReused(Exception):
    """Another body came under the same Idempotency-Key before."""


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


async def post(call: Call) -> web.Response:
    """Commit one event or a list of them; answered when they are safe on disk.

    The same Idempotency-Key with the same body within 24 h gives the first answer again.
    """
    events = call.body if isinstance(call.body, list) else [call.body]
    if not all(isinstance(event, dict) for event in events):
        raise BadInput("", "Post one object, or a list of objects, each with a kind.")
    if len(events) > MAX_OBJECTS:
        raise TooLarge
    posted = await call.parts.intake.post(call.caller.source, events, _once(call))
    if posted.key_reused:
        raise KeyReused
    return web.Response(body=posted.answer or _told(posted), content_type="application/json")


def _once(call: Call) -> Once | None:
    given = call.request.headers.getall(KEY, [])
    if not given:
        return None
    if len(given) > 1 or not re.fullmatch(r"[!-~]{1,255}", given[0]):
        raise BadInput(KEY, f"{KEY}: one, of 1 to 255 visible ASCII characters.")
    return Once(_hash(given[0].encode()), _hash(call.data), _told)


def _hash(data: bytes) -> bytes:
    return blake2b(data, digest_size=32).digest()


def _told(posted: Outcome) -> bytes:
    rejected = [Rejected(index, reason) for index, reason in posted.rejected]
    return msgspec.json.encode(Posted(posted.accepted, posted.duplicate, rejected))


async def page(call: Call) -> EventPage:
    """A page of the log."""
    query: EventsQuery = call.query
    wanted = EventQuery(query.device, query.kind, query.customer, query.after, query.limit, query.newest)
    return EventPage(*await Events(call.parts.database).page(wanted))


KEY_MEANS = (
    "Names this post: the same key with the same body, from the same source within 24 h, gives the first "
    "answer again and commits nothing; with another body it is refused."
)
KEY_SCHEMA = {"type": "string", "minLength": 1, "maxLength": 255}
ENDPOINTS = [
    Endpoint(
        "POST", "/api/v1/events", post, INGEST, "Commit events: one object or a list; at most 1,000, 1 MiB",
        body=Any, answer=Posted, headers={KEY: (KEY_MEANS, KEY_SCHEMA)},
    ),
    Endpoint("GET", "/api/v1/events", page, READ, "Read the log", EventsQuery, answer=EventPage),
]  # fmt: skip
