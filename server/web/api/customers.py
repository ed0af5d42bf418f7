"""Customers: everybody whom an event named."""

from typing import Annotated

import msgspec

from server.clock import milliseconds
from server.errors import NotFound
from server.rights import READ
from server.store import customers
from server.store.customers import Customer
from server.web.api.endpoint import Call, Endpoint, Paging, Query
from server.web.parts import Parts

Text = Annotated[str, msgspec.Meta(min_length=1, max_length=256)]


class CustomersQuery(Paging):
    """text: a part of the name, in any case. name: exactly this one."""

    text: Text | None = None
    name: Text | None = None


class CustomerPage(msgspec.Struct):
    """rows: in the order in which they first came. next: the `after` of the next page, null at the end.

    With text a page looks at 200,000 customers: it may have few rows or none, and a next page all the same.
    """

    rows: list[Customer]
    next: int | None


class CustomerPlace(msgspec.Struct):
    """The place of a customer in a window of a ranking.

    ranking, window: their names. rank (from 1) and score: null when not listed. rank_before: at the moment
    before_at; null when not among the best 1,000 then. before_at: the last midnight of the site, ms since
    1970 UTC; null when nothing is noted of then, or nobody was listed. since: as of a ranking.
    """

    ranking: str
    window: str
    rank: int | None
    score: int | None
    rank_before: int | None = None
    before_at: int | None = None
    since: int | None = None


class OneCustomer(msgspec.Struct):
    """A customer and their places.

    id: in the order in which customers came. name: as in events. email: null when it is not known. first_at:
    when an event first named them, ms since 1970 UTC. mails: how many mails their events made, without
    digests. places: one per ranking of customers and window.
    """

    id: int
    name: str
    email: str | None
    first_at: int
    mails: int
    places: list[CustomerPlace]


async def page(call: Call) -> CustomerPage:
    """A page of customers."""
    query: CustomersQuery = call.query
    if query.name is not None:
        found = await call.parts.database.read(customers.find, query.name)
        has_text = found is not None and (query.text or "").casefold() in found.name.casefold()
        return CustomerPage([found] if found and has_text else [], None)
    work = call.parts.database.read(customers.page, query.after or 0, query.limit, query.text or "")
    return CustomerPage(*await work)


async def one(call: Call) -> OneCustomer:
    """A customer, and their place in each ranking."""
    name = call.named("name")
    found = await call.parts.database.read(customers.find, name)
    if found is None:
        raise NotFound(f"There is no customer {name!r}; names are exact here, ?text= in the list finds them.")
    mails = await call.parts.database.read(customers.mail_count, name)
    return OneCustomer(found.id, found.name, found.email, found.first_at, mails, places(call.parts, name))


def places(parts: Parts, name: str) -> list[CustomerPlace]:
    """The places of a customer, in the order of the settings."""
    keys = {spec.name: spec.key for spec in parts.settings.ranking}
    found, now = [], milliseconds()
    for ranking, windows in parts.rankings.names():
        for window in windows if keys[ranking] == "customer" else ():
            place = parts.rankings.place(ranking, window, name)
            rank, score = (place.rank, place.score) if place else (None, None)
            before = parts.standings.before(ranking, window, "day", now)
            found.append(CustomerPlace(
                ranking, window, rank, score, before.rank(name) if before else None,
                before.compared_at if before else None, parts.rankings.since(ranking, window),
            ))  # fmt: skip
    return found


ENDPOINTS = [
    Endpoint("GET", "/api/v1/customers", page, READ, "Customers", CustomersQuery, answer=CustomerPage),
    Endpoint(
        "GET",
        "/api/v1/customers/{name}",
        one,
        READ,
        "One customer",
        Query,
        answer=OneCustomer,
        problems=("not-found",),
    ),
]
