"""People who may sign in."""

import sqlite3
from dataclasses import dataclass

from server.errors import BadInput, Conflict, NotFound
from server.rights import ROLES
from server.settings import is_address

COLUMNS = "id, email, role, password, added_at"


@dataclass(frozen=True)
class Person:
    """One of the staff.

    id: of the person. email: the address that they sign in with, in lower case. role: one of ROLES. password:
    an argon2id hash, None until one was chosen. added_at: when they were invited, ms since 1970 UTC.
    """

    id: int
    email: str
    role: str
    password: str | None
    added_at: int


def add(connection: sqlite3.Connection, email: str, role: str, now: int) -> int:
    """Register somebody, also somebody who was removed before; their id.

    Raises BadInput for what is no address or role, Conflict for an address that is in use.
    """
    email = normal(email)
    if not is_address(email):
        raise BadInput("email", f"{email!r} is no mail address.")
    if role not in ROLES:
        raise BadInput("role", f"A role is one of {', '.join(ROLES)}.")
    if find(connection, email) is not None:
        raise Conflict(f"{email} can sign in already; boardwalk user role gives another role.")
    row = connection.execute(
        "INSERT INTO staff (email, role, added_at) VALUES (?, ?, ?) ON CONFLICT (email) DO UPDATE "
        "SET role = excluded.role, added_at = excluded.added_at, password = NULL, removed_at = NULL "
        "RETURNING id",
        (email, role, now),
    ).fetchone()
    return int(row[0])


def find(connection: sqlite3.Connection, email: str) -> Person | None:
    """The person who signs in with this address, None for nobody."""
    row = connection.execute(
        f"SELECT {COLUMNS} FROM staff WHERE email = ? AND removed_at IS NULL", (normal(email),)
    ).fetchone()
    return Person(*row) if row else None


def get(connection: sqlite3.Connection, number: int) -> Person | None:
    """The person of an id, None when they were removed."""
    row = connection.execute(
        f"SELECT {COLUMNS} FROM staff WHERE id = ? AND removed_at IS NULL", (number,)
    ).fetchone()
    return Person(*row) if row else None


def everyone(connection: sqlite3.Connection) -> list[Person]:
    """Everybody who may sign in, by address."""
    rows = connection.execute(f"SELECT {COLUMNS} FROM staff WHERE removed_at IS NULL ORDER BY email")
    return [Person(*row) for row in rows]


def is_open(connection: sqlite3.Connection) -> bool:
    """Whether no administrator has a password yet, so that a first one may be made."""
    row = connection.execute(
        "SELECT 1 FROM staff WHERE role = 'admin' AND password IS NOT NULL AND removed_at IS NULL"
    ).fetchone()
    return row is None


def set_role(connection: sqlite3.Connection, person: Person, role: str) -> None:
    """Give somebody another role. Raises BadInput for what is no role, Conflict for the last administrator.

    While an administrator has a password, one of them has to stay: else the next start would offer the first
    link again.
    """
    if role not in ROLES:
        raise BadInput("role", f"A role is one of {', '.join(ROLES)}.")
    others = [one for one in everyone(connection) if one.role == "admin" and one.id != person.id]
    able = [one for one in others if one.password is not None or person.password is None]
    if person.role == "admin" and role != "admin" and not able:
        raise Conflict(f"{person.email} is the last administrator who can sign in; make another one first.")
    connection.execute("UPDATE staff SET role = ? WHERE id = ?", (role, person.id))


def set_password(connection: sqlite3.Connection, number: int, password: str) -> None:
    """Let somebody sign in with a password, given as its hash."""
    connection.execute("UPDATE staff SET password = ? WHERE id = ?", (password, number))


def remove(connection: sqlite3.Connection, email: str, now: int) -> int:
    """Take the right to sign in away; the id. Raises NotFound."""
    row = connection.execute(
        "UPDATE staff SET removed_at = ?, password = NULL WHERE email = ? AND removed_at IS NULL "
        "RETURNING id",
        (now, normal(email)),
    ).fetchone()
    if row is None:
        raise NotFound(f"Nobody signs in as {email}.")
    return int(row[0])


def normal(email: str) -> str:
    """An address as it is compared: addresses that differ in case alone are one person's."""
    return email.strip().lower()
