"""Frames of boards, go-back-N: only the gapless continuation of a cursor is committed.

An overlap is a duplicate, and a gap is answered with `want`.
"""

from firmware.wire import frame
from firmware.wire.errors import WireError
from server.folds.log_time import LogTime
from server.folds.names import Names
from server.ingest import decode
from server.ingest.accept import Accept, Origin
from server.ingest.arrival import AckDue, UpArrival
from server.ingest.batch import Batch
from server.ingest.best_time import best_time
from server.ingest.cursor import Cursor, Cursors
from server.store.rejects import MAX_KEPT_BYTES, Reject


class Frames:
    """Takes `up` messages into a batch, and changes nothing else."""

    def __init__(self, names: Names, cursors: Cursors, accept: Accept, time: LogTime) -> None:
        self._names = names
        self._time = time
        self._cursors = cursors
        self._accept = accept

    def take(self, batch: Batch, up: UpArrival) -> None:
        """Add what a message brings, and its answer."""
        device = self._names.ids["device"].get(up.device)
        if device is None or device not in self._names.senders:
            batch.rejects.append(reject(up, "unknown device"))
            return
        try:
            message = decode.up(up.payload)
        except WireError as error:
            epoch = self.epoch_of(device, up)
            acked = self._cursors.moving(batch.cursors, device, epoch).acked
            batch.rejects.append(reject(up, error.reason, epoch))
            batch.answer(AckDue(up.device, epoch, acked, None, error.reason))
            return
        cursor = self._cursors.moving(batch.cursors, device, message.epoch)
        if message.first > cursor.acked + 1:
            batch.answer(AckDue(up.device, message.epoch, cursor.acked, cursor.acked + 1))
            return
        origin = Origin(up.device, device, message.epoch, up.received_at)
        if isinstance(message, frame.Lost):
            self._lost(batch, up, message, origin, cursor)
        else:
            self._records(batch, up, message, origin, cursor)
        batch.answer(AckDue(up.device, message.epoch, cursor.acked))

    def epoch_of(self, device: int, up: UpArrival) -> int:
        """The epoch that a frame names, else the newest that its board has used."""
        return decode.epoch(up.payload) or self._cursors.newest_epoch(device)

    def _records(
        self, batch: Batch, up: UpArrival, message: frame.Up, origin: Origin, cursor: Cursor
    ) -> None:
        overlap = cursor.acked + 1 - message.first
        for seq, record in enumerate(message.records[:overlap], message.first):
            if not cursor.knows(seq, record):
                batch.rejects.append(reject(up, "conflict", message.epoch, seq, record))
                batch.conflicts.add(origin.number)
        new = message.records[overlap:] if overlap else message.records
        if not new:
            return
        batch.cursors[(origin.number, message.epoch)] = cursor
        first, sent = cursor.acked + 1, (message.boot, message.uptime_ms)
        now = self._time.judge(up.received_at)
        cursor.step(new)
        for seq, record in enumerate(new, first):
            try:
                event = decode.record(record)
                at = best_time(event, sent, now, cursor)
                self._accept.event(batch, event, origin, seq, at)
            except WireError as error:
                batch.rejects.append(reject(up, str(error), message.epoch, seq, record))
                continue
            cursor.boot, cursor.uptime_ms, cursor.at = event.boot, event.uptime_ms, at

    def _lost(self, batch: Batch, up: UpArrival, lost: frame.Lost, origin: Origin, cursor: Cursor) -> None:
        if lost.last <= cursor.acked:
            return
        first = cursor.acked + 1
        fields: dict[str, object] = {"from": first, "to": lost.last, "reason": lost.reason}
        event = decode.Taken(decode.LOST, fields, cursor.boot, cursor.uptime_ms, 0, 0)
        # The time of the previous event: the next ones may be hours old, and must come after this one.
        at = min(cursor.at or origin.received_at, origin.received_at)
        self._accept.event(batch, event, origin, first, at)
        if lost.payload is not None:
            batch.rejects.append(reject(up, "refused", lost.epoch, lost.last, lost.payload))
        cursor.jump(lost.last)
        batch.cursors[(origin.number, lost.epoch)] = cursor


def reject(
    up: UpArrival, reason: str, epoch: int | None = None, seq: int | None = None, record: bytes | None = None
) -> Reject:
    """The reject of a whole message, or of one record of it."""
    payload = up.payload if record is None else record
    return Reject(up.device, epoch, seq, reason, payload[:MAX_KEPT_BYTES], up.received_at)
