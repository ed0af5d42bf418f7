"""Chunks on their way to the cloud: sealed with their key before the first send, then marked sent."""

import sqlite3
from collections.abc import Sequence
from typing import Any

KEPT_SENT = 1000


def through(connection: sqlite3.Connection) -> int:
    """The id of the last event that is sealed."""
    found: int = connection.execute("SELECT through FROM sealed").fetchone()[0]
    return found


def seal(connection: sqlite3.Connection, rows: Sequence[tuple[Any, ...]], last: int) -> None:
    """Keep sealed chunks (pk, sk, body, events, first_at, sealed_at), and the event they reach."""
    connection.executemany(
        "INSERT INTO chunk (pk, sk, body, events, first_at, sealed_at) VALUES (?, ?, ?, ?, ?, ?)",
        rows,
    )
    connection.execute("UPDATE sealed SET through = ?", (last,))


def unsent(connection: sqlite3.Connection, limit: int) -> list[tuple[Any, ...]]:
    """(id, pk, sk, body, events, first_at) of chunks that the cloud has not confirmed."""
    return connection.execute(
        "SELECT id, pk, sk, body, events, first_at FROM chunk WHERE sent_at IS NULL ORDER BY id LIMIT ?",
        (limit,),
    ).fetchall()


def sent(connection: sqlite3.Connection, numbers: Sequence[int], now: int) -> None:
    """Mark chunks as confirmed; bodies of chunks long confirmed are dropped."""
    connection.executemany("UPDATE chunk SET sent_at = ? WHERE id = ?", [(now, number) for number in numbers])
    newest = max(numbers) - KEPT_SENT
    connection.execute(
        "UPDATE chunk SET body = NULL WHERE id BETWEEN ? AND ? AND sent_at IS NOT NULL",
        (newest - 100, newest),
    )


def backlog(connection: sqlite3.Connection) -> tuple[int, int, int | None, int | None]:
    """(events not yet sealed, chunks unsent, received_at of the oldest unsealed event, last sent_at)."""
    last = through(connection)
    waiting = connection.execute("SELECT coalesce(max(id), 0) FROM event").fetchone()[0] - last
    open_ = connection.execute("SELECT count(*), min(sealed_at) FROM chunk WHERE sent_at IS NULL").fetchone()
    oldest = connection.execute(
        "SELECT received_at FROM event WHERE id > ? ORDER BY id LIMIT 1", (last,)
    ).fetchone()
    newest = connection.execute("SELECT sent_at FROM chunk ORDER BY id DESC LIMIT 1").fetchone()
    at = open_[1] if open_[0] else (oldest[0] if oldest else None)
    return waiting, open_[0], at, newest[0] if newest else None


def unsent_events(connection: sqlite3.Connection) -> int:
    """Events in sealed device chunks that the cloud has not confirmed."""
    found: int = connection.execute(
        "SELECT coalesce(sum(events), 0) FROM chunk WHERE sent_at IS NULL AND pk LIKE 'D#%'"
    ).fetchone()[0]
    return found
