"""The demo's own audit: the promises, counted by other means than the code that keeps them."""

import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgpack

from server.settings import Settings
from server.store.connection import Row
from sync.table.chunk import unpack
from sync.table.dynamo import Dynamo
from tools.demo.replay import Order, Till
from tools.output import Json

Identity = tuple[str, int, int]
LISTED = 1000  # rows of a ranking that the audit asks for


@dataclass(frozen=True)
class Finding:
    """The check of one promise. promise: in words. expected, found: counts. kept: whether all agrees."""

    promise: str
    expected: int
    found: int
    kept: bool


def stored_orders(data: Path) -> list[tuple[Identity, Order]]:
    """Every order in the store, in the order of the log, read without the edge's own code."""
    rows = _select(
        data,
        "SELECT d.name, e.epoch, e.seq, c.name, e.fields FROM event e JOIN device d ON d.id = e.device "
        "JOIN kind k ON k.id = e.kind JOIN customer c ON c.id = e.customer "
        "WHERE k.name = 'order.placed' ORDER BY e.id",
    )
    found: list[tuple[Identity, Order]] = []
    for device, epoch, seq, customer, packed in rows:
        fields = msgpack.unpackb(packed)
        order = Order(customer, fields["ordered_on"], fields["quantity"], fields["cents"])
        found.append(((device, epoch, seq), order))
    return found


def events(tills: Iterable[Till], stored: Sequence[tuple[Identity, Order]]) -> Finding:
    """Every order of which a till was told `ok` is stored once, and nothing else is."""
    told = [((till.name, epoch, seq), order) for till in tills for epoch, seq, order in till.stored]
    return Finding(
        "events in SQLite = events that tills were told are kept",
        len(told),
        len(stored),
        Counter(told) == Counter(stored),
    )


def ranking(name: str, orders: Sequence[Order], rows: list[Json]) -> Finding:
    """A ranking's first 1,000 rows equal brute force over the file."""
    truth: Counter[str] = Counter()
    for order in orders:
        truth[order.customer] += order.cents if name == "spend" else 1
    best = sorted(((-score, key) for key, score in truth.items() if score > 0))[:LISTED]
    expected = [{"rank": n, "key": key, "score": -score} for n, (score, key) in enumerate(best, 1)]
    return Finding(f"ranking {name} = brute force over the file", len(best), len(rows), rows == expected)


def cloud(settings: Settings, data: Path) -> Finding:
    """DynamoDB has every event of every kind that SQLite has, once."""
    rows = _select(
        data,
        "SELECT d.name, e.epoch, e.seq, k.name, c.name, e.at, e.fields FROM event e "
        "JOIN device d ON d.id = e.device JOIN kind k ON k.id = e.kind "
        "LEFT JOIN customer c ON c.id = e.customer",
    )
    here = Counter((*row[:6], _flat(msgpack.unpackb(row[6]))) for row in rows)
    there = Counter(
        (e.device, e.epoch, e.seq, e.kind, e.customer, e.at, _flat(e.fields))
        for body in Dynamo(settings.cloud).scan(f"D#{settings.edge.site}#")
        for e in unpack(body)
    )
    return Finding("events in DynamoDB = events in SQLite", here.total(), there.total(), here == there)


def mails(
    every: int, stored: Sequence[tuple[Identity, Order]], data: Path, accepted: Sequence[tuple[str, str]]
) -> list[Finding]:
    """Mail rows are the rule's matches, and SES accepted each exactly once."""
    placed: Counter[str] = Counter()
    due: dict[str, tuple[str, int]] = {}
    for (device, epoch, seq), order in stored:
        placed[order.customer] += 1
        if placed[order.customer] % every == 0:
            due[f"{device}/{epoch}/{seq}"] = (order.customer, placed[order.customer])
    rows = _select(data, "SELECT key FROM mail")
    written = Counter(key for (key,) in rows)
    sent = Counter((recipient, subject) for recipient, subject in accepted)
    wanted = Counter(
        (f"customer-{customer}@shop.example", f"Thank you for order number {number}")
        for customer, number in due.values()
    )
    return [
        Finding("mail rows = matches of the rule", len(due), len(rows), written == Counter(due.keys())),
        Finding("mails accepted by SES, each once", wanted.total(), sent.total(), sent == wanted),
    ]


def _select(data: Path, statement: str) -> list[Row]:
    connection = sqlite3.connect(f"file:{data / 'boardwalk.db'}?mode=ro", uri=True)
    try:
        return connection.execute(statement).fetchall()
    finally:
        connection.close()


def _flat(fields: Mapping[str, object]) -> tuple[tuple[str, object], ...]:
    return tuple(sorted(fields.items()))
