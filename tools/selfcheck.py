"""The demo's own audit: the promises, counted by other means than the code that keeps them."""

import sqlite3
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgpack

from server.settings import Settings
from sync.reader import read_events
from tools.replay import Order, Till

Identity = tuple[str, int, int]


@dataclass(frozen=True)
class Finding:
    """One promise. expected and found: counts. kept: whether they agree in every part."""

    promise: str
    expected: int
    found: int
    kept: bool


def stored_orders(data: Path) -> dict[Identity, Order]:
    """Identity to order of every order in the store, read past the edge's own code."""
    connection = sqlite3.connect(f"file:{data / 'boardwalk.db'}?mode=ro", uri=True)
    rows = connection.execute(
        "SELECT d.name, e.epoch, e.seq, c.name, e.fields FROM event e JOIN device d ON d.id = e.device "
        "JOIN kind k ON k.id = e.kind JOIN customer c ON c.id = e.customer "
        "WHERE k.name = 'order.placed' ORDER BY e.id"
    ).fetchall()
    connection.close()
    found: dict[Identity, Order] = {}
    for device, epoch, seq, customer, packed in rows:
        fields = msgpack.unpackb(packed)
        if (device, epoch, seq) in found:
            raise AssertionError(f"{device}/{epoch}/{seq} is stored twice")
        order = Order(customer, fields["ordered_on"], fields["quantity"], fields["cents"])
        found[(device, epoch, seq)] = order
    return found


def events(tills: Iterable[Till], stored: dict[Identity, Order]) -> Finding:
    """What the tills were told is stored, is; and nothing else."""
    told = {(till.name, epoch, seq): order for till in tills for epoch, seq, order in till.stored}
    return Finding(
        "events in SQLite = events that tills were told are kept", len(told), len(stored), told == stored
    )


def ranking(name: str, orders: Sequence[Order], rows: list[dict[str, Any]]) -> Finding:
    """A ranking's rows equal brute force over the file."""
    truth: Counter[str] = Counter()
    for order in orders:
        truth[order.customer] += order.cents if name == "spend" else 1
    best = sorted(((-score, key) for key, score in truth.items() if score > 0))[: len(rows)]
    expected = [{"rank": n, "key": key, "score": -score} for n, (score, key) in enumerate(best, 1)]
    return Finding(f"ranking {name} = brute force over the file", len(best), len(rows), rows == expected)


def cloud(settings: Settings, data: Path) -> Finding:
    """What is read back from DynamoDB is what SQLite has: every event of every kind."""
    connection = sqlite3.connect(f"file:{data / 'boardwalk.db'}?mode=ro", uri=True)
    rows = connection.execute(
        "SELECT d.name, e.epoch, e.seq, k.name, e.at, e.fields FROM event e "
        "JOIN device d ON d.id = e.device JOIN kind k ON k.id = e.kind"
    ).fetchall()
    connection.close()
    here = {row[:3]: (row[3], row[4], msgpack.unpackb(row[5])) for row in rows}
    there = {
        (event.device, event.epoch, event.seq): (event.kind, event.at, event.fields)
        for event in read_events(settings)
    }
    return Finding("events in DynamoDB = events in SQLite", len(here), len(there), here == there)


def mails(
    every: int, stored: dict[Identity, Order], data: Path, accepted: Sequence[tuple[str, str]]
) -> list[Finding]:
    """Mail rows are the rule's matches, and SES accepted each exactly once."""
    placed: Counter[str] = Counter()
    due: dict[str, tuple[str, int]] = {}
    for (device, epoch, seq), order in stored.items():
        placed[order.customer] += 1
        if placed[order.customer] % every == 0:
            due[f"{device}/{epoch}/{seq}"] = (order.customer, placed[order.customer])
    connection = sqlite3.connect(f"file:{data / 'boardwalk.db'}?mode=ro", uri=True)
    rows = connection.execute("SELECT key, recipient, state FROM mail").fetchall()
    connection.close()
    written = Counter(key for key, _, _ in rows)
    sent = Counter((recipient, subject) for recipient, subject in accepted)
    wanted = Counter(
        (f"customer-{customer}@shop.example", f"Thank you for order number {number}")
        for customer, number in due.values()
    )
    return [
        Finding("mail rows = matches of the rule", len(due), len(rows), written == Counter(due.keys())),
        Finding("mails accepted by SES, each once", wanted.total(), sent.total(), sent == wanted),
    ]
