"""Payloads that were refused, each with its reason; the newest are kept."""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

MAX_REJECTS = 10_000
MAX_KEPT_BYTES = 4096

COLUMNS = "source, epoch, seq, reason, payload, received_at"


class Reject(NamedTuple):
    """What was refused.

    source: a device's name, or what stood in its place. epoch, seq: of the event, None where they are not
    known. reason: a sentence. payload: the beginning of what came, MAX_KEPT_BYTES at most. received_at: ms
    since 1970 UTC.
    """

    source: str
    epoch: int | None
    seq: int | None
    reason: str
    payload: bytes
    received_at: int


def insert(connection: sqlite3.Connection, rows: Iterable[Reject]) -> None:
    """Keep rejects, and drop the oldest beyond 10,000."""
    connection.executemany(f"INSERT INTO reject ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)", rows)
    connection.execute("DELETE FROM reject WHERE id <= (SELECT max(id) FROM reject) - ?", (MAX_REJECTS,))


@dataclass(frozen=True)
class Kept:
    """A reject as it is kept.

    id: the newest has the highest. source, epoch, seq, reason, received_at: as of Reject. text: the payload,
    in which bytes that are no text are written as an x and two digits, after a backslash.
    """

    id: int
    source: str
    epoch: int | None
    seq: int | None
    reason: str
    text: str
    received_at: int


class Refused(NamedTuple):
    """All kept rejects of a source with the same reason.

    source, reason: as of Reject. times: how many are kept. first_at, last_at: when the oldest and the newest
    of them came, ms since 1970 UTC. text: the payload of the newest, as of Kept.
    """

    source: str
    reason: str
    times: int
    first_at: int
    last_at: int
    text: str


def page(connection: sqlite3.Connection, after: int | None, limit: int, source: str) -> list[Kept]:
    """At most `limit` rejects before `after`, newest first. source: only of this one, "" for all."""
    rows = connection.execute(
        f"SELECT id, {COLUMNS} FROM reject WHERE id < ? AND (? = '' OR source = ?) ORDER BY id DESC LIMIT ?",
        (after if after is not None else 1 << 62, source, source, limit),
    )
    return [
        Kept(number, origin, epoch, seq, reason, _text(payload), received_at)
        for number, origin, epoch, seq, reason, payload, received_at in rows
    ]


def summary(connection: sqlite3.Connection, source: str, limit: int) -> list[Refused]:
    """What is kept, by source and reason, the latest first. source: only of this one, "" for all."""
    rows = connection.execute(
        "SELECT source, reason, count(*), min(received_at), max(received_at), max(id) FROM reject "
        "WHERE ? = '' OR source = ? GROUP BY source, reason ORDER BY max(id) DESC LIMIT ?",
        (source, source, limit),
    ).fetchall()
    return [
        Refused(origin, reason, times, first_at, last_at, _text(_payload(connection, newest)))
        for origin, reason, times, first_at, last_at, newest in rows
    ]


def count(connection: sqlite3.Connection, source: str) -> int:
    """How many rejects of a source are kept."""
    return int(connection.execute("SELECT count(*) FROM reject WHERE source = ?", (source,)).fetchone()[0])


def _payload(connection: sqlite3.Connection, number: int) -> bytes:
    return bytes(connection.execute("SELECT payload FROM reject WHERE id = ?", (number,)).fetchone()[0])


def _text(payload: bytes) -> str:
    return bytes(payload).decode(errors="backslashreplace")
