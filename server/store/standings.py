"""Standings of rankings at full hours, kept over restarts."""

import sqlite3
from collections.abc import Iterable, Iterator
from typing import NamedTuple


class StandingRow(NamedTuple):
    """A standing to write.

    ranking, window: whose standing. at: its moment, ms since 1970 UTC. packed: keys, the best first, 4 bytes
    each. oldest: standings of the window before this moment (ms since 1970 UTC) may go.
    """

    ranking: str
    window: str
    at: int
    packed: bytes
    oldest: int


def save(connection: sqlite3.Connection, rows: Iterable[StandingRow]) -> None:
    """Write standings, and forget those that nobody asks for any more; part of one transaction."""
    for ranking, window, at, packed, oldest in rows:
        connection.execute(
            "DELETE FROM standing WHERE ranking = ? AND window = ? AND (at < ? OR at >= ?)",
            (ranking, window, oldest, at),
        )
        connection.execute("INSERT INTO standing VALUES (?, ?, ?, ?)", (ranking, window, at, packed))


def everything(connection: sqlite3.Connection) -> Iterator[tuple[str, str, int, bytes]]:
    """(ranking, window, at, packed) of all."""
    return connection.execute("SELECT ranking, window, at, keys FROM standing ORDER BY at")


def forget(connection: sqlite3.Connection, ranking: str) -> None:
    """Forget the standings of a ranking that counts anew, or that is gone."""
    connection.execute("DELETE FROM standing WHERE ranking = ?", (ranking,))
