"""The log of events: what is read from it."""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from firmware.wire.event import QUALITIES
from server.store import indexer
from server.store.database import Database
from server.store.indexer import NOUNS

MAX_PAGE = 1000

_unpack = msgspec.msgpack.Decoder().decode
COLUMNS = (
    "e.id, d.name, e.epoch, e.seq, k.name, c.name, e.at, e.received_at, e.clock_at, e.quality, "
    "e.boot, e.uptime_ms, e.fields"
)
JOINED = (
    "event e JOIN device d ON d.id = e.device JOIN kind k ON k.id = e.kind "
    "LEFT JOIN customer c ON c.id = e.customer"
)


class Stored(msgspec.Struct, frozen=True):
    """An event as people and programs see it.

    id: its row in the log. at: best known time; received_at: when the edge had it; clock_at: what
    the board's clock said, 0 for none; all ms since 1970 UTC. quality: of that clock. fields:
    without the customer.
    """

    id: int
    device: str
    epoch: int
    seq: int
    kind: str
    customer: str | None
    at: int
    received_at: int
    clock_at: int
    quality: str
    boot: int
    uptime_ms: int
    fields: dict[str, Any] = {}


@dataclass(frozen=True)
class EventQuery:
    """Which events: None is any. after: an id; newer than it first to last, or, when newest is
    true, older than it from the newest on."""

    device: str | None = None
    kind: str | None = None
    customer: str | None = None
    after: int | None = None
    limit: int = 100
    newest: bool = False


class Events:
    """Reads the log."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(self, query: EventQuery) -> tuple[list[Stored], int | None]:
        """At most `limit` (1 to 1,000) events, and the `after` of the next page, None at the end."""
        limit = max(1, min(query.limit, MAX_PAGE))
        rows = await self._database.read(_select, query, limit)
        return rows, rows[-1].id if len(rows) == limit else None


def _select(connection: sqlite3.Connection, query: EventQuery, limit: int) -> list[Stored]:
    where, values = _conditions(query)
    narrowed = _narrowest(query)
    order = "DESC" if query.newest else "ASC"
    if narrowed is None:
        return _rows(connection, " AND ".join(where), values, (order, limit))
    noun, name = narrowed
    last = indexer.through(connection)
    index = (
        f"e.id IN (SELECT id FROM event_by_{noun} WHERE {noun} = (SELECT id FROM {noun} WHERE name = ?)"
        f" AND {_beyond(query, 'id')} ORDER BY id {order})"
    )
    beyond = [query.after] if query.after is not None else []
    indexed = _rows(
        connection, " AND ".join(["e.id <= ?", index, *where]), [last, name, *beyond, *values], (order, limit)
    )
    tail = _rows(connection, " AND ".join(["e.id > ?", *where]), [last, *values], (order, limit))
    return (tail + indexed if query.newest else indexed + tail)[:limit]


def _conditions(query: EventQuery) -> tuple[list[str], list[Any]]:
    where, values = [_beyond(query, "e.id")], list[Any]()
    if query.after is not None:
        values.append(query.after)
    for noun in NOUNS:
        name = getattr(query, noun)
        if name is not None:
            where.append(f"e.{noun} = (SELECT id FROM {noun} WHERE name = ?)")
            values.append(name)
    return where, values


def _beyond(query: EventQuery, column: str) -> str:
    if query.after is None:
        return "1"
    return f"{column} < ?" if query.newest else f"{column} > ?"


def _narrowest(query: EventQuery) -> tuple[str, str] | None:
    """The noun whose index leaves the fewest events, as a rule."""
    for noun in ("customer", "device", "kind"):
        name = getattr(query, noun)
        if name is not None:
            return noun, name
    return None


def _rows(
    connection: sqlite3.Connection, where: str, values: list[Any], page: tuple[str, int]
) -> list[Stored]:
    order, limit = page
    statement = f"SELECT {COLUMNS} FROM {JOINED} WHERE {where} ORDER BY e.id {order} LIMIT ?"
    return [stored(row) for row in connection.execute(statement, (*values, limit))]


def after(connection: sqlite3.Connection, through: int, limit: int) -> list[Stored]:
    """At most `limit` events behind row `through`, in log order."""
    return _select(connection, EventQuery(after=through), limit)


def walk(connection: sqlite3.Connection, through: int, step: int = 5000) -> Iterator[Stored]:
    """All events behind row `through`, in log order, in constant memory."""
    while rows := after(connection, through, step):
        yield from rows
        through = rows[-1].id


def stored(row: tuple[Any, ...]) -> Stored:
    """An event from a row of COLUMNS."""
    start, quality, rest, packed = row[:9], QUALITIES[row[9]], row[10:12], row[12]
    return Stored(*start, quality, *rest, _unpack(packed))  # type: ignore[call-arg]


def newest_id(connection: sqlite3.Connection) -> int:
    """The id of the newest event, 0 when there is none."""
    found: int = connection.execute("SELECT coalesce(max(id), 0) FROM event").fetchone()[0]
    return found
