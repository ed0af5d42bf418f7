"""Customers are found by a part of their name, as a look at every one finds them."""

import sqlite3
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.store import customers, indexer, schema
from server.store.customers import Customer

NAMES = st.lists(
    st.text(alphabet="aAbBäÄßS%_' .", min_size=1, max_size=5) | st.sampled_from(("Straße", "STRASSE", "مقهى", "..")),
    unique=True, max_size=25,
)  # fmt: skip
TEXTS = st.text(alphabet="aAbBäÄßsS%_' ", min_size=1, max_size=3) | st.sampled_from(("strass", "هى"))


def store(names: list[str], indexed: int = 1 << 62) -> sqlite3.Connection:
    """A store of which only the first customers are indexed."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    schema.migrate(connection)
    connection.executemany("INSERT INTO customer (name, first_at) VALUES (?, 0)", [(name,) for name in names])
    connection.execute(
        "INSERT INTO customer_text SELECT id, casefold(name) FROM customer ORDER BY id LIMIT ?", (indexed,)
    )
    return connection


@settings(max_examples=200)
@given(NAMES, st.integers(0, 25), TEXTS, st.integers(1, 6), st.integers(1, 9))
def test_pages_have_every_customer_whose_name_has_the_text_once(
    names: list[str], indexed: int, text: str, limit: int, scanned: int
) -> None:
    with patch.object(customers, "SCANNED", scanned):
        connection, found, after = store(names, indexed), list[str](), 0
        for _ in range(len(names) + 2):
            rows, following = customers.page(connection, after, limit, text)
            assert len(rows) <= limit
            found += [row.name for row in rows]
            if following is None:
                break
            after = following
        assert following is None
    assert found == [name for name in names if text.casefold() in name.casefold()]


@settings(max_examples=200)
@given(NAMES, st.integers(0, 25), TEXTS, st.integers(1, 30))
def test_those_that_begin_with_the_text_come_first(
    names: list[str], indexed: int, text: str, limit: int
) -> None:
    folded = text.casefold()
    begin = sorted(
        (name.casefold(), index) for index, name in enumerate(names) if name.casefold().startswith(folded)
    )
    others = [index for index, name in enumerate(names) if name.casefold().find(folded) > 0]
    wanted = [names[index] for _, index in begin] + [names[index] for index in reversed(others)]
    assert [row.name for row in customers.matching(store(names, indexed), text, limit)] == wanted[:limit]


def test_the_indexer_takes_every_new_customer_along() -> None:
    connection = store(["Ann"])
    connection.execute("INSERT INTO customer (name, first_at) VALUES ('Bob', 0)")
    connection.execute("INSERT INTO event VALUES (1, 1, 7, 1, 1, 2, 5, 5, 5, 2, 1, 1, x'80')")
    assert indexer.step(connection) == 1
    assert connection.execute("SELECT * FROM customer_text").fetchall() == [(1, "ann"), (2, "bob")]


def test_one_is_found_by_exactly_their_name_and_the_newest_first() -> None:
    connection = store(["Ann", "ann", "Bob"])
    assert customers.find(connection, "ann") == Customer(2, "ann", None, 0)
    assert customers.find(connection, "AnN") is None
    assert [one.name for one in customers.newest(connection, None, 2)] == ["Bob", "ann"]
    assert [one.name for one in customers.newest(connection, 2, 2)] == ["Ann"]


@pytest.mark.parametrize("indexed", [0, 1, 3, 100])
def test_mails_of_a_customer_are_theirs_alone_and_no_digest(indexed: int) -> None:
    connection = store(["Ann"])
    for key, facts in (
        ("till-1/7/1", '{"customer":"Ann"}'), ("till-1/7/2", '{"customer":"Bob"}'), ("till-1/7/3", '{"customer":null}'),
        ("day:0", '{"customer":"Ann"}'), ("hour:0", '{"customer":"Ann"}'), ("till-1/7/4", '{"customer":"Ann"}'),
    ):  # fmt: skip
        connection.execute(
            "INSERT INTO mail (rule, key, recipient, state, template, policy, facts, created_at, not_before_at, "
            "changed_at) VALUES ('r', ?, 'a@b.example', 'sent', 'notice', 'at_most_once', ?, 0, 0, 0)",
            (key, facts),
        )
    if indexed:
        assert indexer.step(connection, indexed) == min(indexed, 6)
    assert [one.key for one in customers.mails(connection, "Ann", 10)] == ["till-1/7/4", "till-1/7/1"]
    assert [one.key for one in customers.mails(connection, "Ann", 1)] == ["till-1/7/4"]
    assert customers.mail_count(connection, "Ann") == 2
    assert customers.mail_count(connection, "Cy") == 0


def test_a_page_behind_the_last_customer_is_the_end_however_far_behind() -> None:
    assert customers.page(store(["a"]), (1 << 63) - 1, 10, "a") == ([], None)
