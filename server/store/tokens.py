"""Tokens of programs that use the HTTP interface."""

import secrets
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from firmware.wire.topics import is_name
from server.errors import BadInput, Conflict, NotFound
from server.rights import TOKEN_SCOPES
from server.store.invitations import digest

PREFIX = "bw_"  # by which scanners for leaked secrets know ours
MAX_NAME = 27  # `http-` and the name together are a device's name
COLUMNS = "name, scopes, added_at, used_at, revoked_at"


@dataclass(frozen=True)
class Token:
    """A token without its secret. Moments are in ms since 1970 UTC.

    name: unique, also part of the name of its source. scopes: what it may do, any of SCOPES. added_at: when
    it was made. used_at: when it was last used, to the minute; None for never. revoked_at: when it became
    worthless, None while it works.
    """

    name: str
    scopes: tuple[str, ...]
    added_at: int
    used_at: int | None
    revoked_at: int | None


def add(connection: sqlite3.Connection, name: str, scopes: Sequence[str], now: int) -> str:
    """The new token, told only now. Raises BadInput, and Conflict for a name that is in use."""
    if not is_name(name) or len(name) > MAX_NAME:
        raise BadInput("name", f"{name!r} cannot name a token: 1 to {MAX_NAME} of a-z, 0-9 and -.")
    if not scopes or not set(scopes) <= set(TOKEN_SCOPES):
        raise BadInput("scopes", f"Scopes are any of {', '.join(TOKEN_SCOPES)}, one at least.")
    row = connection.execute("SELECT revoked_at FROM token WHERE name = ?", (name,)).fetchone()
    if row is not None and row[0] is None:
        raise Conflict(f"There is a token {name} already; revoke it first, or choose another name.")
    token = PREFIX + secrets.token_urlsafe(32)
    ordered = " ".join(scope for scope in TOKEN_SCOPES if scope in scopes)
    connection.execute(
        "INSERT INTO token (name, hash, scopes, added_at) VALUES (?, ?, ?, ?) ON CONFLICT (name) DO "
        "UPDATE SET hash = excluded.hash, scopes = excluded.scopes, added_at = excluded.added_at, "
        "used_at = NULL, revoked_at = NULL",
        (name, digest(token), ordered, now),
    )
    return token


def find(connection: sqlite3.Connection, token: str) -> Token | None:
    """The token of this secret, None when it was revoked or never made."""
    row = connection.execute(
        f"SELECT {COLUMNS} FROM token WHERE hash = ? AND revoked_at IS NULL", (digest(token),)
    ).fetchone()
    return _token(row) if row else None


def get(connection: sqlite3.Connection, name: str) -> Token | None:
    """The token of this name, None when it was revoked or never made."""
    row = connection.execute(
        f"SELECT {COLUMNS} FROM token WHERE name = ? AND revoked_at IS NULL", (name,)
    ).fetchone()
    return _token(row) if row else None


def touch(connection: sqlite3.Connection, name: str, now: int) -> None:
    """Note that the token is in use."""
    connection.execute("UPDATE token SET used_at = ? WHERE name = ?", (now, name))


def everything(connection: sqlite3.Connection) -> list[Token]:
    """All tokens, revoked ones too, by name."""
    return [_token(row) for row in connection.execute(f"SELECT {COLUMNS} FROM token ORDER BY name")]


def revoke(connection: sqlite3.Connection, name: str, now: int) -> None:
    """Make a token worthless. Raises NotFound."""
    row = connection.execute(
        "UPDATE token SET revoked_at = ? WHERE name = ? AND revoked_at IS NULL RETURNING id", (now, name)
    ).fetchone()
    if row is None:
        raise NotFound(f"There is no token {name} that could be revoked.")


def _token(row: tuple[str, str, int, int | None, int | None]) -> Token:
    return Token(row[0], tuple(row[1].split()), row[2], row[3], row[4])
