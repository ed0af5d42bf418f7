"""The device register: the devices that may send, and what each one last told."""

import base64
import hashlib
import json
import secrets
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from firmware.wire.topics import is_name
from server.errors import BadInput, Conflict, NotFound

ITERATIONS = 101  # mosquitto's default; a secret with 128 random bits needs no more


@dataclass(frozen=True)
class Device:
    """A device as the edge knows it now. Moments are in ms since 1970 UTC.

    name: as in topics. online: whether it is connected, as far as its messages tell. last_seen_at: when it
    was last heard, None before its first message. added_at: when it was registered, or first posted.
    revoked_at: when it lost its right to send, None while it has it. conflict_at: when it last sent another
    event under a committed number, None for never. state: facts that the board told (wire.state.FIELDS).
    label: what staff call it. group: where it belongs, as staff say. Both may be "".
    """

    name: str
    online: bool
    last_seen_at: int | None
    added_at: int
    revoked_at: int | None
    conflict_at: int | None
    state: dict[str, Any] = field(default_factory=dict)
    label: str = ""
    group: str = ""


class Described(NamedTuple):
    """What staff say of a device. label: what they call it. group: where it belongs. "" for nothing."""

    label: str
    group: str


def hashed(secret: str) -> str:
    """A secret as mosquitto's password file has it: `$7$iterations$salt$hash`, PBKDF2-SHA512."""
    salt = secrets.token_bytes(12)
    digest = hashlib.pbkdf2_hmac("sha512", secret.encode(), salt, ITERATIONS, 64)
    return f"$7${ITERATIONS}${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"


def add(connection: sqlite3.Connection, name: str, now: int) -> tuple[int, str]:
    """Register a device, or a revoked one again: its id and new secret, which is told only now.

    Raises BadInput for a name that topics cannot carry, Conflict for one that is in use.
    """
    if not is_name(name):
        raise BadInput("name", f"{name!r} cannot name a device: 1 to 32 of a-z, 0-9 and -.")
    row = connection.execute("SELECT id, secret, revoked_at FROM device WHERE name = ?", (name,)).fetchone()
    if row is not None and row[1] is not None and row[2] is None:
        raise Conflict(f"There is a device {name} already; revoke it first, or choose another name.")
    secret = secrets.token_urlsafe(16)
    found = connection.execute(
        "INSERT INTO device (name, secret, added_at) VALUES (?, ?, ?) ON CONFLICT (name) "
        "DO UPDATE SET secret = excluded.secret, revoked_at = NULL RETURNING id",
        (name, hashed(secret), now),
    ).fetchone()
    return int(found[0]), secret


def renew(connection: sqlite3.Connection, name: str) -> str:
    """A new secret for a device that has one, told only now. Raises NotFound."""
    secret = secrets.token_urlsafe(16)
    changed = connection.execute(
        "UPDATE device SET secret = ? WHERE name = ? AND secret IS NOT NULL AND revoked_at IS NULL",
        (hashed(secret), name),
    ).rowcount
    if not changed:
        raise NotFound(f"There is no device {name} whose credentials could be renewed.")
    return secret


def revoke(connection: sqlite3.Connection, name: str, now: int) -> int:
    """Take a device's right to send away; its id. Raises NotFound."""
    row = connection.execute(
        "UPDATE device SET secret = NULL, revoked_at = ?, online = 0 WHERE name = ? "
        "AND revoked_at IS NULL RETURNING id",
        (now, name),
    ).fetchone()
    if row is None:
        raise NotFound(f"There is no device {name} that could be revoked.")
    return int(row[0])


def describe(
    connection: sqlite3.Connection, name: str, label: str | None, group: str | None
) -> tuple[Described, Described]:
    """Note what staff call a device and its group, None: as it is; before and after. Raises NotFound."""
    row = connection.execute("SELECT label, place FROM device WHERE name = ?", (name,)).fetchone()
    if row is None:
        raise NotFound(f"There is no device {name}.")
    before = Described(*row)
    after = Described(before.label if label is None else label, before.group if group is None else group)
    connection.execute("UPDATE device SET label = ?, place = ? WHERE name = ?", (*after, name))
    return before, after


def credentials(connection: sqlite3.Connection) -> list[tuple[str, str]]:
    """(name, hashed secret) of every device that may connect."""
    return connection.execute(
        "SELECT name, secret FROM device WHERE secret IS NOT NULL AND revoked_at IS NULL ORDER BY name"
    ).fetchall()


def senders(connection: sqlite3.Connection) -> set[int]:
    """The ids of all devices that may send."""
    allowed = "SELECT id FROM device WHERE secret IS NOT NULL AND revoked_at IS NULL"
    return {row[0] for row in connection.execute(allowed)}


def mark_conflicts(connection: sqlite3.Connection, numbers: Iterable[int], now: int) -> None:
    """Note that these devices (ids) sent an event that differed from the committed one of its number."""
    connection.executemany(
        "UPDATE device SET conflict_at = ? WHERE id = ?", [(now, number) for number in numbers]
    )


def everyone(connection: sqlite3.Connection) -> list[Device]:
    """Every device, by name."""
    rows = connection.execute(
        "SELECT name, online, last_seen_at, added_at, revoked_at, conflict_at, state, label, place "
        "FROM device ORDER BY name"
    )
    return [
        Device(name, bool(online), seen, added, revoked, conflict, json.loads(state), label, place)
        for name, online, seen, added, revoked, conflict, state, label, place in rows
    ]


def save_presence(connection: sqlite3.Connection, seen: list[Device]) -> None:
    """Write what devices told of themselves."""
    connection.executemany(
        "UPDATE device SET online = ?, last_seen_at = ?, state = ? WHERE name = ?",
        [(one.online, one.last_seen_at, json.dumps(one.state), one.name) for one in seen],
    )
