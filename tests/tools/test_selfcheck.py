"""The demo's audit can say no: each broken promise, made by hand, is a finding that is not kept."""

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from server.core import Core
from server.settings import Settings
from server.store import events
from sync.table.chunk import pack
from tools.demo import selfcheck
from tools.demo.replay import Order, Till

ORDERS = [Order(f"c{number % 7}", "1997-01-01", 1, 100 + number) for number in range(50)]


def rows(name: str = "orders") -> list[dict[str, Any]]:
    scores: dict[str, int] = {}
    for order in ORDERS:
        scores[order.customer] = scores.get(order.customer, 0) + (order.cents if name == "spend" else 1)
    ranked = sorted((-score, key) for key, score in scores.items())
    return [{"rank": rank, "key": key, "score": -score} for rank, (score, key) in enumerate(ranked, 1)]


@pytest.mark.parametrize("name", ["orders", "spend"])
def test_a_right_ranking_is_kept(name: str) -> None:
    assert selfcheck.ranking(name, ORDERS, rows(name)).kept


@pytest.mark.parametrize(
    "spoil",
    [lambda told: [], lambda told: told[:3], lambda told: told[:-1], lambda told: told[1:],
     lambda told: [told[0] | {"score": told[0]["score"] + 1}, *told[1:]],
     lambda told: [told[1], told[0], *told[2:]], lambda told: [*told, {"rank": 8, "key": "x", "score": 1}]],
    ids=["empty", "three rows", "the last is missing", "the first is missing", "a score", "an order", "one more"],
)  # fmt: skip
def test_a_wrong_ranking_is_not(spoil: Callable[[list[dict[str, Any]]], list[dict[str, Any]]]) -> None:
    assert not selfcheck.ranking("orders", ORDERS, spoil(rows())).kept


def till() -> Till:
    return Till("till-1", stored=[(7, seq, order) for seq, order in enumerate(ORDERS, 1)])


def stored() -> list[tuple[selfcheck.Identity, Order]]:
    return [(("till-1", 7, seq), order) for seq, order in enumerate(ORDERS, 1)]


def test_events_that_are_lost_changed_or_from_nowhere_are_found() -> None:
    assert selfcheck.events([till()], stored()).kept
    lost, changed, more, twice = stored(), stored(), stored(), stored()
    del lost[3]
    changed[3] = (changed[3][0], ORDERS[0])
    more.append((("till-1", 7, 99), ORDERS[0]))
    twice.append(twice[3])
    assert not any(selfcheck.events([till()], found).kept for found in (lost, changed, more, twice))


class Shelf:
    """A table in memory."""

    def __init__(self, bodies: list[bytes]) -> None:
        self._bodies = bodies

    def scan(self, prefix: str) -> Iterator[bytes]:
        assert prefix == "D#shop#"
        return iter(self._bodies)


async def test_an_event_that_is_missing_or_twice_in_the_table_is_found(
    core: Core, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = await core.database.read(events.after, 0, 1000)
    sealed = pack("shop", core.generation, 1, kept)
    bodies = [chunk.body for chunk in sealed if chunk.pk.startswith("D#")]
    again = [chunk.body for chunk in pack("shop", "x", 9, kept[:1]) if chunk.pk.startswith("D#")]
    short = [chunk.body for chunk in pack("shop", "x", 9, kept[1:]) if chunk.pk.startswith("D#")]
    for there, wanted in ((bodies, True), (bodies + again, False), (short, False), ([], False)):
        monkeypatch.setattr(selfcheck, "Dynamo", lambda settings, there=there: Shelf(there))
        assert selfcheck.cloud(Settings(), tmp_path).kept is wanted


def test_an_order_that_is_stored_twice_is_a_finding_and_no_crash(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "boardwalk.db")
    connection.executescript(
        "CREATE TABLE event (id, device, epoch, seq, kind, customer, fields); CREATE TABLE device (id, name);"
        "CREATE TABLE kind (id, name); CREATE TABLE customer (id, name); INSERT INTO device VALUES (1, 'till-1');"
        "INSERT INTO kind VALUES (1, 'order.placed'); INSERT INTO customer VALUES (1, 'c0');"
    )
    packed = bytes.fromhex("83aa6f7264657265645f6f6eaa313939372d30312d3031a87175616e7469747901a563656e747364")
    connection.executemany("INSERT INTO event VALUES (?, 1, 7, 1, 1, 1, ?)", [(1, packed), (2, packed)])
    connection.commit()
    connection.close()
    once = Till("till-1", stored=[(7, 1, ORDERS[0])])
    assert not selfcheck.events([once], selfcheck.stored_orders(tmp_path)).kept
