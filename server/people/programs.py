"""Makes tokens of programs, and makes them worthless."""

from collections.abc import Callable, Sequence

from server.rights import ADMIN, Actor
from server.store import acts, tokens
from server.store.acts import Act
from server.store.database import Database


class Programs:
    """Acts on tokens. clock: ms since 1970 UTC."""

    def __init__(self, database: Database, clock: Callable[[], int]) -> None:
        self._database = database
        self._clock = clock

    async def add(self, actor: Actor, name: str, scopes: Sequence[str]) -> str:
        """The new token, told only now. Raises Refused, BadInput, and Conflict for a name in use."""
        act = Act(actor, ADMIN, "token added", f"{name} ({' '.join(scopes)})", self._clock())
        return await acts.carry_out(self._database, act, tokens.add, name, scopes, act.now)

    async def revoke(self, actor: Actor, name: str) -> None:
        """Make a token worthless. Raises Refused and NotFound."""
        act = Act(actor, ADMIN, "token revoked", name, self._clock())
        await acts.carry_out(self._database, act, tokens.revoke, name, act.now)
