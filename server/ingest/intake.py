"""Arrivals to one transaction: log rows, cursors, mails, rejects.

Go-back-N: only the gapless continuation of a cursor is committed, an overlap is a duplicate, a gap
is answered with `want`. `work` runs on the writer's thread and changes nothing but its Batch;
`adopt` runs on the event loop after COMMIT returned.
"""

import sqlite3
from collections.abc import Sequence

import msgspec

from firmware.wire import frame
from firmware.wire.errors import WireError
from firmware.wire.event import QUALITIES, Event
from firmware.wire.topics import is_name
from server.ingest import decode, repeats, seen
from server.ingest.arrival import Answer, Arrival, Posted, Posting, Undecoded, Up
from server.ingest.batch import Batch
from server.ingest.best_time import best_time
from server.ingest.cursor import Cursor
from server.ingest.folds import Folds
from server.ingest.names import Fresh, Names
from server.ingest.seen import Seen
from server.rankings.ranking import NotWhole
from server.rules.evaluate import Evaluator, Occurrence
from server.store import answers, cursors, events, generation, mail, rejects
from server.store.events import Stored

INTERNAL = "internal error"
MAX_SOURCE = 64  # characters kept of what stands where a device should be named

_pack = msgspec.msgpack.Encoder().encode


class Intake:
    """Holds what is committed of names, cursors and folds.

    epoch: under which the edge numbers events of foreign clients; new with each generation.
    """

    def __init__(self, names: Names, folds: Folds, evaluator: Evaluator, epoch: int) -> None:
        self.names = names
        self.folds = folds
        self.cursors: dict[tuple[int, int], Cursor] = {}
        self.newest_epoch: dict[int, int] = {}
        self._evaluator = evaluator
        self._epoch = epoch
        self._seen = Seen()
        self._held_before = 0

    def load(self, connection: sqlite3.Connection) -> None:
        """Read the cursors of the store."""
        self._held_before = generation.restored_at(connection)
        self._seen.load(connection)
        for device, epoch, *rest in cursors.all_rows(connection):
            self._moved(device, epoch, Cursor(*rest))

    def work(self, connection: sqlite3.Connection, arrivals: Sequence[Arrival]) -> Batch:
        """Take arrivals in, inside a transaction; nothing of this object changes."""
        now = arrivals[0].received_at
        batch = Batch(Fresh(self.names, connection, now), events.newest_id(connection) + 1, now)
        for arrival in arrivals:
            if isinstance(arrival, Up):
                self._up(batch, arrival)
            else:
                self._posting(connection, batch, arrival)
        self._write(connection, batch, now)
        return batch

    def adopt(self, batch: Batch) -> None:
        """Take over a committed batch."""
        batch.fresh.adopt()
        if batch.change is not None:
            self._seen.adopt(batch.seen, batch.change)
        for (device, epoch), cursor in batch.cursors.items():
            self._moved(device, epoch, cursor)
        self.folds.apply(batch.entries)
        kinds = self.names.ids["kind"]
        for event in batch.stored:
            self.folds.total(event.at, kinds[event.kind], event.fields.get("cents"))
        self.folds.count(batch.counts)
        self.folds.through = batch.next_id - 1

    def committed(self, up: Up, err: str | None = None) -> Answer:
        """What is committed of the epoch that a frame is of."""
        device = self.names.ids["device"].get(up.device, 0)
        epoch = self._epoch_of(device, up)
        return Answer(up.device, epoch, self.cursors.get((device, epoch), Cursor()).acked, None, err)

    def acked(self, device: str, epoch: int) -> Answer:
        """The answer for a board that has just come online."""
        number = self.names.ids["device"].get(device, 0)
        cursor = self.cursors.get((number, epoch), Cursor())
        return Answer(device, epoch, cursor.acked, cursor.acked + 1)

    def broken(self, arrival: Arrival) -> tuple[object, ...]:
        """The reject of an arrival that we have a fault with; for the makers of Boardwalk."""
        if isinstance(arrival, Up):
            return _reject(arrival.device, None, None, INTERNAL, arrival)
        payload = decode.shown(arrival.objects)[: rejects.MAX_KEPT_BYTES]
        return (arrival.source, None, None, INTERNAL, payload, arrival.received_at)

    def _up(self, batch: Batch, up: Up) -> None:
        device = self.names.ids["device"].get(up.device)
        if device is None or device not in self.names.senders:
            batch.rejects.append(_reject(up.device, None, None, "unknown device", up))
            return
        try:
            message = decode.up(up.payload)
        except WireError as error:
            epoch = self._epoch_of(device, up)
            acked = self._cursor(batch, device, epoch).acked
            batch.rejects.append(_reject(up.device, epoch, None, error.reason, up))
            batch.answer(Answer(up.device, epoch, acked, None, error.reason))
            return
        cursor = self._cursor(batch, device, message.epoch)
        if message.first > cursor.acked + 1:
            batch.answer(Answer(up.device, message.epoch, cursor.acked, cursor.acked + 1))
            return
        if isinstance(message, frame.Lost):
            self._lost(batch, up, message, cursor)
        else:
            self._records(batch, up, message, cursor)
        batch.answer(Answer(up.device, message.epoch, cursor.acked))

    def _records(self, batch: Batch, up: Up, message: frame.Up, cursor: Cursor) -> None:
        device = self.names.ids["device"][up.device]
        overlap = cursor.acked + 1 - message.first
        for seq, record in enumerate(message.records[:overlap], message.first):
            if not cursor.knows(seq, record):
                batch.rejects.append(_reject(up.device, message.epoch, seq, "conflict", up, record))
                batch.conflicts.add(device)
        if overlap < len(message.records):
            batch.cursors[(device, message.epoch)] = cursor
        new = message.records[overlap:]
        seqs = range(cursor.acked + 1, cursor.acked + 1 + len(new))
        cursor.step(new)
        for seq, record in zip(seqs, new, strict=True):
            try:
                event = decode.record(record)
                sent = (message.boot, message.uptime_ms)
                at = best_time(event, sent, up.received_at, cursor)
                self._event(batch, event, (up.device, message.epoch, seq), (at, up.received_at))
            except (WireError, NotWhole) as error:
                reason = str(error)
                batch.rejects.append(_reject(up.device, message.epoch, seq, reason, up, record))
                continue
            cursor.boot, cursor.uptime_ms, cursor.at = event.boot, event.uptime_ms, at

    def _lost(self, batch: Batch, up: Up, lost: frame.Lost, cursor: Cursor) -> None:
        if lost.last <= cursor.acked:
            return
        device = self.names.ids["device"][up.device]
        first = cursor.acked + 1
        fields: dict[str, object] = {"from": first, "to": lost.last, "reason": lost.reason}
        event = Event(decode.LOST, fields, cursor.boot, cursor.uptime_ms, 0, 0)
        identity = (up.device, lost.epoch, first)
        try:
            self._event(batch, event, identity, (up.received_at, up.received_at))
        except NotWhole as error:
            batch.rejects.append(_reject(up.device, lost.epoch, first, str(error), up))
        if lost.payload is not None:
            batch.rejects.append(_reject(up.device, lost.epoch, lost.last, "refused", up, lost.payload))
        cursor.jump(lost.last)
        batch.cursors[(device, lost.epoch)] = cursor

    def _posting(self, connection: sqlite3.Connection, batch: Batch, posting: Posting) -> None:
        posted = Posted()
        batch.posted.append((posting, posted))
        known = self.names.ids["device"].get(posting.source)
        if not posting.trusted and known not in self.names.senders:
            reason = "unknown device" if is_name(posting.source) else "a topic that names no device"
            self._refuse(batch, posting, posted, (0, reason))
            return
        if not repeats.recall(connection, batch, posting, posted):
            self._objects(connection, batch, posting, posted)
            repeats.keep(batch, posting, posted)

    def _objects(
        self, connection: sqlite3.Connection, batch: Batch, posting: Posting, posted: Posted
    ) -> None:
        device = batch.fresh.id("device", posting.source)
        for index, body in enumerate(posting.objects):
            try:
                if isinstance(body, Undecoded):
                    raise WireError(body.reason)
                event, name = decode.foreign(body, posting.received_at)
                mark = seen.mark(device, name) if name is not None else None
                if mark is not None and self._is_known(connection, batch, mark):
                    posted.duplicate += 1
                    continue
                cursor = self._cursor(batch, device, self._epoch)
                identity = (posting.source, self._epoch, cursor.acked + 1)
                self._event(batch, event, identity, (event.at, posting.received_at))
            except (WireError, NotWhole) as error:
                self._refuse(batch, posting, posted, (index, str(error)))
                continue
            cursor.acked += 1
            batch.cursors[(device, self._epoch)] = cursor
            posted.accepted += 1
            if mark is not None:
                batch.seen[mark] = None

    def _is_known(self, connection: sqlite3.Connection, batch: Batch, mark: bytes) -> bool:
        return mark in batch.seen or self._seen.known(connection, mark, batch.now)

    def _refuse(self, batch: Batch, posting: Posting, posted: Posted, why: tuple[int, str]) -> None:
        index, reason = why
        posted.rejected.append(why)
        body = posting.objects[index] if posting.objects else None
        payload = body.payload if isinstance(body, Undecoded) else decode.shown(body)
        source, payload = posting.source[:MAX_SOURCE], payload[: rejects.MAX_KEPT_BYTES]
        batch.rejects.append((source, None, None, reason, payload, posting.received_at))

    def _event(
        self, batch: Batch, event: Event, identity: tuple[str, int, int], times: tuple[int, int]
    ) -> None:
        """Add one accepted event to the batch. times: best known, received. Raises NotWhole."""
        device, epoch, seq = identity
        at, received_at = times
        fresh, customer = batch.fresh, event.fields.pop("customer", None)
        name = customer if isinstance(customer, str) else None
        ranked = {**event.fields, "customer": name, "device": device}
        entries = self.folds.entries(event.kind, at, ranked, fresh.id)
        number = fresh.id("customer", name) if name is not None else None
        device_id, kind = fresh.id("device", device), fresh.id("kind", event.kind)
        packed = _pack(event.fields)
        batch.rows.append(
            (batch.next_id, device_id, epoch, seq, kind, number, at, received_at, event.at,
             event.quality, event.boot, event.uptime_ms, packed)
        )  # fmt: skip
        batch.stored.append(
            Stored(batch.next_id, device, epoch, seq, event.kind, name, at, received_at, event.at,
                   QUALITIES[event.quality], event.boot, event.uptime_ms, event.fields)
        )  # fmt: skip
        batch.entries += entries
        batch.next_id += 1
        email = fresh.email(number, event.fields.get("email")) if number is not None else None
        if self._evaluator.wants(event.kind):
            occurrence = Occurrence(
                f"{device}/{epoch}/{seq}", event.kind, device, number or 0, name, email, at,
                received_at, event.fields,
            )  # fmt: skip
            batch.matches += self._evaluator.evaluate(occurrence, self.folds.counts, batch.counts)

    def _moved(self, device: int, epoch: int, cursor: Cursor) -> None:
        self.cursors[(device, epoch)] = cursor
        if epoch != self._epoch:
            self.newest_epoch[device] = epoch

    def _epoch_of(self, device: int, up: Up) -> int:
        """The epoch that a frame names, else the newest that its board has used."""
        return decode.epoch(up.payload) or self.newest_epoch.get(device, 0)

    def _cursor(self, batch: Batch, device: int, epoch: int) -> Cursor:
        key = (device, epoch)
        found = batch.cursors.get(key)
        return found if found is not None else self.cursors.get(key, Cursor()).copy()

    def _write(self, connection: sqlite3.Connection, batch: Batch, now: int) -> None:
        cursors.append(connection, batch.rows)
        cursors.save(
            connection,
            [
                (device, epoch, c.acked, c.crcs, c.boot, c.uptime_ms, c.at)
                for (device, epoch), c in batch.cursors.items()
            ],
        )
        if batch.matches:
            mail.insert(connection, batch.matches, now, self._held_before)
        if batch.seen:
            batch.change = self._seen.remember(connection, batch.seen, now)
        if batch.kept:
            answers.keep(connection, batch.kept.values(), now)
        if batch.rejects:
            rejects.insert(connection, batch.rejects)
        if batch.conflicts:
            connection.executemany(
                "UPDATE device SET conflict_at = ? WHERE id = ?",
                [(now, device) for device in batch.conflicts],
            )


def _reject(
    source: str,
    epoch: int | None,
    seq: int | None,
    reason: str,
    up: Up,
    record: bytes | None = None,
) -> tuple[object, ...]:
    payload = up.payload if record is None else record
    return (source, epoch, seq, reason, payload[: rejects.MAX_KEPT_BYTES], up.received_at)
