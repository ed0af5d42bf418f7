"""Cursors: how far the log has the events of each device and epoch. They move with the log."""

import sqlite3
from collections.abc import Iterable
from typing import NamedTuple


class CursorRow(NamedTuple):
    """A cursor as it is kept.

    device: the id of its name. epoch: of its numbering. acked: the last seq that is committed without a
    gap, 0 for none. crcs: CRC32 of the latest events, 4 bytes each, newest last. boot, uptime_ms, at: of the
    newest event; at is its best known time, ms since 1970 UTC.
    """

    device: int
    epoch: int
    acked: int
    crcs: bytes
    boot: int
    uptime_ms: int
    at: int


def save(connection: sqlite3.Connection, rows: Iterable[CursorRow]) -> None:
    """Write cursors, in the transaction of their events."""
    connection.executemany(
        "INSERT INTO cursor VALUES (?,?,?,?,?,?,?) ON CONFLICT DO UPDATE SET acked = excluded.acked, "
        "crcs = excluded.crcs, boot = excluded.boot, uptime_ms = excluded.uptime_ms, "
        "at = excluded.at",
        rows,
    )


def everything(connection: sqlite3.Connection) -> list[CursorRow]:
    """Every cursor, those that moved last in time last."""
    rows = connection.execute(
        "SELECT device, epoch, acked, crcs, boot, uptime_ms, at FROM cursor ORDER BY at"
    )
    return [CursorRow(*row) for row in rows]
