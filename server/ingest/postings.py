"""Events of the `json` shape: numbered by the edge, and recognised by their id when they come again."""

from firmware.wire.errors import WireError
from firmware.wire.topics import is_name
from server.folds.log_time import LogTime
from server.folds.names import Names
from server.ingest import foreign, repeats
from server.ingest.accept import Accept, Origin
from server.ingest.arrival import Outcome, Posting, Undecoded
from server.ingest.batch import Batch
from server.ingest.cursor import Cursors
from server.store import repeated_ids
from server.store.connection import Connection
from server.store.rejects import MAX_KEPT_BYTES, Reject
from server.store.repeated_ids import RepeatedIds

MAX_SOURCE = 64  # characters that are kept of a wrong device name


class Postings:
    """Takes postings into a batch, and changes nothing else."""

    def __init__(
        self, names: Names, cursors: Cursors, accept: Accept, marks: RepeatedIds, time: LogTime
    ) -> None:
        self._names = names
        self._time = time
        self._cursors = cursors
        self._accept = accept
        self._marks = marks

    def take(self, connection: Connection, batch: Batch, posting: Posting) -> None:
        """Add a posting's events, and its outcome for the sender."""
        posted = Outcome()
        batch.posted.append((posting, posted))
        known = self._names.ids["device"].get(posting.source)
        if not posting.trusted and known not in self._names.senders:
            reason = "unknown device" if is_name(posting.source) else "a topic that names no device"
            _refuse(batch, posting, posted, 0, reason)
            return
        if not repeats.recall(connection, batch, posting, posted):
            self._objects(connection, batch, posting, posted)
            repeats.keep(batch, posting, posted)

    def _objects(self, connection: Connection, batch: Batch, posting: Posting, posted: Outcome) -> None:
        own = self._cursors.own_epoch
        device = batch.fresh.id("device", posting.source)
        now = self._time.judge(posting.received_at)
        origin = Origin(posting.source, device, own, posting.received_at)
        cursor = self._cursors.moving(batch.cursors, device, own)
        for index, body in enumerate(posting.objects):
            try:
                if isinstance(body, Undecoded):
                    raise WireError(body.reason)
                told = foreign.take(body, now)
                mark = repeated_ids.mark(device, told.id) if told.id is not None else None
                if mark is not None and self._is_known(connection, batch, mark):
                    posted.duplicate += 1
                    continue
                self._accept.event(batch, told.taken, origin, cursor.acked + 1, told.at)
            except WireError as error:
                _refuse(batch, posting, posted, index, str(error))
                continue
            cursor.acked += 1
            batch.cursors[(device, own)] = cursor
            posted.accepted += 1
            for note in told.notes:
                posted.notes.append((index, note))
                _keep(batch, posting, index, note)
            if mark is not None:
                batch.seen[mark] = None

    def _is_known(self, connection: Connection, batch: Batch, mark: bytes) -> bool:
        return mark in batch.seen or self._marks.known(connection, mark, batch.now)


def _refuse(batch: Batch, posting: Posting, posted: Outcome, index: int, reason: str) -> None:
    posted.rejected.append((index, reason))
    _keep(batch, posting, index, reason)


def _keep(batch: Batch, posting: Posting, index: int, reason: str) -> None:
    body = posting.objects[index] if posting.objects else None
    payload = body.payload if isinstance(body, Undecoded) else foreign.shown(body)
    source, payload = posting.source[:MAX_SOURCE], payload[:MAX_KEPT_BYTES]
    batch.rejects.append(Reject(source, None, None, reason, payload, posting.received_at))
