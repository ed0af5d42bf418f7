"""Signing in and out: with a password, or once with a link. Each of these is written down."""

from collections.abc import Callable
from typing import NamedTuple

from server.calendar import DAY_MS, MINUTE_MS
from server.rights import ADMIN, THIS_MACHINE, Actor
from server.store import acts, invitations, sessions, staff
from server.store.acts import Act
from server.store.connection import Connection
from server.store.database import Database
from server.store.invitations import Invitation
from server.store.sessions import Session
from server.store.staff import Person

FIRST_MIN = DAY_MS // MINUTE_MS  # minutes that the first administrator has


class Opened(NamedTuple):
    """What a link is for.

    link: None when it is worthless. person: whom it signs in, None when its user becomes the first
    administrator.
    """

    link: Invitation | None
    person: Person | None


class SignIn:
    """Signs people in and out. clock: ms since 1970 UTC."""

    def __init__(self, database: Database, clock: Callable[[], int]) -> None:
        self._database = database
        self._clock = clock

    async def person(self, email: str) -> Person | None:
        """The person who signs in with this address, None for nobody."""
        return await self._database.read(staff.find, email)

    async def begin(self, person: Person) -> str:
        """The id of a new session for somebody who has proved who they are."""
        return await self._database.write(_begin, person.id, person.email, "signed in", self._clock())

    async def refuse(self, email: str) -> None:
        """Write down that an attempt was refused."""
        await self._database.write(acts.record, _own(email, "sign-in refused", self._clock()))

    async def end(self, session: Session) -> None:
        """End a session, here and wherever else its cookie is."""
        await self._database.write(_end, session, self._clock())

    async def first_link(self) -> str | None:
        """The token of a new link that makes the first administrator, None when there is one already."""
        return await self._database.write(_first, self._clock())

    async def look(self, token: str) -> Opened:
        """The purpose of a link, which is not used up."""
        return await self._database.read(_look, token, self._clock())

    async def use(self, token: str, email: str, password: str | None) -> str | None:
        """Use a link up; the id of a new session, None when somebody else was quicker.

        email: of the first administrator. password: a new one, as its hash. Raises BadInput.
        """
        return await self._database.write(_use, token, email, password, self._clock())


def _own(email: str, action: str, now: int) -> Act:
    return Act(Actor(email, frozenset()), "", action, "", now)


def _begin(connection: Connection, number: int, email: str, action: str, now: int) -> str:
    acts.record(connection, _own(email, action, now))
    return sessions.begin(connection, number, now)


def _end(connection: Connection, session: Session, now: int) -> None:
    sessions.end(connection, session.id, now)
    acts.record(connection, _own(session.email, "signed out", now))


def _first(connection: Connection, now: int) -> str | None:
    if not staff.is_open(connection):
        return None
    acts.record(connection, Act(THIS_MACHINE, ADMIN, "first link made", "", now))
    return invitations.create(connection, Invitation(None, False), now, FIRST_MIN)


def _look(connection: Connection, token: str, now: int) -> Opened:
    """The purpose of a link; worthless when its person is gone, or when there is an administrator already."""
    link = invitations.find(connection, token, now)
    if link is None or link.staff is None:
        return Opened(link if link and staff.is_open(connection) else None, None)
    person = staff.get(connection, link.staff)
    return Opened(link if person else None, person)


def _use(connection: Connection, token: str, email: str, password: str | None, now: int) -> str | None:
    link, person = _look(connection, token, now)
    if link is None:
        return None
    number = person.id if person else staff.add(connection, email, "admin", now)
    invitations.use(connection, token, now)
    if password is not None:
        staff.set_password(connection, number, password)
    return _begin(connection, number, person.email if person else staff.normal(email), "link used", now)
