"""The last gapless committed seq of a device's epoch, and what a frame does to it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from zlib import crc32

CHECKED = 64  # events whose CRC32 a cursor remembers


@dataclass(slots=True)
class Cursor:
    """acked: the last committed seq, 0 for none. crcs: CRC32 of the latest events, 4 bytes each,
    newest last. boot, uptime_ms, at: of the newest event; at is its best known time."""

    acked: int = 0
    crcs: bytes = b""
    boot: int = 0
    uptime_ms: int = 0
    at: int = 0

    def copy(self) -> "Cursor":
        """A cursor that may be moved without moving this one."""
        return replace(self)

    def knows(self, seq: int, record: bytes) -> bool:
        """False when `seq` was committed with other bytes than `record`; True when unknown."""
        back = (self.acked - seq + 1) * 4
        if not 0 < back <= len(self.crcs):
            return True
        start = len(self.crcs) - back
        return self.crcs[start : start + 4] == crc32(record).to_bytes(4, "big")

    def step(self, records: Sequence[bytes]) -> None:
        """Move over the next events."""
        self.acked += len(records)
        crcs = b"".join([crc32(record).to_bytes(4, "big") for record in records])
        self.crcs = (self.crcs + crcs)[-4 * CHECKED :]

    def jump(self, last: int) -> None:
        """Move over events that will never come."""
        self.acked = last
        self.crcs = b""
