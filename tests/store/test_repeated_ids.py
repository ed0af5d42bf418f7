"""Ids that were seen: none is forgotten or made up, whatever is sealed, dropped, rolled back or restarted."""

import os
import random
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from server.store import repeated_ids
from server.store.repeated_ids import DAY_MS, DAYS, RepeatedIds
from server.store.schema import migrate
from server.store.sieve import RUNS, Sieve
from tests.histories import folder


class Store:
    """A store with what is seen in it; `again` is a restart."""

    def __init__(self, path: Path) -> None:
        self.connection = sqlite3.connect(path, isolation_level=None)
        migrate(self.connection)
        self.again()

    def again(self) -> None:
        self.seen = RepeatedIds()
        self.connection.execute("BEGIN")
        self.seen.load(self.connection)
        self.connection.execute("COMMIT")

    def remember(self, marks: set[bytes], now: int, commit: bool = True) -> None:
        fresh = {one for one in marks if not self.known(one, now)}
        self.connection.execute("BEGIN")
        change = self.seen.remember(self.connection, fresh, now)
        self.connection.execute("COMMIT" if commit else "ROLLBACK")
        if commit:
            self.seen.adopt(fresh, change)

    def known(self, mark: bytes, now: int) -> bool:
        return self.seen.known(self.connection, mark, now)


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    monkeypatch.setattr(repeated_ids, "RUN", 50)
    monkeypatch.setattr(repeated_ids, "KEPT_EVERY", 4)
    with folder() as made:
        yield Store(made / "boardwalk.db")


@pytest.mark.slow
def test_a_random_history_is_answered_as_a_dictionary_answers_it(store: Store) -> None:
    chance = random.Random(5)
    truth: dict[bytes, int] = {}
    known = list[bytes]()
    now = 20_000 * DAY_MS
    for _ in range(1500):
        now += chance.choice((0, 1000, DAY_MS // 40))
        marks = {chance.randbytes(16) for _ in range(chance.randrange(1, 20))}
        marks |= set(chance.sample(known, min(len(known), 3)))
        fate = chance.random()
        if fate < 0.1:
            store.again()
        store.remember(marks, now, commit=fate < 0.9)
        if fate < 0.9:
            known += sorted(marks - truth.keys())
            for one in marks:
                if truth.get(one, -DAYS) <= now // DAY_MS - DAYS:
                    truth[one] = now // DAY_MS
        for one in (*chance.sample(known, min(len(known), 20)), *(os.urandom(16) for _ in range(3))):
            assert store.known(one, now) == (truth.get(one, -DAYS) > now // DAY_MS - DAYS)
    assert len(truth) > 10_000


def test_marks_in_many_runs_are_all_found_and_old_runs_leave_the_disk(store: Store) -> None:
    marks = [{os.urandom(16) for _ in range(50)} for _ in range(3 * RUNS)]
    for some in marks:
        store.remember(some, DAY_MS)
    store.again()
    assert all(store.known(one, DAY_MS) for some in marks for one in some)
    for _ in range(4 * RUNS):
        store.remember({os.urandom(16)}, (DAYS + 2) * DAY_MS)
    assert not any(store.known(one, (DAYS + 2) * DAY_MS) for some in marks for one in some)
    assert store.connection.execute("SELECT count(*) FROM seen_mark").fetchone()[0] <= 6 * RUNS
    store.again()
    assert store.connection.execute("SELECT count(*) FROM seen_sieve").fetchone()[0] <= 3


def test_a_sieve_guesses_wrong_seldom_and_misses_nothing() -> None:
    sieve = Sieve()
    marks = [os.urandom(16) for _ in range(repeated_ids.RUN)]
    sieve.add(3, marks)
    assert all(list(sieve.runs(one)) == [3] for one in marks)
    wrong = sum(bool(list(sieve.runs(os.urandom(16)))) for _ in range(100_000))
    assert wrong < 200
