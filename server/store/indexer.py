"""Indexes for reading, built behind the log in batches, so that appending never pays for them.

`event_by_device`, `event_by_kind`, `event_by_customer` hold (noun, id), `event_by_time` (at, id), all up to
event `through`; a query adds a scan of the few events behind it. `customer_text` has the names of
customers in one case, for searches. `mail_by_customer` has the mails that events of a customer made.
"""

import sqlite3

from server.store.mail import IS_OWN

STEP = 2000
NOUNS = ("device", "kind", "customer")


def through(connection: sqlite3.Connection) -> int:
    """The id of the last event that is indexed."""
    found: int = connection.execute("SELECT through FROM indexed").fetchone()[0]
    return found


def mails_through(connection: sqlite3.Connection) -> int:
    """The id of the last mail that is indexed."""
    found: int = connection.execute("SELECT mail FROM indexed").fetchone()[0]
    return found


def step(connection: sqlite3.Connection, limit: int = STEP) -> int:
    """Index at most `limit` events and `limit` mails in one transaction; the larger number of both."""
    return max(_events(connection, limit), _mails(connection, limit))


def _events(connection: sqlite3.Connection, limit: int) -> int:
    first = through(connection)
    last = connection.execute(
        "SELECT max(id), count(*) FROM (SELECT id FROM event WHERE id > ? ORDER BY id LIMIT ?)",
        (first, limit),
    ).fetchone()
    if not last[1]:
        return 0
    for noun in NOUNS:
        connection.execute(
            f"INSERT INTO event_by_{noun} SELECT {noun}, id FROM event "
            f"WHERE id > ? AND id <= ? AND {noun} IS NOT NULL ORDER BY {noun}, id",
            (first, last[0]),
        )
    connection.execute(
        "INSERT INTO event_by_time SELECT at, id FROM event WHERE id > ? AND id <= ? ORDER BY at, id",
        (first, last[0]),
    )
    connection.execute(
        "INSERT INTO customer_text SELECT id, casefold(name) FROM customer "
        "WHERE id > (SELECT coalesce(max(id), 0) FROM customer_text) ORDER BY id LIMIT ?",
        (limit,),  # there are never more new customers than events
    )
    connection.execute("UPDATE indexed SET through = ?", (last[0],))
    return int(last[1])


def _mails(connection: sqlite3.Connection, limit: int) -> int:
    first = mails_through(connection)
    last, count = connection.execute(
        "SELECT max(id), count(*) FROM (SELECT id FROM mail WHERE id > ? ORDER BY id LIMIT ?)", (first, limit)
    ).fetchone()
    if count:
        connection.execute(
            "INSERT INTO mail_by_customer SELECT json_extract(facts, '$.customer') AS customer, id FROM mail "
            f"WHERE id > ? AND id <= ? AND customer IS NOT NULL AND {IS_OWN} ORDER BY customer, id",
            (first, last),
        )
        connection.execute("UPDATE indexed SET mail = ?", (last,))
    return int(count)
