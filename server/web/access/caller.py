"""The caller of a request: a person, a program or this machine's own commands."""

from dataclasses import dataclass

from aiohttp import web

from server import rights
from server.rights import THIS_MACHINE, Actor
from server.store.sessions import Session
from server.web.errors import SignInNeeded


@dataclass(frozen=True)
class Caller:
    """The caller of a request.

    actor: as whom they act. source: the device's name of events that they post. session: of a person, None
    for programs. limited: whether the rate limit of the interface holds for them.
    """

    actor: Actor
    source: str
    session: Session | None = None
    limited: bool = True

    @property
    def name(self) -> str:
        """Their name in the audit log."""
        return self.actor.name

    @property
    def scopes(self) -> frozenset[str]:
        """The scopes that they have."""
        return self.actor.scopes


LOCAL = Caller(THIS_MACHINE, "http-local", limited=False)
CALLER: web.RequestKey[Caller] = web.RequestKey("caller", Caller)


def caller_of(request: web.Request) -> Caller:
    """The caller of a request. Raises SignInNeeded."""
    caller: Caller | None = request.get(CALLER)
    if caller is None:
        raise SignInNeeded
    return caller


def require(request: web.Request, scope: str) -> Caller:
    """The caller of a request, who must have a scope. Raises SignInNeeded and Refused."""
    caller = caller_of(request)
    rights.check(caller.name, caller.scopes, scope)
    return caller
