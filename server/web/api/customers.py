"""Customers: everybody who was named in an event."""

import sqlite3

import msgspec

from server.web.api.endpoint import Call, Endpoint, Paging
from server.web.caller import READ


class Customer(msgspec.Struct):
    """first_at: when an event named them first, ms since 1970 UTC. email: null when nobody knows."""

    id: int
    name: str
    email: str | None
    first_at: int


class CustomerPage(msgspec.Struct):
    """rows: in the order in which they first came. next: the `after` of the next page."""

    rows: list[Customer]
    next: int | None


async def page(call: Call) -> CustomerPage:
    """A page of customers."""
    rows = await call.parts.database.read(_select, call.query.after or 0, call.query.limit)
    return CustomerPage(rows, rows[-1].id if len(rows) == call.query.limit else None)


def _select(connection: sqlite3.Connection, after: int, limit: int) -> list[Customer]:
    rows = connection.execute(
        "SELECT id, name, email, first_at FROM customer WHERE id > ? ORDER BY id LIMIT ?", (after, limit)
    )
    return [Customer(*row) for row in rows]


ENDPOINTS = [Endpoint("GET", "/api/v1/customers", page, READ, "Customers", Paging, answer=CustomerPage)]
