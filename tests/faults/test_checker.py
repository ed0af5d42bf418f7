"""The judge can say no: each breach, made by hand in a good store, is found."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from firmware.wire.event import EDGE, Event
from server.ingest.arrival import UpArrival
from tests.faults.checker import Record, judge
from tests.ingest.boards import NOW, Board
from tests.site import Opener
from tools.demo.replay import Order

ORDERS = [Order(f"c{number}", "1997-01-01", 1, number) for number in range(1, 7)]


def event(order: Order) -> Event:
    fields: dict[str, object] = {
        "customer": order.customer, "quantity": 1, "cents": order.cents, "ordered_on": order.ordered_on,
    }  # fmt: skip
    return Event("order.placed", fields, 1, 1000, NOW, EDGE)


@pytest.fixture
async def good(site: Opener, tmp_path: Path) -> tuple[Record, Path]:
    """Six orders, told, acked and stored."""
    board = Board("till-1", 7)
    for order in ORDERS:
        board.emit(event(order))
    async with site() as edge:
        await edge.take(UpArrival("till-1", board.frame(1, 6), NOW))
    record = Record()
    record.sent["till-1"] = list(ORDERS)
    record.told = {("till-1", 7, seq): order for seq, order in enumerate(ORDERS, 1)}
    record.acks = [("till-1", 7, 3), ("till-1", 7, 6)]
    return record, tmp_path / "boardwalk.db"


def test_a_good_store_passes(good: tuple[Record, Path]) -> None:
    assert judge(*good).breaches() == {}


def lose(record: Record, connection: sqlite3.Connection) -> None:
    connection.execute("DELETE FROM event WHERE seq = 6")


def double(record: Record, connection: sqlite3.Connection) -> None:
    connection.execute("INSERT INTO event SELECT 99, device, epoch, seq, kind, customer, at, received_at, "
                       "clock_at, quality, boot, uptime_ms, fields FROM event WHERE seq = 2")  # fmt: skip


def invent(record: Record, connection: sqlite3.Connection) -> None:
    connection.execute("INSERT INTO event SELECT 99, device, epoch, 7, kind, customer, at, received_at, "
                       "clock_at, quality, boot, uptime_ms, fields FROM event WHERE seq = 2")  # fmt: skip


def change(record: Record, connection: sqlite3.Connection) -> None:
    connection.execute("UPDATE event SET customer = 1 WHERE seq = 2")


def skip(record: Record, connection: sqlite3.Connection) -> None:
    del record.told[("till-1", 7, 3)]
    record.acks.clear()
    connection.execute("DELETE FROM event WHERE seq = 3")


def ack_too_early(record: Record, connection: sqlite3.Connection) -> None:
    record.acks.append(("till-1", 7, 8))


def ack_before_commit(record: Record, connection: sqlite3.Connection) -> None:
    record.early.append("till-1: acked 6 when 3 were committed")


def ack_backwards(record: Record, connection: sqlite3.Connection) -> None:
    record.acks.append(("till-1", 7, 2))


@pytest.mark.parametrize(
    ("breach", "promise"),
    [
        (lose, "lost"),
        (double, "doubled"),
        (invent, "phantoms"),
        (change, "phantoms"),
        (skip, "gaps"),
        (ack_too_early, "lost"),
        (ack_backwards, "acks"),
        (ack_before_commit, "early"),
    ],
)
def test_each_breach_is_found(
    breach: Callable[[Record, sqlite3.Connection], None], promise: str, good: tuple[Record, Path]
) -> None:
    record, path = good
    connection = sqlite3.connect(path)
    breach(record, connection)
    connection.commit()
    connection.close()
    assert promise in judge(record, path).breaches()
