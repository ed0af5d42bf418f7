"""The events of one commit, for listeners."""

from collections.abc import Sequence

import msgspec

from firmware.wire.event import QUALITIES
from server.folds.names import Names
from server.store.events import LogRow, Stored

_unpack = msgspec.msgpack.Decoder().decode


class Commit:
    """Rows of the log, made into events only when somebody asks. Never empty. newest: id of the last one."""

    def __init__(self, rows: Sequence[LogRow], names: Names) -> None:
        self._rows = rows
        self._names = names
        self.newest: int = rows[-1].id  # id of its last event

    def __len__(self) -> int:
        return len(self._rows)

    def events(self) -> list[Stored]:
        """All events, in log order."""
        return [self._stored(row) for row in self._rows]

    def latest(self, kinds: Sequence[str], most: int) -> list[Stored]:
        """At most `most` events of some kinds, the newest ones, in log order."""
        ids = {self._names.ids["kind"].get(kind) for kind in kinds}
        found = []
        for row in reversed(self._rows):
            if row.kind in ids:
                found.append(row)
                if len(found) == most:
                    break
        return [self._stored(row) for row in reversed(found)]

    def count(self, kind: str) -> int:
        """The number of its events of a kind."""
        number = self._names.ids["kind"].get(kind)
        return sum([row.kind == number for row in self._rows])

    def _stored(self, row: LogRow) -> Stored:
        names = self._names.names
        return Stored(
            row.id, names["device"][row.device], row.epoch, row.seq, names["kind"][row.kind],
            None if row.customer is None else names["customer"][row.customer], row.at, row.received_at,
            row.clock_at, QUALITIES[row.quality], row.boot, row.uptime_ms, _unpack(row.fields),
        )  # fmt: skip
