"""Invites and removes people who may sign in."""

from collections.abc import Callable

from server.calendar import DAY_MS, MINUTE_MS
from server.errors import Conflict
from server.rights import ADMIN, Actor
from server.store import acts, invitations, sessions, staff
from server.store.acts import Act
from server.store.connection import Connection
from server.store.database import Database
from server.store.invitations import Invitation

INVITED_MIN = DAY_MS // MINUTE_MS


class Staff:
    """Acts on people who may sign in. clock: ms since 1970 UTC."""

    def __init__(self, database: Database, clock: Callable[[], int]) -> None:
        self._database = database
        self._clock = clock

    async def invite(self, actor: Actor, email: str, role: str, quick: bool = False) -> str:
        """The token of a link for somebody new, or for somebody who forgot the password.

        quick: whether the link signs in without asking for a password. Raises Refused, BadInput, and Conflict
        for somebody who has another role already.
        """
        now = self._clock()
        act = Act(actor, ADMIN, "user invited", f"{staff.normal(email)} ({role})", now)
        return await acts.carry_out(self._database, act, _invite, email, role, quick, now)

    async def remove(self, actor: Actor, email: str) -> None:
        """End somebody's sessions and right to sign in. Raises Refused and NotFound."""
        act = Act(actor, ADMIN, "user removed", staff.normal(email), self._clock())
        await acts.carry_out(self._database, act, _remove, email, act.now)


def _invite(connection: Connection, email: str, role: str, quick: bool, now: int) -> str:
    known = staff.find(connection, email)
    if known is not None and known.role != role:
        raise Conflict(f"{known.email} is {known.role}; remove them first to give another role.")
    number = known.id if known else staff.add(connection, email, role, now)
    return invitations.create(connection, Invitation(number, quick), now, INVITED_MIN)


def _remove(connection: Connection, email: str, now: int) -> None:
    sessions.end_all(connection, staff.remove(connection, email, now), now)
