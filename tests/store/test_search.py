"""Searching the log by time and text: exactly what a look at every event finds, a bounded piece at a time."""

import sqlite3
from dataclasses import replace
from unittest.mock import patch

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.store import events, indexer, search
from server.store.events import EventQuery
from tests.store.test_reading import NAMES, store

TEXTS = ("Käse", "KÄSE und Brot", "straße", "STRASSE", "a", "A, twice", "50%_off", "")
WANTED = ("käse", "STRASSE", "a", "b", "%", "_", "x'", "und b")


class Row(msgspec.Struct, frozen=True):
    """What is appended. device, kind, customer: 1 to 3. at: when it happened. note: a field of it."""

    device: int
    kind: int
    customer: int | None
    at: int
    note: str | int


ROWS = st.lists(
    st.builds(
        Row,
        st.integers(1, 3), st.integers(1, 3), st.none() | st.integers(1, 3), st.integers(0, 9),
        st.sampled_from(TEXTS) | st.integers(0, 3),
    ),
    max_size=25,
)  # fmt: skip
NAME = st.none() | st.sampled_from((*NAMES, "nobody"))
MOMENT = st.none() | st.integers(0, 10)
QUERIES = st.builds(
    EventQuery,
    device=NAME, kind=NAME, customer=NAME, newest=st.booleans(), limit=st.integers(1, 7),
    since=MOMENT, until=MOMENT, text=st.none() | st.sampled_from(WANTED),
)  # fmt: skip


def append(connection: sqlite3.Connection, rows: list[Row]) -> None:
    connection.executemany(
        "INSERT INTO event VALUES (NULL, ?, 1, 1, ?, ?, ?, 9, 0, 0, 0, 0, ?)",
        [
            (row.device, row.kind, row.customer, row.at, msgspec.msgpack.encode({"n": 1, "note": row.note}))
            for row in rows
        ],
    )


def matches(row: Row, query: EventQuery) -> bool:
    customer = NAMES[row.customer - 1] if row.customer else None
    texts = [text.casefold() for text in (customer, row.note) if isinstance(text, str)]
    return (
        query.device in (None, NAMES[row.device - 1])
        and query.kind in (None, NAMES[row.kind - 1])
        and query.customer in (None, customer)
        and (query.since is None or row.at >= query.since)
        and (query.until is None or row.at < query.until)
        and (query.text is None or any(query.text.casefold() in text for text in texts))
    )


@pytest.mark.slow
@settings(max_examples=500)
@given(ROWS, st.lists(ROWS, max_size=4), QUERIES, st.integers(1, 30), st.integers(0, 8), st.data())
def test_all_pages_together_are_what_a_look_at_every_event_finds_while_events_come(
    log: list[Row],
    arrivals: list[list[Row]],
    query: EventQuery,
    scanned: int,
    indexed: int,
    data: st.DataObject,
) -> None:
    connection = store()
    append(connection, log)
    begun = len(log)
    waiting = list(arrivals)
    found: list[int] = []
    with patch.object(search, "SCANNED", scanned):
        while True:
            indexer.step(connection, indexed)
            rows, following = events.page(connection, query, query.limit)
            assert len(rows) <= query.limit
            found += [event.id for event in rows]
            if following is None:
                break
            query = replace(query, after=following)
            if waiting and data.draw(st.booleans()):
                log = log + waiting[0]
                append(connection, waiting.pop(0))
    seen = log[:begun] if query.newest else log  # the newest come first: what comes later is before the first
    truth = [number for number, row in enumerate(seen, 1) if matches(row, query)]
    assert found == (truth[::-1] if query.newest else truth)


SLOW = [
    EventQuery(text="nowhere"), EventQuery(text="nowhere", newest=True), EventQuery(since=2_000_000),
    EventQuery(device="a", kind="b"), EventQuery(device="a", text="nowhere", newest=True),
    EventQuery(kind="a", until=0), EventQuery(since=1, until=2_999_999, text="nowhere"),
]  # fmt: skip


@pytest.mark.parametrize("query", SLOW, ids=str)
@pytest.mark.parametrize("indexed", [0, 3000])
def test_a_page_that_finds_nothing_ends_at_the_bound(query: EventQuery, indexed: int) -> None:
    connection = store()
    append(connection, [Row(1, 1, None, number * 1000, "x") for number in range(3000)])
    indexer.step(connection, indexed)
    steps, most = 0, 0

    def count() -> int:
        nonlocal steps
        steps += 1
        return 0

    connection.set_progress_handler(count, 10)
    found: list[int] = []
    with patch.object(search, "SCANNED", 100):
        while True:
            steps = 0
            rows, following = events.page(connection, query, 10)
            most = max(most, steps)
            found += [event.id for event in rows]
            if following is None:
                break
            query = replace(query, after=following)
    assert len(found) == (1000 if query == replace(SLOW[2], after=query.after) else 0)
    assert most < 500  # of ten instructions each; the whole log takes more than ten times as many


def test_a_short_span_of_time_is_read_by_its_index() -> None:
    connection = store()
    append(connection, [Row(1, 1, None, number, "x") for number in range(3000)])
    indexer.step(connection, 3000)
    with patch.object(search, "SCANNED", 100):
        rows, following = events.page(connection, EventQuery(device="a", since=2890, until=2980), 1000)
    assert ([event.at for event in rows], following) == (list(range(2890, 2980)), None)
