"""The audit log: the acts of people and programs, each with its actor and time."""

import sqlite3
from dataclasses import dataclass
from typing import NamedTuple

KEPT = 100_000


class Entry(NamedTuple):
    """What is written down of an act. actor: the name. action, detail: as in Act."""

    actor: str
    action: str
    detail: str


@dataclass(frozen=True)
class AuditEntry:
    """An act that happened.

    id: its number, rising with time. at: ms since 1970 UTC. actor: an address, `token <name>` or
    `this machine`. action: what was done, as `device added`. detail: whom or what it concerns.
    """

    id: int
    at: int
    actor: str
    action: str
    detail: str


def record(connection: sqlite3.Connection, entry: Entry, now: int) -> None:
    """Add an entry, in the transaction of the act itself; the newest 100,000 are kept."""
    actor, action, detail = entry
    connection.execute(
        "INSERT INTO audit (at, actor, action, detail) VALUES (?, ?, ?, ?)",
        (now, actor[:200], action, detail[:500]),
    )
    connection.execute("DELETE FROM audit WHERE id <= (SELECT max(id) FROM audit) - ?", (KEPT,))


def page(connection: sqlite3.Connection, after: int | None, limit: int) -> list[AuditEntry]:
    """At most `limit` entries older than `after`, newest first."""
    rows = connection.execute(
        "SELECT id, at, actor, action, detail FROM audit WHERE id < ? ORDER BY id DESC LIMIT ?",
        (after if after is not None else 1 << 62, limit),
    )
    return [AuditEntry(*row) for row in rows]
