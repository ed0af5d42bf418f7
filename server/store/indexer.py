"""Indexes for reading, built behind the log in batches, so that appending never pays for them.

`event_by_device`, `event_by_kind`, `event_by_customer` hold (noun, id), `event_by_time` (at, id), all up to
event `through`; a query adds a scan of the few events behind it. `customer_text` has the names of
customers in one case, for searches.
"""

import sqlite3

STEP = 2000
NOUNS = ("device", "kind", "customer")


def through(connection: sqlite3.Connection) -> int:
    """The id of the last event that is indexed."""
    found: int = connection.execute("SELECT through FROM indexed").fetchone()[0]
    return found


def step(connection: sqlite3.Connection, limit: int = STEP) -> int:
    """Index at most `limit` events, as one transaction; how many there were."""
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
