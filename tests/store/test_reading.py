"""Reading the log: indexed or not yet, the same events in the same order."""

import sqlite3
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.errors import StoreDamaged
from server.store import events, indexer, schema
from server.store.events import EventQuery

NAMES = ("a", "b", "c")


def store() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    schema.migrate(connection)
    for name in NAMES:
        connection.execute("INSERT INTO device (name, added_at) VALUES (?, 0)", (name,))
        connection.execute("INSERT INTO kind (name) VALUES (?)", (name,))
        connection.execute("INSERT INTO customer (name, first_at) VALUES (?, 0)", (name,))
    return connection


def append(connection: sqlite3.Connection, device: int, kind: int, customer: int | None) -> None:
    connection.execute(
        "INSERT INTO event VALUES (NULL, ?, 1, 1, ?, ?, 5, 5, 0, 0, 0, 0, x'80')", (device, kind, customer)
    )


EVENTS = st.lists(st.tuples(st.integers(1, 3), st.integers(1, 3), st.none() | st.integers(1, 3)), max_size=30)
NAME = st.none() | st.sampled_from((*NAMES, "nobody"))


@settings(max_examples=300)
@given(EVENTS, st.integers(0, 30), st.tuples(NAME, NAME, NAME), st.booleans(), st.integers(1, 7))
def test_pages_equal_a_filter_of_the_whole_log_wherever_the_indexer_is(
    log: list[tuple[int, int, int | None]],
    indexed: int,
    wanted: tuple[str | None, str | None, str | None],
    newest: bool,
    limit: int,
) -> None:
    connection = store()
    for device, kind, customer in log:
        append(connection, device, kind, customer)
    indexer.step(connection, indexed)
    truth = [
        number
        for number, row in enumerate(log, 1)
        if all(
            name is None or (key and NAMES[key - 1] == name) for name, key in zip(wanted, row, strict=True)
        )
    ]
    found: list[int] = []
    after: int | None = None
    while True:
        query = EventQuery(*wanted, after=after, limit=limit, newest=newest)
        page, after = events.page(connection, query, limit)
        found += [event.id for event in page]
        if after is None:
            break
    assert found == (truth[::-1] if newest else truth)


def test_a_store_of_the_first_schema_is_brought_up_and_keeps_its_events() -> None:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    schema.migrate(connection, 1)
    before = connection.execute("SELECT value FROM meta WHERE name = 'generation'").fetchall()
    connection.execute("INSERT INTO device (name, added_at) VALUES ('a', 0)")
    connection.execute("INSERT INTO kind (name) VALUES ('b')")
    append(connection, 1, 1, None)
    schema.migrate(connection)
    assert connection.execute("PRAGMA user_version").fetchone() == (len(schema.MIGRATIONS),)
    assert connection.execute("SELECT value FROM meta WHERE name = 'generation'").fetchall() == before
    assert indexer.step(connection) == 1
    assert [event.id for event in events.page(connection, EventQuery(device="a"), 10)[0]] == [1]


def test_a_store_of_a_newer_boardwalk_is_left_alone() -> None:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.execute("PRAGMA user_version = 99")
    with pytest.raises(StoreDamaged, match="written by a newer Boardwalk"):
        schema.migrate(connection)


def test_a_page_by_customer_reads_only_its_rows(tmp_path: Path) -> None:
    connection = store()
    for number in range(3000):
        append(connection, 1, 1, 1 if number % 1000 == 0 else 2)
    indexer.step(connection, 3000)
    steps = 0

    def count() -> int:
        nonlocal steps
        steps += 1
        return 0

    connection.set_progress_handler(count, 10)
    assert len(events.page(connection, EventQuery(customer="a"), 100)[0]) == 3
    assert steps < 100
