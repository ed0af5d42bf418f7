"""The mail outbox: rows that are born with their event, and the states they go through.

pending -> sending -> sent | failed | unknown | pending (refused before it was accepted)
unknown -> sent | failed | pending (by policy)          held -> pending | failed | sent
failed -> pending (by hand)
"""

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import msgspec

from server.errors import Conflict, NotFound
from server.rules import mail_key
from server.rules.rule import Facts, Match
from server.store.connection import Row
from server.store.database import Database

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Facts).decode
STATES = ("pending", "sending", "sent", "failed", "unknown", "held")
MOVES = {
    "pending": ("sending", "failed", "held"),
    "sending": ("sent", "failed", "unknown", "pending"),
    "unknown": ("sent", "failed", "pending"),
    "held": ("pending", "failed", "sent"),
    "sent": (),
    "failed": ("pending",),
}
BY_HAND = {  # what may become pending or failed by somebody's decision, and why it is in that state then
    "pending": (("held", "failed", "unknown"), "sent by hand"),
    "failed": (("held", "unknown", "pending"), "dropped by hand"),
}
IS_OWN = " AND ".join(f"key NOT LIKE '{begin}%'" for begin in mail_key.GATHERED)  # of one match only
COLUMNS = (
    "id, rule, key, recipient, state, template, policy, facts, matches, attempt, created_at, "
    "not_before_at, changed_at, message_id, reason"
)
UNSETTLED = (  # the states again as a list: then SQLite takes the index of open mails
    f"SELECT {COLUMNS} FROM mail WHERE state = 'unknown' "
    "AND state IN ('pending', 'sending', 'unknown', 'held') "
    "AND policy = 'at_least_once' AND changed_at <= ? ORDER BY not_before_at, id"
)


@dataclass(frozen=True)
class Mail:
    """A row of the outbox. Moments are in ms since 1970 UTC.

    id: its row. rule: the name of the rule that made it. key: what it is about (rules.mail_key). recipient:
    an address, "" when none is known. state: one of STATES. template: the name of its letter. policy:
    whether it is sent again when its outcome is unknown. facts: what its template may show. matches: how
    many matches it gathers, 1 unless it is a digest or no address is known. attempt: how many sends were
    begun, without those that told nothing of it. created_at: when it was made. not_before_at: when it may be
    sent, 0 for at once. changed_at: when its state last changed. message_id: the id that the mail service
    gave, None before it took the mail. reason: why it is in its state, None for no special reason.
    """

    id: int
    rule: str
    key: str
    recipient: str
    state: str
    template: str
    policy: str
    facts: Facts
    matches: int
    attempt: int
    created_at: int
    not_before_at: int
    changed_at: int
    message_id: str | None
    reason: str | None


@dataclass(frozen=True)
class Move:
    """A change of a mail's state. Moments are in ms since 1970 UTC.

    to: the new state. now: when it changes. message_id: the id that the mail service gave, None to keep the
    one that is known. reason: why, None for no special reason. not_before_at: when a pending mail may be
    tried, 0 to keep the time that is set. counts: False for an attempt that told nothing of the mail itself,
    as one while the account was closed.
    """

    to: str
    now: int
    message_id: str | None = None
    reason: str | None = None
    not_before_at: int = 0
    counts: bool = True


class Mails:
    """Reads and moves rows of the outbox."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(self, after: int | None, limit: int, state: str = "") -> tuple[list[Mail], int | None]:
        """At most `limit` mails, newest first, and the `after` of the next page. state: only of this one."""
        rows = await self._database.read(_page, after, limit, state)
        return rows, rows[-1].id if len(rows) == limit else None

    async def counts(self, since_at: int = 0) -> dict[str, int]:
        """State to the number of mails created since then; every state is named."""
        return await self._database.read(_counts, since_at)

    async def due(self, now: int, limit: int) -> list[Mail]:
        """Pending mails that may be sent now, oldest first."""
        return await self._database.read(_due, now, limit)

    async def open(self, state: str) -> list[Mail]:
        """All mails in one state, oldest first."""
        return await self._database.read(_in_state, state)

    async def unsettled(self, changed_before: int) -> list[Mail]:
        """Mails of unknown outcome whose rule wants them sent again, unchanged since `changed_before`."""
        return await self._database.read(_unsettled, changed_before)

    async def move(self, mail: int, move: Move) -> None:
        """Change a mail's state, durably. Raises Conflict for a move that the table forbids."""
        await self._database.write(_move, mail, move)


def insert(connection: sqlite3.Connection, matches: Iterable[Match], now: int, held_before: int = 0) -> None:
    """Add the mails of a transaction's matches. A mail that exists is not added again; a digest counts it.

    held_before: when the store was set back; mails of earlier events may have gone out, so they are held.
    """
    connection.executemany(
        "INSERT INTO mail (rule, key, recipient, state, template, policy, facts, created_at, "
        "not_before_at, changed_at, reason) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (rule, key, recipient) DO UPDATE SET matches = matches + 1 "
        f"WHERE NOT ({IS_OWN})",
        [_row(match, now, held_before) for match in matches],
    )


def _row(match: Match, now: int, held_before: int) -> tuple[object, ...]:
    state, reason = "pending", None
    if not match.recipient:
        state, reason = "failed", match.wrong
    elif match.facts["at"] < held_before:
        state, reason = "held", "the event is from before the store was set back"
    return (
        match.rule.name, match.key, match.recipient, state, match.rule.letter, match.rule.policy,
        _encode(match.facts).decode(), now, match.not_before_at, now, reason,
    )  # fmt: skip


def stored(row: Row) -> Mail:
    """A mail from a row of COLUMNS."""
    start, facts, rest = row[:7], row[7], row[8:]
    return Mail(*start, _decode(facts), *rest)  # type: ignore[call-arg]


def decide(connection: sqlite3.Connection, ids: Sequence[int], state: str, to: str, now: int) -> int:
    """Let mails become `to`, pending or failed, because somebody says so; how many.

    ids: these, or state: all that are in it and have an address. now: ms since 1970 UTC. Raises NotFound and
    Conflict for one of the ids that cannot become it.
    """
    allowed, reason = BY_HAND[to]
    if state:
        found = "SELECT id FROM mail WHERE state = ? AND (recipient != '' OR ? = 'failed')"
        ids = [one for (one,) in connection.execute(found, (state, to))] if state in allowed else []
    for one in ids:
        row = connection.execute("SELECT state, recipient FROM mail WHERE id = ?", (one,)).fetchone()
        if row is None:
            raise NotFound(f"There is no mail {one}.")
        if row[0] not in allowed:
            raise Conflict(
                f"Mail {one} is {row[0]}; only one that is {' or '.join(allowed)} can be {reason}."
            )
        if to == "pending" and not row[1]:
            raise Conflict(f"Mail {one} cannot be sent: no address is known.")
        connection.execute(
            "UPDATE mail SET state = ?, changed_at = ?, reason = ?, not_before_at = 0, attempt = 0 "
            "WHERE id = ?",
            (to, now, reason, one),
        )
    return len(ids)


def _page(connection: sqlite3.Connection, after: int | None, limit: int, state: str) -> list[Mail]:
    rows = connection.execute(
        f"SELECT {COLUMNS} FROM mail WHERE id < ? AND (? = '' OR state = ?) ORDER BY id DESC LIMIT ?",
        (after if after is not None else 1 << 62, state, state, limit),
    )
    return [stored(row) for row in rows]


def _counts(connection: sqlite3.Connection, since_at: int) -> dict[str, int]:
    rows = connection.execute(
        "SELECT state, count(*) FROM mail WHERE created_at >= ? GROUP BY state", (since_at,)
    )
    return dict.fromkeys(STATES, 0) | dict(rows.fetchall())


def _due(connection: sqlite3.Connection, now: int, limit: int) -> list[Mail]:
    rows = connection.execute(
        f"SELECT {COLUMNS} FROM mail WHERE state = 'pending' "
        "AND state IN ('pending', 'sending', 'unknown', 'held') AND not_before_at <= ? "
        "ORDER BY not_before_at, id LIMIT ?",
        (now, limit),
    )
    return [stored(row) for row in rows]


def _in_state(connection: sqlite3.Connection, state: str) -> list[Mail]:
    rows = connection.execute(f"SELECT {COLUMNS} FROM mail WHERE state = ? ORDER BY id", (state,))
    return [stored(row) for row in rows]


def _unsettled(connection: sqlite3.Connection, changed_before: int) -> list[Mail]:
    return [stored(row) for row in connection.execute(UNSETTLED, (changed_before,))]


def _move(connection: sqlite3.Connection, mail: int, move: Move) -> None:
    row = connection.execute("SELECT state, not_before_at FROM mail WHERE id = ?", (mail,)).fetchone()
    state = row[0] if row else "gone"
    if move.to not in MOVES.get(state, ()):
        raise Conflict(f"Mail {mail} is {state}; it cannot become {move.to}.")
    connection.execute(
        "UPDATE mail SET state = ?, changed_at = ?, message_id = coalesce(?, message_id), "
        "reason = ?, not_before_at = ?, attempt = attempt + (? = 'sending') - ? WHERE id = ?",
        (
            move.to,
            move.now,
            move.message_id,
            move.reason,
            move.not_before_at or row[1],
            move.to,
            not move.counts,
            mail,
        ),
    )
