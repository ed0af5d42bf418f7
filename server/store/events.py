"""The log of events: the only file that writes it, and reads it."""

import sqlite3
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any, NamedTuple

import msgspec

from firmware.wire.event import QUALITIES
from server.store import search
from server.store.connection import Row
from server.store.database import Database
from server.store.search import EventQuery as EventQuery
from server.store.search import Part

MAX_PAGE = 1000
MANY = 100  # rows of one statement, which takes a third less time than `executemany` of one
_ROW = "(?,?,?,?,?,?,?,?,?,?,?,?,?)"
_INSERT = f"INSERT INTO event VALUES {_ROW}"
_INSERT_MANY = f"INSERT INTO event VALUES {', '.join([_ROW] * MANY)}"

_unpack = msgspec.msgpack.Decoder().decode
COLUMNS = (
    "e.id, d.name, e.epoch, e.seq, k.name, c.name, e.at, e.received_at, e.clock_at, e.quality, "
    "e.boot, e.uptime_ms, e.fields"
)
NAMED = (  # each of these joins finds one row; CROSS keeps SQLite from beginning with it
    "CROSS JOIN device d ON d.id = e.device CROSS JOIN kind k ON k.id = e.kind "
    "LEFT JOIN customer c ON c.id = e.customer"
)


class LogRow(NamedTuple):
    """An event as it lies in the log, a column per field.

    id: its place in the log, from 1. device, kind, customer: ids of their names; customer is None for none.
    epoch, seq: with the device, its identity. at: best known time; received_at: when the edge had it;
    clock_at: what the board's clock said, 0 for none; all ms since 1970 UTC. quality: of that clock, an
    index of wire.event.QUALITIES. boot: the number of the board's start. uptime_ms: since that start.
    fields: a msgpack map, without the customer.
    """

    id: int
    device: int
    epoch: int
    seq: int
    kind: int
    customer: int | None
    at: int
    received_at: int
    clock_at: int
    quality: int
    boot: int
    uptime_ms: int
    fields: bytes


class Stored(msgspec.Struct, frozen=True):
    """An event as people and programs see it.

    id: its row in the log. device: the name of the board or source. epoch, seq: with the device, its
    identity. kind: as `order.placed`. customer: a name, null for none. at: best known time; received_at:
    when the edge had it; clock_at: what the board's clock said, 0 for none; all ms since 1970 UTC. quality:
    of that clock, none, floor, edge or ntp. boot: how often the board had started. uptime_ms: since that
    start. fields: without the customer.
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


def append(connection: sqlite3.Connection, rows: Sequence[LogRow]) -> None:
    """Append events, part of their transaction."""
    whole = len(rows) - len(rows) % MANY
    for first in range(0, whole, MANY):
        connection.execute(_INSERT_MANY, list(chain.from_iterable(rows[first : first + MANY])))
    connection.executemany(_INSERT, rows[whole:])


class Events:
    """Reads the log."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(self, query: EventQuery) -> tuple[list[Stored], int | None]:
        """At most `limit` (1 to 1,000) events, and the `after` of the next page, None at the end.

        A page looks at a limited number of events: it may have few, or none, and a next page all the same.
        """
        return await self._database.read(page, query, max(1, min(query.limit, MAX_PAGE)))


def page(connection: sqlite3.Connection, query: EventQuery, limit: int) -> tuple[list[Stored], int | None]:
    """At most `limit` events, and the `after` of the next page, None at the end."""
    rows: list[Stored] = []
    for part in search.parts(connection, query):
        rows += _rows(connection, part, limit - len(rows))
        if len(rows) == limit:
            return rows, rows[-1].id
        if part.stop is not None:
            return rows, part.stop
    return rows, None


def _rows(connection: sqlite3.Connection, part: Part, limit: int) -> list[Stored]:
    statement = f"SELECT {COLUMNS} FROM {part.source} {NAMED} WHERE {part.where} {part.order} LIMIT ?"
    return [stored(row) for row in connection.execute(statement, (*part.values, limit))]


def after(connection: sqlite3.Connection, through: int, limit: int) -> list[Stored]:
    """At most `limit` events behind row `through`, in log order."""
    return page(connection, EventQuery(after=through), limit)[0]


def walk(connection: sqlite3.Connection, through: int, step: int = 5000) -> Iterator[Stored]:
    """All events behind row `through`, in log order, in constant memory."""
    while rows := after(connection, through, step):
        yield from rows
        through = rows[-1].id


def stored(row: Row) -> Stored:
    """An event from a row of COLUMNS."""
    start, quality, rest, packed = row[:9], QUALITIES[row[9]], row[10:12], row[12]
    return Stored(*start, quality, *rest, _unpack(packed))  # type: ignore[call-arg]


def kept_since(connection: sqlite3.Connection) -> int | None:
    """When the oldest event of the log came (ms), None when the log begins with the first one."""
    row = connection.execute("SELECT id, received_at FROM event ORDER BY id LIMIT 1").fetchone()
    return row[1] if row is not None and row[0] > 1 else None


def newest_id(connection: sqlite3.Connection) -> int:
    """The id of the newest event, 0 when there is none."""
    found: int = connection.execute("SELECT coalesce(max(id), 0) FROM event").fetchone()[0]
    return found


def latest_received_at(connection: sqlite3.Connection, rows: int = 10_000) -> int:
    """The latest time at which one of the newest `rows` events came, ms since 1970 UTC; 0 for an empty log.

    It is another one than that of the newest event when the clock of this machine was set back.
    """
    found: int = connection.execute(
        "SELECT coalesce(max(received_at), 0) FROM (SELECT received_at FROM event ORDER BY id DESC LIMIT ?)",
        (rows,),
    ).fetchone()[0]
    return found


def newest_received_at(connection: sqlite3.Connection) -> int:
    """When the newest event came, ms since 1970 UTC; 0 when there is none."""
    row = connection.execute("SELECT received_at FROM event ORDER BY id DESC LIMIT 1").fetchone()
    return row[0] if row else 0
