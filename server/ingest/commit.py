"""The events of one commit, for those who listen."""

from collections.abc import Sequence
from typing import Any

import msgspec

from firmware.wire.event import QUALITIES
from server.folds.names import Names
from server.store.events import Stored

_unpack = msgspec.msgpack.Decoder().decode


class Commit:
    """Rows of the log, made into events only for who looks. Never empty."""

    def __init__(self, rows: Sequence[tuple[Any, ...]], names: Names) -> None:
        self._rows = rows
        self._names = names
        self.newest: int = rows[-1][0]  # the id of its last event

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
            if row[4] in ids:
                found.append(row)
                if len(found) == most:
                    break
        return [self._stored(row) for row in reversed(found)]

    def count(self, kind: str) -> int:
        """How many events of a kind."""
        number = self._names.ids["kind"].get(kind)
        return sum([row[4] == number for row in self._rows])

    def _stored(self, row: tuple[Any, ...]) -> Stored:
        id_, device, epoch, seq, kind, customer, at, received_at, clock_at, quality, boot, up_ms, fields = row
        names = self._names.names
        who = names["customer"][customer] if customer is not None else None
        return Stored(
            id_, names["device"][device], epoch, seq, names["kind"][kind], who, at, received_at,
            clock_at, QUALITIES[quality], boot, up_ms, _unpack(fields),
        )  # fmt: skip
