"""Takes arrivals into one transaction, and its result into memory after the commit.

`work` runs on the writer's thread and changes nothing but its Batch; `adopt` runs on the event loop
after COMMIT returned.
"""

from collections.abc import Sequence

from server.folds.entrances import Entrances
from server.folds.folds import Folds
from server.folds.log_time import LogTime
from server.folds.names import Fresh, Names
from server.ingest import foreign
from server.ingest.accept import Accept
from server.ingest.arrival import AckDue, Arrival, UpArrival
from server.ingest.batch import Batch
from server.ingest.cursor import Cursor, Cursors
from server.ingest.frames import Frames, reject
from server.ingest.postings import Postings
from server.rules.evaluate import Evaluator
from server.store import cursors, devices, events, generation, idempotency, mail, rejects
from server.store.connection import Connection
from server.store.cursors import CursorRow
from server.store.rejects import MAX_KEPT_BYTES, Reject
from server.store.repeated_ids import RepeatedIds

INTERNAL = "internal error"


class Intake:
    """Holds the committed names, cursors and folds.

    epoch: the one under which the edge numbers events of foreign clients; new with each generation.
    """

    def __init__(
        self, names: Names, folds: Folds, evaluator: Evaluator, entrances: Entrances, epoch: int
    ) -> None:
        self.names = names
        self.folds = folds
        self.cursors = Cursors(epoch)
        self._seen = RepeatedIds()
        self._entrances = entrances
        accept = Accept(folds, evaluator, entrances)
        self.time = LogTime()
        self._frames = Frames(names, self.cursors, accept, self.time)
        self._postings = Postings(names, self.cursors, accept, self._seen, self.time)
        self._held_before = 0

    def load(self, connection: Connection) -> None:
        """Read the cursors of the store, and the time that its log proves."""
        self.time.saw(events.latest_received_at(connection))
        self._held_before = generation.restored_at(connection)
        self._seen.load(connection)
        for row in cursors.everything(connection):
            self.cursors.update({(row.device, row.epoch): Cursor(*row[2:])})

    def work(self, connection: Connection, arrivals: Sequence[Arrival]) -> Batch:
        """Take arrivals in, inside a transaction; nothing of this object changes."""
        now = arrivals[0].received_at
        batch = Batch(Fresh(self.names, connection, now), events.newest_id(connection) + 1, now)
        for arrival in arrivals:
            if isinstance(arrival, UpArrival):
                self._frames.take(batch, arrival)
            else:
                self._postings.take(connection, batch, arrival)
        self._write(connection, batch)
        return batch

    def adopt(self, batch: Batch) -> None:
        """Take over a committed batch."""
        batch.fresh.adopt()
        if batch.change is not None:
            self._seen.adopt(batch.seen, batch.change)
        self.cursors.update(batch.cursors)
        if batch.rows:
            self.time.saw(batch.rows[-1].received_at)
        self.folds.adopt(batch.scores, batch.totals, batch.counts, batch.next_id - 1)
        if batch.entering is not None:
            self._entrances.adopt(batch.entering)

    def committed(self, up: UpArrival, err: str | None = None) -> AckDue:
        """The answer with what is committed of a frame's epoch. err: what was wrong, else None."""
        device = self.names.ids["device"].get(up.device, 0)
        epoch = self._frames.epoch_of(device, up)
        return AckDue(up.device, epoch, self.cursors.acked(device, epoch), None, err)

    def acked(self, device: str, epoch: int) -> AckDue:
        """The answer for a board that has just come online."""
        acked = self.cursors.acked(self.names.ids["device"].get(device, 0), epoch)
        return AckDue(device, epoch, acked, acked + 1)

    def broken(self, arrival: Arrival) -> Reject:
        """The reject of an arrival that shows a fault of ours, for the makers of Boardwalk."""
        if isinstance(arrival, UpArrival):
            return reject(arrival, INTERNAL)
        payload = foreign.shown(arrival.objects)[:MAX_KEPT_BYTES]
        return Reject(arrival.source, None, None, INTERNAL, payload, arrival.received_at)

    def _write(self, connection: Connection, batch: Batch) -> None:
        events.append(connection, batch.rows)
        moved = [
            CursorRow(device, epoch, c.acked, c.crcs, c.boot, c.uptime_ms, c.at)
            for (device, epoch), c in batch.cursors.items()
        ]
        cursors.save(connection, moved)
        if batch.matches:
            mail.insert(connection, batch.matches, batch.now, self._held_before)
        if batch.seen:
            batch.change = self._seen.remember(connection, batch.seen, batch.now)
        if batch.kept:
            idempotency.keep(connection, batch.kept.values(), batch.now)
        if batch.rejects:
            rejects.insert(connection, batch.rejects)
        if batch.conflicts:
            devices.mark_conflicts(connection, batch.conflicts, batch.now)
