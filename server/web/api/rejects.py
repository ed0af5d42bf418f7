"""Rejects: what was refused, with its reason."""

import msgspec

from server.rights import READ
from server.store import rejects
from server.store.rejects import Kept
from server.web.api.endpoint import Call, Endpoint, Paging


class RejectQuery(Paging):
    """source: only of this device, or of a token as `http-NAME`."""

    source: str | None = None


class RejectPage(msgspec.Struct):
    """rows: newest first; the newest 10,000 are kept. next: the `after` of the next page, null at the end."""

    rows: list[Kept]
    next: int | None


async def page(call: Call) -> RejectPage:
    """Payloads that were refused, each with its reason and the beginning of what came."""
    query = call.query
    rows = await call.parts.database.read(rejects.page, query.after, query.limit, query.source or "")
    return RejectPage(rows, rows[-1].id if len(rows) == query.limit else None)


SUMMARY = "What was refused, and why"
ENDPOINTS = [Endpoint("GET", "/api/v1/rejects", page, READ, SUMMARY, RejectQuery, answer=RejectPage)]
