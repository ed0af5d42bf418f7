"""The last gapless committed seq of a device's epoch, and how a frame moves it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from struct import pack
from zlib import crc32

CHECKED = 64  # events whose CRC32 a cursor remembers


@dataclass(slots=True)
class Cursor:
    """How far the events of one device and epoch are committed.

    acked: the last committed seq, 0 for none. crcs: CRC32 of the latest events, 4 bytes each, newest last.
    boot, uptime_ms, at: of the newest event; at is its best known time, ms since 1970 UTC.
    """

    acked: int = 0
    crcs: bytes = b""
    boot: int = 0
    uptime_ms: int = 0
    at: int = 0

    def copy(self) -> "Cursor":
        """An equal cursor that may be moved without moving this one."""
        return Cursor(self.acked, self.crcs, self.boot, self.uptime_ms, self.at)

    def knows(self, seq: int, record: bytes) -> bool:
        """False when `seq` was committed with other bytes than `record`; True also when that is unknown."""
        back = (self.acked - seq + 1) * 4
        if not 0 < back <= len(self.crcs):
            return True
        start = len(self.crcs) - back
        return self.crcs[start : start + 4] == crc32(record).to_bytes(4, "big")

    def step(self, records: Sequence[bytes]) -> None:
        """Move over the next events."""
        self.acked += len(records)
        crcs = pack(f">{len(records)}I", *map(crc32, records))
        self.crcs = (self.crcs + crcs)[-4 * CHECKED :]

    def jump(self, last: int) -> None:
        """Move over events that will never come."""
        self.acked = last
        self.crcs = b""


class Cursors:
    """The committed cursors, by (device, epoch).

    own_epoch: the one under which the edge numbers events of foreign clients; no board uses it.
    """

    def __init__(self, own_epoch: int) -> None:
        self.own_epoch = own_epoch
        self._committed: dict[tuple[int, int], Cursor] = {}
        self._newest: dict[int, int] = {}

    def update(self, moved: Mapping[tuple[int, int], Cursor]) -> None:
        """Take over what was committed."""
        self._committed.update(moved)
        for device, epoch in moved:
            if epoch != self.own_epoch:
                self._newest[device] = epoch

    def moving(self, moved: Mapping[tuple[int, int], Cursor], device: int, epoch: int) -> Cursor:
        """The cursor that a batch has `moved` already, else a copy of the committed one."""
        key = (device, epoch)
        if key in moved:
            return moved[key]
        return self._committed[key].copy() if key in self._committed else Cursor()

    def acked(self, device: int, epoch: int) -> int:
        """The last committed seq, 0 for none."""
        found = self._committed.get((device, epoch))
        return 0 if found is None else found.acked

    def newest_epoch(self, device: int) -> int:
        """The epoch that a board used last, 0 for none."""
        return self._newest.get(device, 0)
