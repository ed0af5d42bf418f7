"""Events: posted by programs, read from the log."""

import re
from hashlib import blake2b
from typing import Annotated, Any, Literal

import msgspec
from aiohttp import web

from server.errors import BadInput
from server.ingest.decode import MAX_OBJECTS
from server.rights import INGEST, READ
from server.store.events import EventQuery, Events, Stored
from server.web.api.endpoint import Call, Endpoint, Id, Limit, Moment, Query
from server.web.errors import KINDS, KeyReused, TooLarge
from server.web.parts import Once
from server.web.parts import Outcome as Outcome
from server.web.problems import JSON

KEY = "Idempotency-Key"
NOTHING = "nothing-taken"
REFUSED = b'{"type":'  # how such an answer begins, kept under an Idempotency-Key too


class Picked(Query):
    """device, kind, customer: exact names; all events when left out. newest: whether the newest come first.

    since, until: ms since 1970 UTC, of the best known time; since is in, until is out. text: a part of the
    customer or of a field that is text, in any case. after: an id of an event; only those behind it.
    """

    device: str | None = None
    kind: str | None = None
    customer: str | None = None
    since: Moment | None = None
    until: Moment | None = None
    text: Annotated[str, msgspec.Meta(min_length=1, max_length=100)] | None = None
    newest: bool = False
    after: Id | None = None

    def events(self, limit: int) -> EventQuery:
        """The query of the log. Raises BadInput."""
        if self.since is not None and self.until is not None and self.since >= self.until:
            raise BadInput("until", "until is later than since; events at `until` itself are not in.")
        return EventQuery(
            self.device, self.kind, self.customer, self.after, limit, self.newest,
            since=self.since, until=self.until, text=self.text,
        )  # fmt: skip


class EventsQuery(Picked):
    """Parameters of a page. after: `next` of the page before. format: csv for spreadsheets. limit: how many
    rows at most."""

    format: Literal["json", "csv"] = "json"
    limit: Limit = 100


class EventPage(msgspec.Struct):
    """rows: in log order, or the newest first. next: the `after` of the next page, null at the end.

    A page looks at about 20,000 events: it may have few rows or none, and a next page all the same.
    """

    rows: list[Stored]
    next: int | None


class Rejected(msgspec.Struct):
    """index: of the refused event in the posted list, from 0. reason: a sentence."""

    index: int
    reason: str


class Noted(msgspec.Struct):
    """index: of a taken event in the posted list, from 0. note: what of it could not be kept, a sentence."""

    index: int
    note: str


class Posted(msgspec.Struct, omit_defaults=True):
    """What became of posted events.

    accepted: how many were committed. duplicate: how many were known by their id, and not taken again.
    rejected: the ones that were refused; the edge keeps them with their reason. notes: what of the accepted
    ones could not be kept; left out when that is nothing.
    """

    accepted: int
    duplicate: int
    rejected: list[Rejected]
    notes: list[Noted] = []


class NothingTaken(msgspec.Struct):
    """The problem of a post whose events were all refused.

    type, title, status, detail: as of each problem. accepted, duplicate, rejected: as in Posted.
    """

    type: str
    title: str
    status: int
    detail: str
    accepted: int
    duplicate: int
    rejected: list[Rejected]


class Foreign(msgspec.Struct, omit_defaults=True):
    """An event of a program; further fields of any name are kept.

    kind: as `order.placed`. id: chosen by the sender; an event with the same source and id is taken once.
    at: when it happened, ms since 1970 UTC or ISO 8601 with an offset; the time of receipt when left out.
    customer: the name of one; null for a guest.
    """

    kind: str
    id: str | int | None = None
    at: int | str | None = None
    customer: str | int | None = None


async def post(call: Call) -> web.Response:
    """Commit one event or a list of them; answered when they are safe on disk.

    When none of them could be taken, the answer is a problem with the three members of the usual one.
    The same Idempotency-Key with the same body within 24 h gives the first answer again.
    """
    events = call.body if isinstance(call.body, list) else [call.body]
    if len(events) > MAX_OBJECTS:
        raise TooLarge
    posted = await call.parts.intake.post(call.caller.source, events, _once(call))
    if posted.key_reused:
        raise KeyReused
    told = posted.answer or _told(posted)
    if told.startswith(REFUSED):
        return web.Response(body=told, status=422, content_type=JSON)
    return web.Response(body=told, content_type="application/json")


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
    if rejected and not posted.accepted and not posted.duplicate:
        detail = f"{KINDS[NOTHING].meaning} The first: {rejected[0].reason}."
        return msgspec.json.encode(
            NothingTaken(
                f"/problems/{NOTHING}", KINDS[NOTHING].title, KINDS[NOTHING].status, detail, 0, 0, rejected
            )
        )
    notes = [Noted(index, note) for index, note in posted.notes]
    return msgspec.json.encode(Posted(posted.accepted, posted.duplicate, rejected, notes))


async def page(call: Call) -> EventPage:
    """A page of the log."""
    query: EventsQuery = call.query
    return EventPage(*await Events(call.parts.database).page(query.events(query.limit)))


KEY_MEANS = (
    "Names this post: the same key with the same body, from the same source within 24 h, gives the first "
    "answer again and commits nothing; with another body it is refused."
)
KEY_SCHEMA = {"type": "string", "minLength": 1, "maxLength": 255}
ENDPOINTS = [
    Endpoint(
        "POST", "/api/v1/events", post, INGEST, "Commit events: one object or a list; at most 1,000, 1 MiB",
        body=Any, answer=Posted, headers={KEY: (KEY_MEANS, KEY_SCHEMA)}, problems=("key-reused", NOTHING),
    ),
    Endpoint("GET", "/api/v1/events", page, READ, "Read the log", EventsQuery, answer=EventPage),
]  # fmt: skip
