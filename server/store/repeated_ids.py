"""Ids that foreign clients gave their events, remembered for 30 days as hashes.

New marks are appended to a table and held in a set. 32,768 of them, or those of one day, are sealed as a
run: written in their order behind the earlier runs. So nothing is ever written in the middle of a large
tree, which costs one page per mark. Sieves in memory tell in which runs to look.
"""

import sqlite3
from collections.abc import Collection, Iterable
from hashlib import blake2b
from typing import NamedTuple

from server.calendar import DAY_MS
from server.store.sieve import RUNS, Sieve

DAYS = 31  # days of the calendar in UTC, so at least 30 whole days
RUN = 32_768  # marks
KEPT_EVERY = 16  # runs after which a sieve is written down, so that a start has few to add


def mark(device: int, name: str) -> bytes:
    """16 bytes that stand for an id of a device."""
    return blake2b(f"{device}\0{name}".encode(), digest_size=16).digest()


class RunChange(NamedTuple):
    """What a transaction did.

    day: of its marks, days since 1970 UTC. sealed, dropped: the number of a run, or None.
    """

    day: int
    sealed: int | None
    dropped: int | None


class RepeatedIds:
    """The committed marks. Only `load` and `adopt` change what `known` answers."""

    def __init__(self) -> None:
        self._newest: set[bytes] = set()
        self._day = 0  # of the newest marks
        self._runs: dict[int, int] = {}  # run: its day
        self._sieves: dict[int, Sieve] = {}

    def load(self, connection: sqlite3.Connection) -> None:
        """Read the newest marks, and make the sieves; part of a transaction."""
        connection.execute(
            "DELETE FROM seen_sieve WHERE number < (SELECT min(run) / ? FROM seen_run)", (RUNS,)
        )
        rows = connection.execute("SELECT mark, day FROM seen_newest").fetchall()
        self._newest, self._day = {one for one, _ in rows}, max((day for _, day in rows), default=0)
        self._runs = dict(connection.execute("SELECT run, day FROM seen_run ORDER BY run"))
        kept = connection.execute("SELECT number, through, slots FROM seen_sieve").fetchall()
        self._sieves = {number: Sieve(slots) for number, _, slots in kept}
        through = {number: run for number, run, _ in kept}
        for run in self._runs:
            if run > through.get(run // RUNS, -1):
                self._sift(run, _marks(connection, run))

    def known(self, connection: sqlite3.Connection, hashed: bytes, now: int) -> bool:
        """Whether a mark was committed in the last 30 days."""
        oldest = now // DAY_MS - DAYS
        if hashed in self._newest:
            return self._day > oldest
        for number, sieve in self._sieves.items():
            for bit in sieve.runs(hashed):
                run = number * RUNS + bit
                if self._runs.get(run, oldest) > oldest and _has(connection, run, hashed):
                    return True
        return False

    def remember(self, connection: sqlite3.Connection, marks: Collection[bytes], now: int) -> RunChange:
        """Keep marks that are not known, in the transaction of their events; `adopt` the change after it."""
        day = now // DAY_MS
        sealed = None
        if self._newest and (len(self._newest) + len(marks) > RUN or day != self._day):
            sealed = self._seal(connection)
        connection.executemany("INSERT INTO seen_newest VALUES (?, ?)", [(one, day) for one in marks])
        return RunChange(day, sealed, self._drop_one(connection, day))

    def adopt(self, marks: Iterable[bytes], change: RunChange) -> None:
        """Take over marks that are committed."""
        if change.sealed is not None:
            self._runs[change.sealed] = self._day
            self._newest = set()
        self._newest.update(marks)
        self._day = change.day
        if change.dropped is not None:
            del self._runs[change.dropped]
            used = {run // RUNS for run in self._runs}  # an old sieve's row goes with the next start
            self._sieves = {number: sieve for number, sieve in self._sieves.items() if number in used}

    def _seal(self, connection: sqlite3.Connection) -> int:
        run = max(self._runs, default=-1) + 1
        connection.execute("INSERT INTO seen_mark SELECT ?, mark FROM seen_newest ORDER BY mark", (run,))
        connection.execute("INSERT INTO seen_run VALUES (?, ?)", (run, self._day))
        connection.execute("DELETE FROM seen_newest")
        self._sift(run, self._newest)
        if run % KEPT_EVERY == KEPT_EVERY - 1:
            slots = self._sieves[run // RUNS].bytes()
            connection.execute(
                "INSERT OR REPLACE INTO seen_sieve VALUES (?, ?, ?)", (run // RUNS, run, slots)
            )
        return run

    def _sift(self, run: int, marks: Iterable[bytes]) -> None:
        number = run // RUNS
        if number not in self._sieves:
            self._sieves[number] = Sieve()
        self._sieves[number].add(run % RUNS, marks)

    def _drop_one(self, connection: sqlite3.Connection, day: int) -> int | None:
        """Drop one old run per commit, so that no commit takes long; old runs are not asked any more."""
        oldest = next(iter(self._runs), None)
        if oldest is None or self._runs[oldest] > day - DAYS or len(self._runs) == 1:
            return None  # the last one stays, because the numbers of runs only rise
        connection.execute("DELETE FROM seen_mark WHERE run = ?", (oldest,))
        connection.execute("DELETE FROM seen_run WHERE run = ?", (oldest,))
        return oldest


def _has(connection: sqlite3.Connection, run: int, hashed: bytes) -> bool:
    found = connection.execute("SELECT 1 FROM seen_mark WHERE run = ? AND mark = ?", (run, hashed))
    return found.fetchone() is not None


def _marks(connection: sqlite3.Connection, run: int) -> Iterable[bytes]:
    return (one for (one,) in connection.execute("SELECT mark FROM seen_mark WHERE run = ?", (run,)))
