"""Letters that stayed here, because mail is local: the newest 1,000."""

import sqlite3
from typing import NamedTuple

KEPT = 1000


class Received(NamedTuple):
    """A letter in the box.

    id: its number in the box. recipient: an address. subject, text, html: as it was rendered; text and
    html are empty in lists. sent_at: ms since 1970 UTC.
    """

    id: int
    recipient: str
    subject: str
    text: str
    html: str
    sent_at: int


def add(connection: sqlite3.Connection, mail: int, letter: Received) -> int:
    """Keep a letter of a mail (its id in the outbox), and drop the oldest; its number in the box."""
    number = connection.execute(
        "INSERT INTO mailbox (mail, recipient, subject, text, html, sent_at) "
        "VALUES (?, ?, ?, ?, ?, ?) RETURNING id",
        (mail, *letter[1:]),
    ).fetchone()[0]
    connection.execute("DELETE FROM mailbox WHERE id <= ?", (number - KEPT,))
    return int(number)


def newest(connection: sqlite3.Connection, limit: int) -> list[Received]:
    """At most `limit` letters, the newest first, without their bodies."""
    rows = connection.execute(
        "SELECT id, recipient, subject, '', '', sent_at FROM mailbox ORDER BY id DESC LIMIT ?", (limit,)
    )
    return [Received(*row) for row in rows]


def find(connection: sqlite3.Connection, number: int) -> Received | None:
    """A letter, None when it is not in the box (any more)."""
    row = connection.execute(
        "SELECT id, recipient, subject, text, html, sent_at FROM mailbox WHERE id = ?", (number,)
    ).fetchone()
    return Received(*row) if row else None
