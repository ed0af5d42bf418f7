"""Checkpoints: the folds of the log up to an event, so that a start replays only the tail."""

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from server.store import standings

MOST = (1 << 63) - 1

Score = tuple[str, int, int, int]  # ranking, bucket, key, score
Count = tuple[str, int, int]  # rule, customer, count
Total = tuple[int, int, int, int]  # hour, kind, count, cents


@dataclass
class Delta:
    """What a checkpoint writes: the present values of everything that changed.

    through: the id of the last event in it. scores, counts, totals: rows of the types above.
    """

    through: int
    scores: list[Score] = field(default_factory=list)
    counts: list[Count] = field(default_factory=list)
    totals: list[Total] = field(default_factory=list)


def save(connection: sqlite3.Connection, delta: Delta) -> None:
    """Write a checkpoint; part of one transaction.

    A score of zero takes no row. A sum beyond SQLite's integers is kept as the largest of them.
    """
    connection.executemany(
        "INSERT INTO score VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET score = excluded.score",
        [(*row[:3], _fit(row[3])) for row in delta.scores if row[3]],
    )
    connection.executemany(
        "DELETE FROM score WHERE ranking = ? AND bucket = ? AND key = ?",
        [row[:3] for row in delta.scores if not row[3]],
    )
    connection.executemany(
        "INSERT INTO rule_count VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET count = excluded.count",
        delta.counts,
    )
    connection.executemany(
        "INSERT INTO total VALUES (?, ?, ?, ?) "
        "ON CONFLICT DO UPDATE SET count = excluded.count, cents = excluded.cents",
        [(*row[:3], _fit(row[3])) for row in delta.totals],
    )
    connection.execute("UPDATE checkpoint SET through = ?", (delta.through,))


def _fit(number: int) -> int:
    return max(-MOST, min(number, MOST))


def drop_days(connection: sqlite3.Connection, first_day: int) -> None:
    """Forget the buckets of days before `first_day`, all time excepted."""
    connection.execute("DELETE FROM score WHERE bucket >= 0 AND bucket < ?", (first_day,))


def through(connection: sqlite3.Connection) -> int:
    """The id of the last event that the checkpoint holds."""
    found: int = connection.execute("SELECT through FROM checkpoint").fetchone()[0]
    return found


def scores(connection: sqlite3.Connection, ranking: str) -> Iterator[tuple[int, int, int]]:
    """(bucket, key, score) of a ranking."""
    return connection.execute("SELECT bucket, key, score FROM score WHERE ranking = ?", (ranking,))


def named_scores(connection: sqlite3.Connection, ranking: str, noun: str) -> Iterator[tuple[int, str, int]]:
    """(bucket, name of the key, score) of a ranking, by bucket. noun: the table of its keys' names."""
    return connection.execute(
        f"SELECT s.bucket, n.name, s.score FROM score s JOIN {noun} n ON n.id = s.key "
        "WHERE s.ranking = ? ORDER BY s.bucket",
        (ranking,),
    )


def counts(connection: sqlite3.Connection) -> Iterator[Count]:
    """All counters of rules."""
    return connection.execute("SELECT rule, customer, count FROM rule_count")


def totals(connection: sqlite3.Connection) -> Iterator[Total]:
    """All totals by hour and kind."""
    return connection.execute("SELECT hour, kind, count, cents FROM total")


def known(connection: sqlite3.Connection) -> dict[str, tuple[str, int]]:
    """Name of each fold to its spec and the event since which it counts."""
    rows = connection.execute("SELECT name, spec, since FROM fold")
    return {name: (spec, since) for name, spec, since in rows}


def begun(connection: sqlite3.Connection) -> dict[str, int]:
    """For each fold that could not count the whole log: when the oldest event came that it could count."""
    rows = connection.execute("SELECT name, since_at FROM fold WHERE since_at IS NOT NULL")
    return dict(rows.fetchall())


def adopt(
    connection: sqlite3.Connection, name: str, spec: str, since: int, since_at: int | None = None
) -> None:
    """Begin a fold anew; what an earlier one of that name had stored is forgotten.

    since: the event after which it counts. since_at: when the oldest event came that it could count,
    ms since 1970 UTC; None when the log was whole.
    """
    noun, _, plain = name.partition(":")
    if noun == "ranking":
        connection.execute("DELETE FROM score WHERE ranking = ?", (plain,))
        connection.execute("DELETE FROM rule_count WHERE rule = ?", (name,))  # what it could not count
        standings.forget(connection, plain)
    elif noun == "rule":
        connection.execute("DELETE FROM rule_count WHERE rule = ?", (plain,))
    else:
        connection.execute("DELETE FROM total")
    connection.execute(
        "INSERT INTO fold (name, spec, since, since_at) VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE "
        "SET spec = excluded.spec, since = excluded.since, since_at = excluded.since_at",
        (name, spec, since, since_at),
    )


def forget(connection: sqlite3.Connection, names: Iterable[str]) -> None:
    """Drop folds that the settings no longer have."""
    for name in names:
        adopt(connection, name, "", 0)
        connection.execute("DELETE FROM fold WHERE name = ?", (name,))
