"""Invites and removes people who may sign in, and gives them links and roles."""

from collections.abc import Callable
from dataclasses import replace

from server.calendar import DAY_MS, MINUTE_MS
from server.errors import Conflict, NotFound
from server.rights import ADMIN, Actor
from server.store import acts, invitations, sessions, staff
from server.store.acts import Act
from server.store.connection import Connection
from server.store.database import Database
from server.store.invitations import Invitation
from server.store.staff import Person

INVITED_MIN = DAY_MS // MINUTE_MS


class Staff:
    """Acts on people who may sign in. clock: ms since 1970 UTC."""

    def __init__(self, database: Database, clock: Callable[[], int]) -> None:
        self._database = database
        self._clock = clock

    async def invite(self, actor: Actor, email: str, role: str, quick: bool = False) -> str:
        """The token of a link for somebody new, or for somebody who forgot the password.

        quick: whether the link signs in without asking for a password. Raises Refused, BadInput, and Conflict
        for somebody who has another role.
        """
        now = self._clock()
        act = Act(actor, ADMIN, "user invited", f"{staff.normal(email)} ({role})", now)
        return await acts.carry_out(self._database, act, _invite, email, role, quick, now)

    async def link(self, actor: Actor, email: str) -> tuple[Person, str]:
        """Somebody who is known, and the token of a new link to choose a password with; older links are void.

        Raises Refused and NotFound.
        """
        act = Act(actor, ADMIN, "user link made", staff.normal(email), self._clock())
        return await acts.carry_out(self._database, act, _link, email, act.now)

    async def give_role(self, actor: Actor, email: str, role: str) -> Person:
        """Somebody who is known, with the role that they have from now on, also where they are signed in.

        Raises Refused, NotFound, BadInput, and Conflict for the last administrator.
        """
        act = Act(actor, ADMIN, "user role given", f"{staff.normal(email)} ({role})", self._clock())
        return await acts.carry_out(self._database, act, _give_role, email, role)

    async def remove(self, actor: Actor, email: str) -> None:
        """End somebody's sessions and right to sign in. Raises Refused and NotFound."""
        act = Act(actor, ADMIN, "user removed", staff.normal(email), self._clock())
        await acts.carry_out(self._database, act, _remove, email, act.now)


def _invite(connection: Connection, email: str, role: str, quick: bool, now: int) -> str:
    known = staff.find(connection, email)
    if known is not None and known.role != role:
        raise Conflict(
            f"{known.email} is {known.role} already; boardwalk user role gives another role, boardwalk user "
            "link a new link."
        )
    number = known.id if known else staff.add(connection, email, role, now)
    return invitations.create(connection, Invitation(number, quick), now, INVITED_MIN)


def _link(connection: Connection, email: str, now: int) -> tuple[Person, str]:
    person = _known(connection, email)
    return person, invitations.create(connection, Invitation(person.id, False), now, INVITED_MIN)


def _give_role(connection: Connection, email: str, role: str) -> Person:
    person = _known(connection, email)
    staff.set_role(connection, person, role)
    return replace(person, role=role)


def _known(connection: Connection, email: str) -> Person:
    person = staff.find(connection, email)
    if person is None:
        raise NotFound(f"Nobody signs in as {email}; boardwalk user add invites somebody.")
    return person


def _remove(connection: Connection, email: str, now: int) -> None:
    sessions.end_all(connection, staff.remove(connection, email, now), now)
