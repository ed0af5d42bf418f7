"""The audit log."""

import msgspec

from server.rights import ADMIN
from server.store import audit
from server.store.audit import AuditEntry
from server.web.api.endpoint import Call, Endpoint, Paging


class AuditPage(msgspec.Struct):
    """rows: newest first. next: the `after` of the next page, null at the end."""

    rows: list[AuditEntry]
    next: int | None


async def page(call: Call) -> AuditPage:
    """A page of the audit log."""
    rows = await call.parts.database.read(audit.page, call.query.after, call.query.limit)
    return AuditPage(rows, rows[-1].id if len(rows) == call.query.limit else None)


ENDPOINTS = [Endpoint("GET", "/api/v1/audit", page, ADMIN, "Who did what", Paging, answer=AuditPage)]
