"""The answers to posts with an Idempotency-Key: a repeat within 24 h gets the same bytes."""

import sqlite3
from collections.abc import Iterable
from typing import NamedTuple

from server.calendar import DAY_MS

KEPT_MS = DAY_MS
MAX_KEYS = 100_000  # of one source; the newest are kept
DROPPED = 1000  # expired rows per commit at most, so that none takes long; more than a commit can add


class KeptAnswer(NamedTuple):
    """An answer as it is kept.

    source: the one that posted. key, body: hashes of the Idempotency-Key and of the body. answer: the bytes
    that were told. at: when the post came, ms since 1970 UTC.
    """

    source: str
    key: bytes
    body: bytes
    answer: bytes
    at: int


def find(connection: sqlite3.Connection, source: str, key: bytes, now: int) -> KeptAnswer | None:
    """The answer to the post of `source` under `key`, None when there was none in the last 24 h."""
    row = connection.execute(
        "SELECT source, key, body, answer, at FROM answer WHERE source = ? AND key = ? AND at > ?",
        (source, key, now - KEPT_MS),
    ).fetchone()
    return KeptAnswer(*row) if row else None


def keep(connection: sqlite3.Connection, answers: Iterable[KeptAnswer], now: int) -> None:
    """Keep answers in the transaction of their events, and drop old ones and those beyond MAX_KEYS."""
    connection.execute(
        "DELETE FROM answer WHERE number IN (SELECT number FROM answer WHERE at <= ? ORDER BY at LIMIT ?)",
        (now - KEPT_MS, DROPPED),
    )
    for kept in answers:
        nth = connection.execute(
            "SELECT coalesce(max(nth), 0) + 1 FROM answer WHERE source = ?", (kept.source,)
        ).fetchone()[0]
        connection.execute(
            "INSERT OR REPLACE INTO answer (source, nth, key, body, answer, at) VALUES (?, ?, ?, ?, ?, ?)",
            (kept.source, nth, *kept[1:]),
        )
        connection.execute("DELETE FROM answer WHERE source = ? AND nth <= ?", (kept.source, nth - MAX_KEYS))
