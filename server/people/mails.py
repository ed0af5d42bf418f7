"""Lets mails go out, or drops them, by hand."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from server.rights import OPERATE, Actor
from server.store import acts, mail
from server.store.acts import Act
from server.store.database import Database


class Which(NamedTuple):
    """Mails of the outbox: ids: these; state: all that are in it. One of both is empty."""

    ids: Sequence[int] = ()
    state: str = ""

    def __str__(self) -> str:
        return f"all {self.state}" if self.state else ", ".join(map(str, self.ids))


class MailActs:
    """Acts on mails. clock: ms since 1970 UTC."""

    def __init__(self, database: Database, clock: Callable[[], int]) -> None:
        self._database = database
        self._clock = clock

    async def send(self, actor: Actor, which: Which) -> int:
        """Let mails go out that are held, failed or unknown; how many. One that is unknown may go out twice.

        Raises Refused, NotFound for an id, and Conflict for one that cannot be sent; then nothing has
        changed.
        """
        return await self._decide(actor, "mails sent by hand", which, "pending")

    async def drop(self, actor: Actor, which: Which) -> int:
        """Let mails that wait, are held or unknown fail; how many. They can be sent by hand later.

        Raises Refused, NotFound for an id, and Conflict for one that went out or goes out now; then nothing
        has changed.
        """
        return await self._decide(actor, "mails dropped by hand", which, "failed")

    async def _decide(self, actor: Actor, action: str, which: Which, to: str) -> int:
        act = Act(actor, OPERATE, action, str(which), self._clock())
        return await acts.carry_out(self._database, act, mail.decide, which.ids, which.state, to, act.now)
