"""Names that the log keeps as small integers, one table per noun."""

import sqlite3
from typing import Literal

Noun = Literal["device", "kind", "customer", "term"]
NOUNS: tuple[Noun, ...] = ("device", "kind", "customer", "term")
_CAME_AT = {"device": "added_at", "customer": "first_at"}  # the column that says when a name came


def everything(connection: sqlite3.Connection, noun: Noun) -> list[tuple[int, str]]:
    """(id, name) of all names of a noun, by id; ids begin with 1 and have no gaps."""
    return connection.execute(f"SELECT id, name FROM {noun} ORDER BY id").fetchall()


def insert(connection: sqlite3.Connection, noun: Noun, name: str, now: int) -> int:
    """The id of a name, which is added when it is new. now: ms since 1970 UTC."""
    column = _CAME_AT.get(noun)
    columns, marks, values = ("name", "?", (name,)) if column is None else (
        f"name, {column}", "?, ?", (name, now)
    )  # fmt: skip
    row = connection.execute(
        f"INSERT INTO {noun} ({columns}) VALUES ({marks}) "
        "ON CONFLICT (name) DO UPDATE SET name = excluded.name RETURNING id",
        values,
    ).fetchone()
    return int(row[0])
