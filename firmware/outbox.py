"""The bounded flash log of events that the edge has not acked yet.

A new record waits in RAM for its flush: by the caller's wish, by the 8th record, or by `tick`.
Only a flushed (`durable`) event may be published, so a number is never sent twice for two events. Acked
segments stay until their room is needed, because an edge that was restored asks for them again.

When the flash does not write, records that wait are tried again, and `add` refuses more.
"""

import binascii
import struct

from firmware import segment
from firmware.segments import TRIMMED, Segments

FOLDER = "outbox"
CURSOR = FOLDER + "/cursor"
CURSOR_FORM = "<IQI"  # epoch, acked, crc32 of both
CURSOR_BYTES = 16
FLUSH_RECORDS = 8
FLUSH_BYTES = 2048
FLUSH_AFTER_MS = 1750  # with a tick each 250 ms: durable within 2 s, while flushes are at least
FLUSH_EVERY_MS = 10_000  # this far apart, but for a few: each costs an erase, and flash wears out
FEW_MS = 3 * FLUSH_EVERY_MS
SAVE_AFTER_EVENTS = 256
SAVE_AFTER_MS = 10_000
VOLATILE_PERCENT = 75  # above this, events that may be missed are refused, to keep room for the others


class Outbox:
    """Events by seq, from 1 and strictly rising for the life of the epoch.

    epoch: random 32 bits, not 0. acked: the seq up to which the edge has everything. last: the latest
    seq given out. durable: the latest one that is on flash. refused: how many records `add` refused.
    flushed: called without arguments after each flush that made something durable.
    """

    def __init__(self, board, budget_bytes: int):
        self._board = board
        self._flash = board.flash
        self._most = budget_bytes // segment.LIMIT
        self._pending = []  # (seq, packed bytes) of records not yet flushed
        self._pending_bytes = 0
        self._flush_at = 0
        self._quick_at = board.uptime_ms() - FEW_MS  # before then, only a full or critical batch is flushed
        self.refused = 0
        self.is_refusing = False  # whether the latest `add` found no room
        self.flushed = None
        self._open()

    def _open(self) -> None:
        self.epoch, self.acked = self._read_cursor()
        found = [segment.parse_name(name) for name in self._flash.names(FOLDER)]
        found = sorted(each for each in found if each)
        if not self.epoch and found:
            self.epoch = found[-1][0]  # the cursor is damaged; the edge's ack will tell what it has
        is_new = not self.epoch
        if is_new:
            self.epoch = self._board.random() or 1
        self.segments = Segments(self._flash, FOLDER, self.epoch)
        firsts = [first for epoch, first in found if epoch == self.epoch]
        self.last = self.durable = self.segments.open(firsts, self.acked)
        self._saved_acked = self.acked
        self._saved_at = self._board.uptime_ms()
        if is_new:
            self._try_save_cursor()

    def _read_cursor(self) -> tuple[int, int]:
        data = self._flash.read(CURSOR)
        if data and len(data) == CURSOR_BYTES:
            epoch, acked, crc = struct.unpack(CURSOR_FORM, data)
            if crc == binascii.crc32(data[:-4]):
                return epoch, acked
        return 0, 0

    def _save_cursor(self) -> None:
        self._saved_at = self._board.uptime_ms()
        head = struct.pack("<IQ", self.epoch, self.acked)
        self._flash.replace(CURSOR, head + struct.pack("<I", binascii.crc32(head)))
        self._saved_acked = self.acked

    def _try_save_cursor(self) -> None:
        try:
            self._save_cursor()
        except (OSError, MemoryError):
            pass  # an old cursor only costs a resend, and segments know their epoch

    # --- events in

    def add(self, record: bytes, critical: bool = False, volatile: bool = False) -> int:
        """Take a record (the bytes of `wire.event.encode`); its seq, or 0 when it is refused."""
        self.is_refusing = not self._has_room(len(record), volatile)
        if self.is_refusing:
            self.refused += 1
            return 0
        if not self._pending:
            now = self._board.uptime_ms()
            self._flush_at = max(now + FLUSH_AFTER_MS, self._quick_at)
        self.last += 1
        packed = segment.pack(self.last, record)
        self._pending.append((self.last, packed))
        self._pending_bytes += len(packed)
        if critical or self._is_due():
            self.flush()
        return self.last

    def _is_due(self) -> bool:
        return len(self._pending) >= FLUSH_RECORDS or self._pending_bytes >= FLUSH_BYTES

    def _has_room(self, size: int, volatile: bool) -> bool:
        if size > segment.MOST or (self._is_due() and not self.flush()):
            return False
        if volatile and self.full_percent() > VOLATILE_PERCENT:
            return False
        size += segment.HEAD + self._pending_bytes + self.segments.tail_bytes
        return size <= segment.LIMIT or self.segments.count_after(self.acked) < self._most

    def full_percent(self) -> int:
        """Percent of the budget that holds events that are not acked, 0 to 100."""
        if self.last == self.acked:
            return 0
        whole = max(self.segments.count_after(self.acked) - 1, 0) * segment.LIMIT
        return min(100, (whole + self.segments.tail_bytes) * 100 // (self._most * segment.LIMIT))

    def flush(self) -> bool:
        """Make all added records durable; False when the flash refused or memory was short."""
        if not self._pending:
            return True
        before, now = self.durable, self._board.uptime_ms()
        self._quick_at = min(max(self._quick_at, now - FEW_MS), now) + FLUSH_EVERY_MS
        try:
            while self._pending:
                self._flush_some()
        except (OSError, MemoryError):
            self.segments.abandon()
        if self.durable > before and self.flushed:
            self.flushed()
        return not self._pending

    def _flush_some(self) -> None:
        """Write as many records as fit into the current segment."""
        while len(self.segments) >= self._most and self._trim():
            pass
        try:
            count = self.segments.write(self._pending)
        except (OSError, MemoryError):
            self._trim()  # so that the next try finds more room
            raise
        for seq, packed in self._pending[:count]:
            self.durable = seq
            self._pending_bytes -= len(packed)
        self._pending = self._pending[count:]

    def _trim(self) -> bool:
        """Remove the oldest segment if it is wholly acked."""
        last = self.segments.oldest_last()
        if not 0 < last <= self.acked:
            return False
        if last > self._saved_acked:
            self._save_cursor()  # otherwise the next start would take the gap for a loss
        self.segments.trim()
        return True

    # --- events out

    @property
    def first_held(self) -> int:
        """The first seq that is still on flash; one past `durable` when there is none."""
        return self.segments.first_held() or self.durable + 1

    def lost_at(self, seq: int) -> tuple[int, int, str] | None:
        """First, last and reason of the lost numbers that begin with `seq`, None when it is held or not
        durable yet."""
        if seq < self.first_held:
            return seq, self.first_held - 1, TRIMMED
        return self.segments.lost_at(seq)

    def read(self, seq: int, room: int, most: int) -> list[bytes]:
        """Records from `seq` on: at most `most`, and `room` bytes with 3 for each one's head.

        There may be fewer than there are on flash, and none when `seq` is not durable or is found lost,
        which `lost_at` tells then.
        """
        if seq > self.durable or self.lost_at(seq):
            return []
        return self.segments.read(seq, self.durable, room, most)

    # --- what the edge has

    def ack(self, seq: int) -> None:
        """Note that the edge has everything up to `seq`. Impossible numbers are ignored."""
        if self.acked < seq <= self.durable:
            self.acked = seq

    def rewind(self, want: int) -> None:
        """Go back: the edge was set back and needs everything from `want` on again."""
        if 0 < want <= self.acked:
            self.acked = want - 1

    def tick(self) -> None:
        """Flush and save what has waited long enough; call this every 250 ms."""
        now = self._board.uptime_ms()
        if self._pending and now >= self._flush_at:
            self.flush()
        moved = abs(self.acked - self._saved_acked)
        if moved >= SAVE_AFTER_EVENTS or (moved and now - self._saved_at >= SAVE_AFTER_MS):
            self._try_save_cursor()

    def close(self) -> None:
        """Flush, save and close."""
        self.flush()
        self.segments.close()
        self._try_save_cursor()
