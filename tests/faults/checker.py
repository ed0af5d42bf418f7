"""One judge for every fault test: what must be true of a store, by records of others.

Fed by what each board's application sent and was told (its serial line), and by the acks that a
witness saw on the wire; it reads the store with plain SQLite, past the edge's own code.
"""

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import msgpack

from tools.replay import Order

Identity = tuple[str, int, int]


@dataclass
class Record:
    """What others say happened.

    sent: device to every order its application was given. told: (device, epoch, seq) to the order
    that the application was told is kept. acks: (device, epoch, acked) as they passed on the wire.
    """

    sent: dict[str, list[Order]] = field(default_factory=lambda: defaultdict(list))
    told: dict[Identity, Order] = field(default_factory=dict)
    acks: list[tuple[str, int, int]] = field(default_factory=list)


@dataclass
class Verdict:
    """Every breach, by promise; empty lists mean that all is well."""

    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    phantoms: list[str] = field(default_factory=list)
    gaps: list[str] = field(default_factory=list)
    acks: list[str] = field(default_factory=list)
    integrity: list[str] = field(default_factory=list)

    def breaches(self) -> dict[str, list[str]]:
        """The promises that were broken, each with at most ten examples."""
        return {name: found[:10] for name, found in vars(self).items() if found}


@dataclass(frozen=True)
class Row:
    """A row of the log."""

    device: str
    epoch: int
    seq: int
    kind: str
    customer: str | None
    fields: dict[str, object]

    @property
    def identity(self) -> Identity:
        """What names the event."""
        return (self.device, self.epoch, self.seq)

    @property
    def order(self) -> Order:
        """The order in it."""
        told = self.fields
        return Order(
            str(self.customer), str(told["ordered_on"]), int(str(told["quantity"])), int(str(told["cents"]))
        )


def read(path: Path) -> tuple[list[Row], set[Identity], str]:
    """The log, the identities of rejects, and what `PRAGMA integrity_check` says."""
    connection = sqlite3.connect(path)
    rows = [
        Row(*start, msgpack.unpackb(packed))
        for *start, packed in connection.execute(
            "SELECT d.name, e.epoch, e.seq, k.name, c.name, e.fields FROM event e "
            "JOIN device d ON d.id = e.device JOIN kind k ON k.id = e.kind "
            "LEFT JOIN customer c ON c.id = e.customer ORDER BY e.id"
        )
    ]
    rejects = set(connection.execute("SELECT source, epoch, seq FROM reject WHERE seq IS NOT NULL"))
    (integrity,) = connection.execute("PRAGMA integrity_check").fetchone()
    connection.close()
    return rows, rejects, integrity


def judge(record: Record, path: Path) -> Verdict:
    """Compare the store with what others say."""
    rows, rejects, integrity = read(path)
    verdict = Verdict()
    if integrity != "ok":
        verdict.integrity.append(integrity)
    by_identity = {row.identity: row for row in rows}
    for identity, count in Counter(row.identity for row in rows).items():
        if count > 1:
            verdict.doubled.append(f"{identity} is stored {count} times")
    _told(record, by_identity, verdict)
    _sent(record, rows, verdict)
    covered = _covered(rows, rejects)
    _contiguous(covered, verdict)
    _acked(record.acks, covered, verdict)
    return verdict


def _told(record: Record, rows: dict[Identity, Row], verdict: Verdict) -> None:
    for identity, order in record.told.items():
        row = rows.get(identity)
        if row is None:
            verdict.lost.append(f"{identity}: the till was told that {order} is kept")
        elif row.order != order:
            verdict.phantoms.append(f"{identity}: stored {row.order}, told {order}")


def _sent(record: Record, rows: Iterable[Row], verdict: Verdict) -> None:
    sent = {device: Counter(orders) for device, orders in record.sent.items()}
    for row in rows:
        if row.kind != "order.placed":
            continue
        left = sent.get(row.device, Counter())
        if left[row.order] < 1:
            verdict.phantoms.append(f"{row.identity}: {row.order} was never sent, or stored before")
        left[row.order] -= 1


def _covered(rows: Iterable[Row], rejects: Iterable[Identity]) -> dict[tuple[str, int], set[int]]:
    covered: dict[tuple[str, int], set[int]] = defaultdict(set)
    for row in rows:
        last = int(str(row.fields["to"])) if row.kind == "device.lost" else row.seq
        covered[(row.device, row.epoch)].update(range(row.seq, last + 1))
    for device, epoch, seq in rejects:
        covered[(device, epoch)].add(seq)
    return covered


def _contiguous(covered: dict[tuple[str, int], set[int]], verdict: Verdict) -> None:
    for (device, epoch), seqs in covered.items():
        missing = set(range(1, max(seqs) + 1)) - seqs
        if missing:
            verdict.gaps.append(f"{device}/{epoch}: {sorted(missing)[:5]} of {max(seqs)} are missing")


def _acked(
    acks: Iterable[tuple[str, int, int]], covered: dict[tuple[str, int], set[int]], verdict: Verdict
) -> None:
    highest: dict[tuple[str, int], int] = defaultdict(int)
    for device, epoch, acked in acks:
        if acked < highest[(device, epoch)]:
            verdict.acks.append(f"{device}/{epoch}: acked {acked} after {highest[(device, epoch)]}")
        highest[(device, epoch)] = max(highest[(device, epoch)], acked)
    for key, acked in highest.items():
        missing = set(range(1, acked + 1)) - covered.get(key, set())
        if missing:
            verdict.lost.append(f"{key}: acked up to {acked}, but {sorted(missing)[:5]} are not stored")
