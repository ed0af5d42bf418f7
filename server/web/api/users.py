"""People who sign in: invited with a link that works once."""

import msgspec

from server.rights import ADMIN
from server.store import staff
from server.store.staff import Person
from server.web.access.links import address_of
from server.web.api.endpoint import Call, Endpoint, Listing
from server.web.live.watchers import LIVE


class User(msgspec.Struct):
    """Somebody who may sign in. email: their address. role: viewer, operator or admin.

    invited: whether they have not chosen a password yet. added_at: ms since 1970 UTC.
    """

    email: str
    role: str
    invited: bool
    added_at: int


class UserList(msgspec.Struct):
    """rows: all who may sign in, by address."""

    rows: list[User]


class NewUser(msgspec.Struct, forbid_unknown_fields=True):
    """email: whom to invite. role: viewer, operator or admin.

    quick: whether the link signs in without asking for a password.
    """

    email: str
    role: str = "viewer"
    quick: bool = False


class NewRole(msgspec.Struct, forbid_unknown_fields=True):
    """role: viewer, operator or admin."""

    role: str


class Invited(msgspec.Struct):
    """email, role: of the person. link: for this person only; it works once, within a day."""

    email: str
    role: str
    link: str


async def everyone(call: Call) -> UserList:
    """All staff."""
    people = await call.parts.database.read(staff.everyone)
    return UserList([_told(one) for one in people])


async def add(call: Call) -> Invited:
    """Invite somebody, or give somebody who forgot the password a new link."""
    body: NewUser = call.body
    token = await call.parts.staff.invite(call.caller.actor, body.email, body.role, body.quick)
    return Invited(staff.normal(body.email), body.role, address_of(call.parts.settings, token))


async def link(call: Call) -> Invited:
    """Make a new link for somebody who is known."""
    person, token = await call.parts.staff.link(call.caller.actor, call.named("email"))
    return Invited(person.email, person.role, address_of(call.parts.settings, token))


async def give_role(call: Call) -> User:
    """Give somebody another role, which holds in open pages and streams too."""
    person = await call.parts.staff.give_role(call.caller.actor, call.named("email"), call.body.role)
    call.request.app[LIVE].suspect()
    return _told(person)


async def remove(call: Call) -> None:
    """End somebody's sessions and right to sign in."""
    await call.parts.staff.remove(call.caller.actor, call.named("email"))
    call.request.app[LIVE].suspect()


def _told(person: Person) -> User:
    return User(person.email, person.role, person.password is None, person.added_at)


PATH = "/api/v1/users"
ENDPOINTS = [
    Endpoint("GET", PATH, everyone, ADMIN, "All staff", Listing, answer=UserList),
    Endpoint(
        "POST",
        PATH,
        add,
        ADMIN,
        "Invite somebody",
        body=NewUser,
        answer=Invited,
        status=201,
        problems=("conflict",),
    ),
    Endpoint(
        "PATCH",
        PATH + "/{email}",
        give_role,
        ADMIN,
        "Give somebody another role",
        body=NewRole,
        answer=User,
        problems=("not-found", "conflict"),
    ),
    Endpoint(
        "POST",
        PATH + "/{email}/link",
        link,
        ADMIN,
        "Make somebody a new link",
        answer=Invited,
        status=201,
        problems=("not-found",),
    ),
    Endpoint(
        "DELETE",
        PATH + "/{email}",
        remove,
        ADMIN,
        "Take somebody's right to sign in away",
        problems=("not-found",),
    ),
]
