"""An act: the check of its right, the change, and its row of the audit log, in one transaction.

Pages, the interface and commands carry out the same acts. Whenever it is cancelled, an act has happened
together with its row, or has not happened at all.
"""

import sqlite3
from collections.abc import Callable
from typing import Concatenate, NamedTuple, ParamSpec, TypeVar

from server import rights
from server.rights import Actor
from server.store import audit, sessions, tokens
from server.store.audit import Entry
from server.store.database import Database

P = ParamSpec("P")
T = TypeVar("T")


class Act(NamedTuple):
    """A change that somebody makes.

    actor: the one who makes it. needs: the scope that it takes. action: what is done, as `device added`.
    detail: whom or what it concerns, "" for nothing more. now: when it happens, ms since 1970 UTC.
    """

    actor: Actor
    needs: str
    action: str
    detail: str
    now: int


async def carry_out(
    database: Database, act: Act, work: Callable[Concatenate[sqlite3.Connection, P], T], *args: P.args,
    **more: P.kwargs,
) -> T:  # fmt: skip
    """The result of `work(connection, ...)`; the right is checked before it, the row written after it.

    Raises Refused for an actor who does not have the right, or has it no more, and whatever `work` raises;
    then nothing has changed.
    """
    return await database.write(_done, act, lambda connection: work(connection, *args, **more))


def _done(connection: sqlite3.Connection, act: Act, work: Callable[[sqlite3.Connection], T]) -> T:
    check(connection, act)
    result = work(connection)
    record(connection, act)
    return result


def record(connection: sqlite3.Connection, act: Act) -> None:
    """Write down an act, in the transaction of its change."""
    audit.record(connection, Entry(act.actor.name, act.action, act.detail), act.now)


def check(connection: sqlite3.Connection, act: Act) -> None:
    """Raise Refused when the actor has no right to the act now; it may have ended since the request began."""
    actor = act.actor
    scopes = actor.scopes
    if actor.session is not None:
        session = sessions.find(connection, actor.session, act.now)
        scopes = rights.of_role(session.role) if session else frozenset()
    elif actor.token is not None:
        token = tokens.get(connection, actor.token)
        scopes = rights.of_token(token.scopes) if token else frozenset()
    rights.check(actor.name, scopes, act.needs)
