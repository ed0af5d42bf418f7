"""Ids that foreign clients gave their events, remembered 30 days: one table of hashes a day."""

import sqlite3
from collections.abc import Iterable
from hashlib import blake2b

DAYS = 30
DAY_MS = 86_400_000


def mark(device: int, name: str) -> bytes:
    """16 bytes that stand for an id of a device."""
    return blake2b(f"{device}\0{name}".encode(), digest_size=16).digest()


def known(connection: sqlite3.Connection, hashed: bytes) -> bool:
    """Whether a mark was seen in the last 30 days."""
    for table in tables(connection):
        if connection.execute(f"SELECT 1 FROM {table} WHERE mark = ?", (hashed,)).fetchone():
            return True
    return False


def remember(connection: sqlite3.Connection, marks: Iterable[bytes], now: int) -> None:
    """Keep marks under the day of `now` (ms), and drop tables that are 30 days old."""
    day = now // DAY_MS
    connection.execute(f"CREATE TABLE IF NOT EXISTS seen_{day} (mark BLOB PRIMARY KEY) WITHOUT ROWID")
    connection.executemany(f"INSERT OR IGNORE INTO seen_{day} VALUES (?)", ((hashed,) for hashed in marks))
    for table in tables(connection):
        if int(table.removeprefix("seen_")) <= day - DAYS:
            connection.execute(f"DROP TABLE {table}")


def tables(connection: sqlite3.Connection) -> list[str]:
    """The tables of marks, newest first."""
    rows = connection.execute(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name LIKE 'seen\\_%' ESCAPE '\\' "
        "ORDER BY name DESC"
    )
    return [row[0] for row in rows]
