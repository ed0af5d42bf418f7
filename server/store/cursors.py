"""The log's only writer: rows are appended, and cursors move with them."""

import sqlite3
from collections.abc import Sequence
from typing import Any


def append(connection: sqlite3.Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    """Append events: id, device, epoch, seq, kind, customer, at, received_at, clock_at, quality,
    boot, uptime_ms, fields (msgpack)."""
    connection.executemany("INSERT INTO event VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)", rows)


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
