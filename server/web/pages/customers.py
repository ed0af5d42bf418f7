"""The pages Customers and one customer: found by a part of the name, with history, places and mails."""

from aiohttp import web

from server.clock import milliseconds
from server.errors import NotFound
from server.rights import READ
from server.store import customers
from server.store.customers import Customer
from server.store.events import EventQuery, Events
from server.web.access.caller import require
from server.web.api.customers import places
from server.web.live.feed import FEED
from server.web.pages import parameters
from server.web.pages.today import LATE_MS
from server.web.parts import PARTS, Parts
from server.web.render import page

SHOWN = 50
HISTORY = 25
MAILS = 10


async def search(request: web.Request) -> web.StreamResponse:
    """GET /customers: the newest customers, or those whose name has `text`. `name` leads to one of them."""
    require(request, READ)
    if request.query.get("name"):
        return await _one(request, request.query["name"])
    parts, wanted, before = (
        request.app[PARTS],
        parameters.text(request, "text"),
        parameters.number(request, "after"),
    )
    read = parts.database.read
    if wanted:
        rows = await read(customers.matching, wanted, SHOWN + 1)
    else:
        rows = await read(customers.newest, before, SHOWN + 1)
    facts = {
        "text": wanted, "rows": rows[:SHOWN], "known": await read(customers.count), "after": before,
        "more": len(rows) > SHOWN, "scores": _scores(parts, rows[:SHOWN]), "now": milliseconds(),
        "scanned": customers.SCANNED,
    }  # fmt: skip
    return page(request, "customers.html", facts)


async def show(request: web.Request) -> web.StreamResponse:
    """GET /customers/{name}. Raises NotFound."""
    require(request, READ)
    return await _one(request, request.match_info["name"])


async def _one(request: web.Request, name: str) -> web.StreamResponse:
    parts, after = request.app[PARTS], parameters.number(request, "after")
    read, newest = parts.database.read, request.app[FEED].newest
    found = await read(customers.find, name)
    if found is None:
        raise NotFound(f"There is no customer {name!r}; look for a part of the name under Customers.")
    query = EventQuery(customer=name, after=after, limit=HISTORY, newest=True)
    events, older = await Events(parts.database).page(query)
    facts = {
        "customer": found, "events": events, "older": older, "after": after, "newest": newest,
        "mails": await read(customers.mails, name, MAILS),
        "mail_count": await read(customers.mail_count, name),
        "places": places(parts, name), "specs": {spec.name: spec for spec in parts.settings.ranking},
        "now": milliseconds(), "late_ms": LATE_MS,
    }  # fmt: skip
    return page(request, "customer.html", facts)


def _scores(parts: Parts, rows: list[Customer]) -> list[tuple[str, bool, list[int | None]]]:
    """For each of the first two rankings of customers: name, whether it is money, a score per row."""
    ranked = [spec for spec in parts.settings.ranking if spec.key == "customer"][:2]
    found = []
    for spec in ranked:
        window = spec.windows[0]
        scores = [parts.rankings.score(spec.name, window, one.name) for one in rows]
        found.append((spec.name, spec.score == "sum:cents", scores))
    return found
