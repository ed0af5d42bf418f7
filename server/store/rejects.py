"""Payloads that were refused, each with its reason; the newest are kept."""

import sqlite3
from collections.abc import Iterable
from typing import Any

MAX_REJECTS = 10_000
MAX_KEPT_BYTES = 4096

COLUMNS = "source, epoch, seq, reason, payload, received_at"


def insert(connection: sqlite3.Connection, rows: Iterable[tuple[Any, ...]]) -> None:
    """Keep rejects (rows of COLUMNS), and drop the oldest beyond 10,000."""
    connection.executemany(f"INSERT INTO reject ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)", rows)
    connection.execute("DELETE FROM reject WHERE id <= (SELECT max(id) FROM reject) - ?", (MAX_REJECTS,))
