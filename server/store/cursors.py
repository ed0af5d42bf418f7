"""The log's only writer: rows are appended, and cursors move with them."""

import sqlite3
from collections.abc import Sequence
from itertools import chain
from typing import Any

MANY = 100  # rows of one statement, which takes a third less time than `executemany` of one
_ROW = "(?,?,?,?,?,?,?,?,?,?,?,?,?)"
_INSERT = f"INSERT INTO event VALUES {_ROW}"
_INSERT_MANY = f"INSERT INTO event VALUES {', '.join([_ROW] * MANY)}"


def append(connection: sqlite3.Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    """Append events: id, device, epoch, seq, kind, customer, at, received_at, clock_at, quality,
    boot, uptime_ms, fields (msgpack)."""
    whole = len(rows) - len(rows) % MANY
    for first in range(0, whole, MANY):
        connection.execute(_INSERT_MANY, list(chain.from_iterable(rows[first : first + MANY])))
    connection.executemany(_INSERT, rows[whole:])


def save(connection: sqlite3.Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    """Write cursors: device, epoch, acked, crcs, boot, uptime_ms, at."""
    connection.executemany(
        "INSERT INTO cursor VALUES (?,?,?,?,?,?,?) ON CONFLICT DO UPDATE SET acked = excluded.acked, "
        "crcs = excluded.crcs, boot = excluded.boot, uptime_ms = excluded.uptime_ms, "
        "at = excluded.at",
        rows,
    )


def all_rows(connection: sqlite3.Connection) -> list[tuple[Any, ...]]:
    """Every cursor, those that moved last in time last."""
    return connection.execute(
        "SELECT device, epoch, acked, crcs, boot, uptime_ms, at FROM cursor ORDER BY at"
    ).fetchall()
