"""Chunks on their way to the cloud: sealed with their key before the first send, then marked sent."""

import sqlite3
from collections.abc import Iterable, Sequence
from typing import NamedTuple

KEPT_SENT = 1000


class Chunk(NamedTuple):
    """Events packed for one item of the table.

    pk, sk: its key, which is never used again. body: compressed bytes. events: how many are in it.
    first_at: best known time of the oldest, ms since 1970 UTC.
    """

    pk: str
    sk: str
    body: bytes
    events: int
    first_at: int


class Backlog(NamedTuple):
    """What is not in the cloud yet.

    waiting: events that are not sealed yet. unsent: sealed chunks that the cloud has not confirmed.
    oldest_at: when the oldest of either came or was sealed, None when there is none. last_sent_at: when
    the newest chunk was confirmed, None before the first. Both in ms since 1970 UTC.
    """

    waiting: int
    unsent: int
    oldest_at: int | None
    last_sent_at: int | None


def through(connection: sqlite3.Connection) -> int:
    """The id of the last event that is sealed."""
    found: int = connection.execute("SELECT through FROM sealed").fetchone()[0]
    return found


def seal(connection: sqlite3.Connection, made: Iterable[Chunk], last: int, now: int) -> None:
    """Keep chunks that were sealed at `now` (ms), and the id of the event that they reach."""
    connection.executemany(
        "INSERT INTO chunk (pk, sk, body, events, first_at, sealed_at) VALUES (?, ?, ?, ?, ?, ?)",
        [(*chunk, now) for chunk in made],
    )
    connection.execute("UPDATE sealed SET through = ?", (last,))


def unsent(connection: sqlite3.Connection, limit: int) -> dict[int, Chunk]:
    """At most `limit` chunks that the cloud has not confirmed, by their number, oldest first."""
    rows = connection.execute(
        "SELECT id, pk, sk, body, events, first_at FROM chunk WHERE sent_at IS NULL ORDER BY id LIMIT ?",
        (limit,),
    )
    return {number: Chunk(*parts) for number, *parts in rows}


def sent(connection: sqlite3.Connection, numbers: Sequence[int], now: int) -> None:
    """Mark chunks as confirmed; bodies of chunks long confirmed are dropped."""
    connection.executemany("UPDATE chunk SET sent_at = ? WHERE id = ?", [(now, number) for number in numbers])
    newest = max(numbers) - KEPT_SENT
    connection.execute(
        "UPDATE chunk SET body = NULL WHERE id BETWEEN ? AND ? AND sent_at IS NOT NULL",
        (newest - 100, newest),
    )


def backlog(connection: sqlite3.Connection) -> Backlog:
    """The present backlog."""
    last = through(connection)
    waiting = connection.execute("SELECT coalesce(max(id), 0) FROM event").fetchone()[0] - last
    open_ = connection.execute("SELECT count(*), min(sealed_at) FROM chunk WHERE sent_at IS NULL").fetchone()
    oldest = connection.execute(
        "SELECT received_at FROM event WHERE id > ? ORDER BY id LIMIT 1", (last,)
    ).fetchone()
    newest = connection.execute("SELECT sent_at FROM chunk ORDER BY id DESC LIMIT 1").fetchone()
    at = open_[1] if open_[0] else (oldest[0] if oldest else None)
    return Backlog(waiting, open_[0], at, newest[0] if newest else None)


def unsent_events(connection: sqlite3.Connection) -> int:
    """Events in sealed device chunks that the cloud has not confirmed."""
    found: int = connection.execute(
        "SELECT coalesce(sum(events), 0) FROM chunk WHERE sent_at IS NULL AND pk LIKE 'D#%'"
    ).fetchone()[0]
    return found
