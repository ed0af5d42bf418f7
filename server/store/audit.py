"""The audit log: who did what that matters, and when."""

import sqlite3
from dataclasses import dataclass

KEPT = 100_000


@dataclass(frozen=True)
class Act:
    """One entry. actor: an address, `token <name>` or `this machine`. detail: whom or what it concerns."""

    id: int
    at: int
    actor: str
    action: str
    detail: str


def record(connection: sqlite3.Connection, act: tuple[str, str, str], now: int) -> None:
    """Add (actor, action, detail), in the transaction of the act itself; the newest 100,000 stay."""
    actor, action, detail = act
    connection.execute(
        "INSERT INTO audit (at, actor, action, detail) VALUES (?, ?, ?, ?)",
        (now, actor[:200], action, detail[:500]),
    )
    connection.execute("DELETE FROM audit WHERE id <= (SELECT max(id) FROM audit) - ?", (KEPT,))


def page(connection: sqlite3.Connection, after: int | None, limit: int) -> list[Act]:
    """At most `limit` entries older than `after`, newest first."""
    rows = connection.execute(
        "SELECT id, at, actor, action, detail FROM audit WHERE id < ? ORDER BY id DESC LIMIT ?",
        (after if after is not None else 1 << 62, limit),
    )
    return [Act(*row) for row in rows]
