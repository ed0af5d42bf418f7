"""Rights: scopes, the roles and tokens that give them, and the actor who has them. Pure."""

from typing import NamedTuple

from server.errors import Refused

READ, INGEST, OPERATE, ADMIN = "read", "ingest", "operate", "admin"
EVERYTHING = frozenset((READ, INGEST, OPERATE, ADMIN))
ROLES = ("viewer", "operator", "admin")
TOKEN_SCOPES = ("ingest", "read", "admin")
_OF_ROLE = {
    "viewer": frozenset((READ,)),
    "operator": frozenset((READ, INGEST, OPERATE)),
    "admin": EVERYTHING,
}


def of_role(role: str) -> frozenset[str]:
    """The scopes of a person with this role."""
    return _OF_ROLE[role]


def of_token(scopes: tuple[str, ...]) -> frozenset[str]:
    """The scopes of a program whose token was given these; `admin` brings all others."""
    return EVERYTHING if ADMIN in scopes else frozenset(scopes)


class Actor(NamedTuple):
    """Somebody who acts.

    name: as the audit log has it: an address, `token <name>` or `this machine`. scopes: what they could do
    when they were identified. session: the id of a person's session, else None. token: the name of a
    program's token, else None. An actor without either is this machine itself.
    """

    name: str
    scopes: frozenset[str]
    session: str | None = None
    token: str | None = None


THIS_MACHINE = Actor("this machine", EVERYTHING)


def check(name: str, scopes: frozenset[str], needs: str) -> None:
    """Raise Refused unless the needed scope is among those of an actor. name: of the actor."""
    if needs not in scopes:
        raise Refused(f"This needs the right to {needs}; {name} does not have it.")
