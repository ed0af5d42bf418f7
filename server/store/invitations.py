"""One-time links, by which somebody without a password signs in."""

import hashlib
import secrets
import sqlite3
from dataclasses import dataclass

from server.calendar import MINUTE_MS


@dataclass(frozen=True)
class Invitation:
    """What a link is for.

    staff: id of the person that it signs in; None when its user becomes the first administrator. quick:
    whether it signs in without asking for a password.
    """

    staff: int | None
    quick: bool


def create(connection: sqlite3.Connection, link: Invitation, now: int, minutes: int) -> str:
    """The token of a new link, 256 random bits. The earlier links of the same person are void."""
    token = secrets.token_urlsafe(32)
    connection.execute("DELETE FROM link WHERE staff IS ? OR expires_at < ?", (link.staff, now))
    connection.execute(
        "INSERT INTO link (hash, staff, quick, created_at, expires_at) VALUES (?, ?, ?, ?, ?)",
        (digest(token), link.staff, link.quick, now, now + minutes * MINUTE_MS),
    )
    return token


def find(connection: sqlite3.Connection, token: str, now: int) -> Invitation | None:
    """The purpose of a link, which is not used up; None when it was used, is too old or was never made."""
    row = connection.execute(
        "SELECT staff, quick FROM link WHERE hash = ? AND used_at IS NULL AND expires_at > ?",
        (digest(token), now),
    ).fetchone()
    return Invitation(row[0], bool(row[1])) if row else None


def use(connection: sqlite3.Connection, token: str, now: int) -> Invitation | None:
    """As find, and use the link up: of two callers only one gets it."""
    link = find(connection, token, now)
    connection.execute("UPDATE link SET used_at = ? WHERE hash = ? AND used_at IS NULL", (now, digest(token)))
    return link


def digest(token: str) -> bytes:
    """The hash of a token that the store keeps; with 256 random bits it need not be slow."""
    return hashlib.sha256(token.encode()).digest()
