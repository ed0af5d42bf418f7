"""Who calls: a person, a program or this machine's own commands, and what they may do."""

from dataclasses import dataclass

from aiohttp import web

from server.errors import Refused
from server.store.sessions import Session
from server.web.errors import SignInNeeded

READ, INGEST, OPERATE, ADMIN = "read", "ingest", "operate", "admin"
EVERYTHING = frozenset((READ, INGEST, OPERATE, ADMIN))
ROLE_SCOPES = {
    "viewer": frozenset((READ,)),
    "operator": frozenset((READ, INGEST, OPERATE)),
    "admin": EVERYTHING,
}


@dataclass(frozen=True)
class Caller:
    """name: as the audit log has it. source: of events that it posts, a device's name.

    limited: whether the rate limit of the interface holds for it.
    """

    name: str
    source: str
    scopes: frozenset[str]
    session: Session | None = None
    limited: bool = True


LOCAL = Caller("this machine", "http-local", EVERYTHING, limited=False)
CALLER: web.RequestKey[Caller] = web.RequestKey("caller", Caller)


def caller_of(request: web.Request) -> Caller:
    """Who calls. Raises SignInNeeded."""
    caller: Caller | None = request.get(CALLER)
    if caller is None:
        raise SignInNeeded
    return caller


def require(request: web.Request, scope: str) -> Caller:
    """Who calls, if they may. Raises SignInNeeded and Refused."""
    caller = caller_of(request)
    if scope not in caller.scopes:
        raise Refused(f"This needs the right to {scope}; {caller.name} does not have it.")
    return caller
