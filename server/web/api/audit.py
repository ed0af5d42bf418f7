"""The audit log, and how endpoints write to it."""

import msgspec

from server.clock import milliseconds
from server.store import audit
from server.store.audit import Act
from server.web.access.caller import ADMIN
from server.web.api.endpoint import Call, Endpoint, Paging


class AuditPage(msgspec.Struct):
    """rows: newest first. next: the `after` of the next page, null at the end."""

    rows: list[Act]
    next: int | None


async def page(call: Call) -> AuditPage:
    """Who did what."""
    rows = await call.parts.database.read(audit.page, call.query.after, call.query.limit)
    return AuditPage(rows, rows[-1].id if len(rows) == call.query.limit else None)


async def note(call: Call, action: str, detail: str) -> None:
    """Write down what the caller did."""
    act = (call.caller.name, action, detail)
    await call.parts.database.write(audit.record, act, milliseconds())


ENDPOINTS = [Endpoint("GET", "/api/v1/audit", page, ADMIN, "Who did what", Paging, answer=AuditPage)]
