"""Customers: everybody whom an event named, found by a part of their name."""

import sqlite3
from dataclasses import dataclass

from server.store.mail import COLUMNS, IS_OWN, Mail, stored
from server.store.schema import know_casefold

SCANNED = 200_000  # customers that one search looks at
LAST = chr(0x10FFFF)
SELECT = "SELECT id, name, email, first_at FROM customer"
INDEXED = (  # then those that are not indexed yet; both end where a condition on id and folded follows
    "SELECT id, name, email, first_at FROM customer_text CROSS JOIN customer USING (id) WHERE"
)
BEHIND = (
    "SELECT id, name, email, first_at FROM (SELECT *, casefold(name) AS folded FROM customer "
    "WHERE id > (SELECT coalesce(max(id), 0) FROM customer_text)) WHERE"
)
BEHIND_MAILS = (  # of a customer, those that are not indexed yet
    "SELECT id FROM mail WHERE id > (SELECT mail FROM indexed) "
    f"AND json_extract(facts, '$.customer') = ? AND {IS_OWN}"
)


@dataclass(frozen=True)
class Customer:
    """Somebody whom an event named.

    id: its number in the log, in the order in which customers came. name: as in events. email: None when
    it is not known. first_at: when an event first named them, ms since 1970 UTC.
    """

    id: int
    name: str
    email: str | None
    first_at: int


def page(
    connection: sqlite3.Connection, after: int, limit: int, text: str = ""
) -> tuple[list[Customer], int | None]:
    """At most `limit` customers in the order in which they first came, and the `after` of the next page.

    text: a part of the name, in any case. With it a page looks at a limited number of customers: it may
    have few rows, or none, and a next page all the same.
    """
    if not text:
        rows = _rows(connection, f"{SELECT} WHERE id > ? ORDER BY id LIMIT ?", after, limit)
        return rows, rows[-1].id if len(rows) == limit else None
    after = min(after, _newest_id(connection))  # no number that SQLite cannot hold
    end, folded = after + SCANNED, text.casefold()
    has = "id > ? AND id <= ? AND instr(folded, ?) ORDER BY id"
    rows = _rows(connection, f"{INDEXED} {has} LIMIT ?", after, end, folded, limit)
    rows += _rows(connection, f"{BEHIND} {has} LIMIT ?", after, end, folded, limit - len(rows))
    if len(rows) == limit:
        return rows, rows[-1].id
    return rows, end if end < _newest_id(connection) else None


def newest(connection: sqlite3.Connection, before: int | None, limit: int) -> list[Customer]:
    """At most `limit` customers, the newest first. before: only those with a smaller id, None for all."""
    sql = f"{SELECT} WHERE id < ? ORDER BY id DESC LIMIT ?"
    return _rows(connection, sql, before if before is not None else 1 << 62, limit)


def matching(connection: sqlite3.Connection, text: str, limit: int) -> list[Customer]:
    """At most `limit` customers whose name has `text`: first those that begin with it, by name.

    The others are looked for among the newest SCANNED ones.
    """
    folded, oldest = text.casefold(), _newest_id(connection) - SCANNED
    begins = "folded >= ? AND folded < ? ORDER BY folded, id LIMIT ?"
    found = [
        one
        for source in (INDEXED, BEHIND)
        for one in _rows(connection, f"{source} {begins}", folded, folded + LAST, limit)
    ]
    found.sort(key=lambda one: (one.name.casefold(), one.id))
    for source in (BEHIND, INDEXED):  # the newest first
        has = f"{source} id > ? AND instr(folded, ?) > 1 ORDER BY id DESC LIMIT ?"
        found += _rows(connection, has, oldest, folded, max(0, limit - len(found)))
    return found[:limit]


def find(connection: sqlite3.Connection, name: str) -> Customer | None:
    """The customer of exactly this name."""
    rows = _rows(connection, f"{SELECT} WHERE name = ?", name)
    return rows[0] if rows else None


def count(connection: sqlite3.Connection) -> int:
    """The number of customers."""
    return _newest_id(connection)  # ids have no gaps, and customers stay


def emails(connection: sqlite3.Connection) -> dict[int, str]:
    """The address of each customer, by id, where one is known."""
    known = "SELECT id, email FROM customer WHERE email IS NOT NULL"
    return dict(connection.execute(known).fetchall())


def set_email(connection: sqlite3.Connection, number: int, email: str) -> None:
    """Keep the address of a customer."""
    connection.execute("UPDATE customer SET email = ? WHERE id = ?", (email, number))


def mails(connection: sqlite3.Connection, name: str, limit: int) -> list[Mail]:
    """At most `limit` mails that events of this customer made, newest first; digests gather many."""
    sql = (
        f"SELECT {COLUMNS} FROM mail WHERE id IN ({BEHIND_MAILS} UNION ALL "
        "SELECT * FROM (SELECT mail FROM mail_by_customer WHERE customer = ? ORDER BY mail DESC LIMIT ?)) "
        "ORDER BY id DESC LIMIT ?"
    )
    return [stored(row) for row in connection.execute(sql, (name, name, limit, limit))]


def mail_count(connection: sqlite3.Connection, name: str) -> int:
    """The number of mails that events of this customer made."""
    sql = (
        "SELECT (SELECT count(*) FROM mail_by_customer WHERE customer = ?) + "
        f"(SELECT count(*) FROM ({BEHIND_MAILS}))"
    )
    found: int = connection.execute(sql, (name, name)).fetchone()[0]
    return found


def _newest_id(connection: sqlite3.Connection) -> int:
    found: int = connection.execute("SELECT coalesce(max(id), 0) FROM customer").fetchone()[0]
    return found


def _rows(connection: sqlite3.Connection, sql: str, *values: object) -> list[Customer]:
    know_casefold(connection)
    return [Customer(*row) for row in connection.execute(sql, values)]
