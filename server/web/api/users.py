"""People who sign in: invited with a link that works once."""

import msgspec

from server.clock import milliseconds
from server.errors import Conflict
from server.store import audit, invitations, sessions, staff
from server.store.connection import Connection
from server.store.invitations import Invitation
from server.web.access.caller import ADMIN
from server.web.access.links import INVITED_MIN, address_of
from server.web.api.endpoint import Call, Endpoint, Listing
from server.web.live.watchers import LIVE


class User(msgspec.Struct):
    """Somebody who may sign in. invited: no password was chosen yet."""

    email: str
    role: str
    invited: bool
    added_at: int


class UserList(msgspec.Struct):
    """By address."""

    rows: list[User]


class NewUser(msgspec.Struct, forbid_unknown_fields=True):
    """role: viewer, operator or admin. quick: the link signs in without a password to choose."""

    email: str
    role: str = "viewer"
    quick: bool = False


class Invited(msgspec.Struct):
    """link: for this person alone; it works once, within a day."""

    email: str
    role: str
    link: str


async def everyone(call: Call) -> UserList:
    """All staff."""
    people = await call.parts.database.read(staff.everyone)
    return UserList([User(one.email, one.role, one.password is None, one.added_at) for one in people])


async def add(call: Call) -> Invited:
    """Invite somebody, or give somebody who forgot the password a new link."""
    body: NewUser = call.body
    token = await call.parts.database.write(_invite, body, call.caller.name)
    return Invited(staff.normal(body.email), body.role, address_of(call.parts.settings, token))


async def remove(call: Call) -> None:
    """End somebody's sessions and right to sign in."""
    await call.parts.database.write(_remove, call.named("email"), call.caller.name)
    call.request.app[LIVE].suspect()


def _invite(connection: Connection, body: NewUser, actor: str) -> str:
    now = milliseconds()
    known = staff.find(connection, body.email)
    if known is not None and known.role != body.role:
        raise Conflict(f"{known.email} is {known.role}; remove them first to give another role.")
    number = known.id if known else staff.add(connection, body.email, body.role, now)
    audit.record(connection, (actor, "user invited", f"{staff.normal(body.email)} ({body.role})"), now)
    return invitations.create(connection, Invitation(number, body.quick), now, INVITED_MIN)


def _remove(connection: Connection, email: str, actor: str) -> None:
    now = milliseconds()
    sessions.end_all(connection, staff.remove(connection, email, now), now)
    audit.record(connection, (actor, "user removed", staff.normal(email)), now)


PATH = "/api/v1/users"
ENDPOINTS = [
    Endpoint("GET", PATH, everyone, ADMIN, "All staff", Listing, answer=UserList),
    Endpoint("POST", PATH, add, ADMIN, "Invite somebody", body=NewUser, answer=Invited, status=201),
    Endpoint("DELETE", PATH + "/{email}", remove, ADMIN, "Take somebody's right to sign in away"),
]
