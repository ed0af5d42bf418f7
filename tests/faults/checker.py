"""One judge for every fault test: what must be true of a store, by records of others.

Fed by what each board's application sent and was told (its serial line), and by the acks that a
witness saw on the wire; it reads the store with plain SQLite, past the edge's own code.
"""

import sqlite3
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import msgpack

from tools.demo.replay import Order

Identity = tuple[str, int, int]
EARLIEST = 1_793_491_200_000  # 2026-11-01, ms: no board ran this protocol before


@dataclass
class Record:
    """What others say happened.

    sent: device to every order its application was given. told: (device, epoch, seq) to the order
    that the application was told is kept. acks: (device, epoch, acked) as they passed on the wire.
    early: acks that a witness saw before what they cover was in the store.
    """

    sent: dict[str, list[Order]] = field(default_factory=lambda: defaultdict(list))
    told: dict[Identity, Order] = field(default_factory=dict)
    acks: list[tuple[str, int, int]] = field(default_factory=list)
    early: list[str] = field(default_factory=list)
    rankings: dict[str, list[tuple[str, int]]] = field(default_factory=dict)
    every: int = 0


@dataclass
class Verdict:
    """Every breach, by promise; empty lists mean that all is well."""

    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    phantoms: list[str] = field(default_factory=list)
    gaps: list[str] = field(default_factory=list)
    acks: list[str] = field(default_factory=list)
    early: list[str] = field(default_factory=list)
    times: list[str] = field(default_factory=list)
    mails: list[str] = field(default_factory=list)
    chunks: list[str] = field(default_factory=list)
    rankings: list[str] = field(default_factory=list)
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
    boot: int
    at: int
    received_at: int
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
            "SELECT d.name, e.epoch, e.seq, k.name, c.name, e.boot, e.at, e.received_at, e.fields FROM event e "
            "JOIN device d ON d.id = e.device JOIN kind k ON k.id = e.kind "
            "LEFT JOIN customer c ON c.id = e.customer ORDER BY e.id"
        )
    ]
    rejects = set(connection.execute("SELECT source, epoch, seq FROM reject WHERE seq IS NOT NULL"))
    (integrity,) = connection.execute("PRAGMA integrity_check").fetchone()
    connection.close()
    return rows, rejects, integrity


def committed(path: Path, device: str, epoch: int) -> int:
    """How far a device's epoch is in the store, cursor and log, for a reader that comes now."""
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    found = connection.execute(
        "SELECT min(c.acked, (SELECT seq FROM event e WHERE e.device = c.device AND e.epoch = c.epoch "
        "ORDER BY id DESC LIMIT 1)) FROM cursor c JOIN device d ON d.id = c.device "
        "WHERE d.name = ? AND c.epoch = ?",
        (device, epoch),
    ).fetchone()
    connection.close()
    return int(found[0]) if found else 0


def judge(record: Record, path: Path) -> Verdict:
    """Compare the store with what others say."""
    rows, rejects, integrity = read(path)
    verdict = Verdict(early=record.early)
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
    _times(rows, verdict)
    _rankings(record.rankings, rows, verdict)
    if record.every:
        _mails(record.every, rows, path, verdict)
    _chunks(rows, path, verdict)
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


def _times(rows: Iterable[Row], verdict: Verdict) -> None:
    """Best times never fall within a boot, and are at most 2 s after the receipt.

    Where the edge's own clock was set back, both cannot hold: then the receipt is the bound. While that clock
    is behind the log by more than a minute, it bounds nothing.
    """
    latest: dict[tuple[str, int, int], int] = {}
    newest = 0
    for row in rows:
        boot = (row.device, row.epoch, row.boot)
        newest = max(newest, row.received_at)
        is_behind = row.received_at < newest - 60_000
        if (row.at > row.received_at + 2000 and not is_behind) or row.at < EARLIEST:
            verdict.times.append(f"{row.identity}: at {row.at}, received {row.received_at}")
        if row.at < min(latest.get(boot, 0), row.received_at):
            verdict.times.append(f"{row.identity}: at {row.at} after {latest[boot]} of the same boot")
        latest[boot] = row.at


def _rankings(told: dict[str, list[tuple[str, int]]], rows: Iterable[Row], verdict: Verdict) -> None:
    placed = [row.order for row in rows if row.kind == "order.placed"]
    for name, listed in told.items():
        truth: Counter[str] = Counter()
        for order in placed:
            truth[order.customer] += order.cents if name == "spend" else 1
        if sorted(listed) != sorted(truth.items()):
            wrong = sorted(set(listed) ^ set(truth.items()))[:4]
            verdict.rankings.append(f"{name}: told and counted differ in {wrong}")


def _mails(every: int, rows: Iterable[Row], path: Path, verdict: Verdict) -> None:
    placed: Counter[str | None] = Counter()
    due = Counter[str]()
    for row in rows:
        if row.kind == "order.placed":
            placed[row.customer] += 1
            due[f"{row.device}/{row.epoch}/{row.seq}"] += placed[row.customer] % every == 0
    connection = sqlite3.connect(path)
    written = Counter(key for (key,) in connection.execute("SELECT key FROM mail"))
    connection.close()
    for key in (due - written) + (written - due):
        verdict.mails.append(f"{key}: {written[key]} mails, {due[key]} due")


def _chunks(rows: Iterable[Row], path: Path, verdict: Verdict) -> None:
    """Every event up to the sealed one is in one device chunk, once, as it is in the log."""
    connection = sqlite3.connect(path)
    (through,) = connection.execute("SELECT through FROM sealed").fetchone()
    bodies = connection.execute("SELECT body FROM chunk WHERE pk LIKE 'D#%' AND body IS NOT NULL").fetchall()
    dropped = connection.execute("SELECT count(*) FROM chunk WHERE body IS NULL").fetchone()[0]
    (last,) = connection.execute("SELECT count(*) FROM event WHERE id <= ?", (through,)).fetchone()
    connection.close()
    packed = Counter(
        (event[0], event[1], event[2], event[3], event[5])
        for (body,) in bodies
        for event in msgpack.unpackb(zlib.decompress(body))
    )
    here = Counter((*row.identity, row.kind, row.at) for row in list(rows)[:last])
    if not dropped:
        for one in (packed - here) + (here - packed):
            verdict.chunks.append(f"{one}: {packed[one]} times in chunks, {here[one]} times in the log")
