"""How the events of a query are found: by the index that leaves the fewest, and behind it by the log itself.

Pages are in order of rows, whatever the filter, because a row never changes its place: events that
come between two pages can neither repeat nor hide another one. A cursor by `at` could not promise that, as
boards may send late.

A page looks at a limited number of events. One that hits the limit ends there and says where to go on.
A span of time is looked up in its index when it holds no more events than the limit; a wider one is read
row by row. To begin where `received_at` reaches `since` would be quicker, as `at` never exceeds it; but the
clock of an edge may have been put back, and then `received_at` does not rise with the rows.
"""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import msgspec

from server.store import indexer
from server.store.indexer import NOUNS

SCANNED = 20_000  # events that one page looks at, in the index and again behind it

_unpack = msgspec.msgpack.Decoder(dict[str, object]).decode
Conditions = dict[str, tuple[str, object]]  # by the parameter: SQL, and its value


@dataclass(frozen=True)
class EventQuery:
    """Which events to find; None means any.

    device, kind, customer: exact names. newest: whether to begin with the newest event. after: an id; only
    events behind it in that order. limit: how many events at most. since, until: ms since 1970 UTC, of the
    best known time; since is in, until is out. text: a part of the customer or of a field that is text, in
    any case.
    """

    device: str | None = None
    kind: str | None = None
    customer: str | None = None
    after: int | None = None
    limit: int = 100
    newest: bool = False
    since: int | None = None
    until: int | None = None
    text: str | None = None


class Part(NamedTuple):
    """One way through a part of the log, as pieces of SQL with `e` for the event.

    source: what follows FROM. where: the conditions. order: the whole ORDER BY. values: for the question
    marks in them. stop: the last id that it looks at when there are more beyond it, else None.
    """

    source: str
    where: str
    order: str
    values: tuple[object, ...]
    stop: int | None


class _Source(NamedTuple):
    """Where ids come from, as pieces of SQL.

    table: what follows FROM. id: the column of the ids. noun: whose index it is, "" for the log. own: its
    conditions. values: for the question marks in them. few: whether the ids are so few that all may be read.
    """

    table: str = "event e"
    id: str = "e.id"
    noun: str = ""
    own: tuple[str, ...] = ()
    values: tuple[object, ...] = ()
    few: bool = False


LOG = _Source()


def parts(connection: sqlite3.Connection, query: EventQuery) -> Iterator[Part]:
    """The parts of the log to look at, one after the other; all that a query may see is in one of them."""
    conditions = _conditions(connection, query)
    low, high = _span(connection, query)
    if conditions is None:
        return
    source = _narrowest(connection, query, conditions)
    last = indexer.through(connection) if source is not LOG else 0
    halves = [(source, low, min(high, last)), (LOG, max(low, last + 1), high)]
    for where, first, end in reversed(halves) if query.newest else halves:
        if first <= end:
            yield _part(connection, query.newest, where, (first, end), conditions)


def _conditions(connection: sqlite3.Connection, query: EventQuery) -> Conditions | None:
    """The conditions on events; None when a name is not known, so that no event can fulfil them."""
    found: Conditions = {}
    for noun in NOUNS:
        name = getattr(query, noun)
        if name is not None:
            number = connection.execute(f"SELECT id FROM {noun} WHERE name = ?", (name,)).fetchone()
            if number is None:
                return None
            found[noun] = f"e.{noun} = ?", number[0]
    if query.since is not None:
        found["since"] = "e.at >= ?", query.since
    if query.until is not None:
        found["until"] = "e.at < ?", query.until
    if query.text is not None:
        wanted = partial(_holds, query.text.casefold())
        connection.create_function("holds", 2, wanted, deterministic=True)
        found["text"] = "holds(c.name, e.fields) = ?", 1
    return found


def _holds(wanted: str, customer: str | None, fields: bytes) -> bool:
    if customer is not None and wanted in customer.casefold():
        return True
    return any(isinstance(value, str) and wanted in value.casefold() for value in _unpack(fields).values())


def _span(connection: sqlite3.Connection, query: EventQuery) -> tuple[int, int]:
    """The first and the last id that may be looked at; the last is the smaller one when there is none."""
    low, high = connection.execute(
        "SELECT coalesce((SELECT min(id) FROM event), 0), coalesce((SELECT max(id) FROM event), -1)"
    ).fetchone()
    if query.after is None:
        return low, high
    return (low, min(high, query.after - 1)) if query.newest else (max(low, query.after + 1), high)


def _narrowest(connection: sqlite3.Connection, query: EventQuery, conditions: Conditions) -> _Source:
    """The index that leaves the fewest events, as a rule."""
    if "customer" in conditions:
        return _by_noun("customer", conditions)
    if "since" in conditions or "until" in conditions:
        span = query.since or 0, query.until if query.until is not None else (1 << 63) - 1
        (found,) = connection.execute(
            "SELECT count(*) FROM (SELECT 1 FROM event_by_time WHERE at >= ? AND at < ? LIMIT ?)",
            (*span, SCANNED + 1),
        ).fetchone()
        if found <= SCANNED:
            own = "e.id IN (SELECT id FROM event_by_time WHERE at >= ? AND at < ? AND id >= ? AND id <= ?)"
            return _Source(id="+e.id", own=(own,), values=span, few=True)
    return next((_by_noun(noun, conditions) for noun in ("device", "kind") if noun in conditions), LOG)


def _by_noun(noun: str, conditions: Conditions) -> _Source:
    table = f"event_by_{noun} i CROSS JOIN event e ON e.id = i.id"
    return _Source(table, "i.id", noun, (f"i.{noun} = ?",), (conditions[noun][1],))


def _part(
    connection: sqlite3.Connection,
    newest: bool,
    source: _Source,
    span: tuple[int, int],
    conditions: Conditions,
) -> Part:
    rest = [condition for name, condition in conditions.items() if name != source.noun]
    stop = _stop(connection, newest, source, span) if rest and not source.few else None
    low, high = span
    if stop is not None:
        low, high = (stop, high) if newest else (low, stop)
    own = source.values if not source.few else (*source.values, low, high)
    where = (*source.own, f"{source.id} >= ?", f"{source.id} <= ?", *(sql for sql, _ in rest))
    order = f"ORDER BY {source.id.lstrip('+')} {'DESC' if newest else 'ASC'}"
    values = (*own, low, high, *(value for _, value in rest))
    return Part(source.table, " AND ".join(where), order, values, stop)


def _stop(connection: sqlite3.Connection, newest: bool, source: _Source, span: tuple[int, int]) -> int | None:
    """The last id that may be looked at; None when all may be."""
    low, high = span
    if not source.noun:
        stop = high - SCANNED + 1 if newest else low + SCANNED - 1
        return stop if (stop > low if newest else stop < high) else None
    found = connection.execute(
        f"SELECT i.id FROM event_by_{source.noun} i WHERE {source.own[0]} AND i.id >= ? AND i.id <= ? "
        f"ORDER BY i.id {'DESC' if newest else 'ASC'} LIMIT 1 OFFSET ?",
        (*source.values, low, high, SCANNED - 1),
    ).fetchone()
    return found[0] if found else None
