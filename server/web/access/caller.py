"""The caller of a request: a person, a program or this machine's own commands."""

from dataclasses import dataclass

from aiohttp import web

from server import rights
from server.rights import THIS_MACHINE, Actor
from server.store.sessions import Session
from server.web.errors import SignInNeeded


@dataclass(frozen=True)
class Caller:
    """Who makes a request.

    actor: as whom they act. source: the device's name of events that they post. session: of a person.
    limited: whether the rate limit of the interface holds for them.
    """

    actor: Actor
    source: str
    session: Session | None = None
    limited: bool = True

    @property
    def name(self) -> str:
        """As the audit log has it."""
        return self.actor.name

    @property
    def scopes(self) -> frozenset[str]:
        """What they may do."""
        return self.actor.scopes


LOCAL = Caller(THIS_MACHINE, "http-local", limited=False)
CALLER: web.RequestKey[Caller] = web.RequestKey("caller", Caller)


def caller_of(request: web.Request) -> Caller:
    """The caller. Raises SignInNeeded."""
    caller: Caller | None = request.get(CALLER)
    if caller is None:
        raise SignInNeeded
    return caller


def require(request: web.Request, scope: str) -> Caller:
    """The caller, if they may. Raises SignInNeeded and Refused."""
    caller = caller_of(request)
    rights.check(caller.name, caller.scopes, scope)
    return caller
