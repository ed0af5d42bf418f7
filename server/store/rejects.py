"""Payloads that were refused, each with its reason; the newest are kept."""

import sqlite3
from collections.abc import Iterable
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
