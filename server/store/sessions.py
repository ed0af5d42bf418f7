"""Sessions: the people who are signed in, each until a moment or until the session is ended here."""

import secrets
import sqlite3
from dataclasses import dataclass

from server.calendar import DAY_MS, HOUR_MS, MINUTE_MS

IDLE_MS = 24 * HOUR_MS
LONGEST_MS = 30 * DAY_MS
TOUCH_MS = MINUTE_MS  # a session is not written more often than this
KEY = "jwt_key"


@dataclass(frozen=True)
class Session:
    """Somebody who is signed in.

    id: of the session, 32 hex digits. staff: the id of the person. email: their address. role: the one that
    they have now, one of ROLES. seen_at: when the session was last used; expires_at: when it ends at the
    latest; both ms since 1970 UTC.
    """

    id: str
    staff: int
    email: str
    role: str
    seen_at: int
    expires_at: int


def begin(connection: sqlite3.Connection, staff: int, now: int) -> str:
    """A new session's id, 128 random bits; sessions that ended long ago are forgotten."""
    number = secrets.token_hex(16)
    connection.execute("DELETE FROM session WHERE expires_at < ?", (now - LONGEST_MS,))
    connection.execute(
        "INSERT INTO session (id, staff, created_at, seen_at, expires_at) VALUES (?, ?, ?, ?, ?)",
        (number, staff, now, now, now + LONGEST_MS),
    )
    return number


def find(connection: sqlite3.Connection, number: str, now: int) -> Session | None:
    """The session, None when it ended, was idle for a day, or its person was removed."""
    row = connection.execute(
        "SELECT s.id, s.staff, p.email, p.role, s.seen_at, s.expires_at FROM session s "
        "JOIN staff p ON p.id = s.staff WHERE s.id = ? AND s.ended_at IS NULL AND s.expires_at > ? "
        "AND s.seen_at > ? AND p.removed_at IS NULL",
        (number, now, now - IDLE_MS),
    ).fetchone()
    return Session(*row) if row else None


def touch(connection: sqlite3.Connection, number: str, now: int) -> None:
    """Note that the session is in use."""
    connection.execute("UPDATE session SET seen_at = ? WHERE id = ?", (now, number))


def end(connection: sqlite3.Connection, number: str, now: int) -> None:
    """Make the session worthless, wherever its cookie is."""
    connection.execute("UPDATE session SET ended_at = ? WHERE id = ? AND ended_at IS NULL", (now, number))


def end_all(connection: sqlite3.Connection, staff: int, now: int) -> None:
    """End every session of a person."""
    connection.execute("UPDATE session SET ended_at = ? WHERE staff = ? AND ended_at IS NULL", (now, staff))


def signing_key(connection: sqlite3.Connection) -> str:
    """The key that signs cookies: 256 random bits in hex, made at the first call."""
    connection.execute(
        "INSERT INTO meta VALUES (?, ?) ON CONFLICT (name) DO NOTHING", (KEY, secrets.token_hex(32))
    )
    return str(connection.execute("SELECT value FROM meta WHERE name = ?", (KEY,)).fetchone()[0])
