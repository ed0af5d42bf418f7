"""The bounded flash log of events that the edge has not acked yet.

Segment files (see `segment`) named by their first seq, and a cursor file with epoch and acked.
A new record waits in RAM for its flush: of the caller's wish, of the 8th record, or of `tick`.
Only a flushed (`durable`) event may be published, so a number is never used twice on air. Acked
segments stay until their room is needed, because an edge that was restored asks for them again.

A flash that does not write is survived: what waits is tried again, and `add` refuses more.
"""

import json

from firmware import segment

FOLDER = "outbox"
CURSOR = FOLDER + "/cursor"
FLUSH_RECORDS = 8
FLUSH_BYTES = 2048
FLUSH_AFTER_MS = 1750  # with a tick each 250 ms: durable within 2 s
SAVE_AFTER_MS = 10_000
SAVE_AFTER_EVENTS = 256
VOLATILE_PERCENT = 75  # over this, kinds that may be missed make way for those that may not
TRIMMED, CORRUPT = "trimmed", "corrupt"


class Outbox:
    """Events by seq, from 1 and strictly rising for the life of the epoch.

    epoch: random 32 bits, not 0. acked: the edge has everything up to here. last: the latest
    number given out. durable: the latest one that is on flash. refused: how many `add` refused.
    flushed: called without arguments after each flush that made something durable.
    """

    def __init__(self, board, budget_bytes: int):
        self._board = board
        self._flash = board.flash
        self._most = budget_bytes // segment.LIMIT
        self.refused = 0
        self.flushed = None
        self._firsts = []  # first seq of each segment, rising; a segment reaches to the next one
        self._holes = []  # [first, last] of numbers that flash has lost, rising
        self._pending = []  # (seq, bytes) of records not yet flushed
        self._pending_bytes = 0
        self._pending_since = 0
        self._tail = None  # the open file of the last segment
        self._tail_bytes = segment.LIMIT  # full: the next flush opens a segment
        self._at = (0, 0)  # seq and offset in its segment where the next read will likely begin
        self._buffer = bytearray(segment.LIMIT)
        self._open()
        self._saved_acked = self.acked
        self._saved_at = board.uptime_ms()

    # --- opening

    def _open(self) -> None:
        self.epoch, self.acked = self._read_cursor()
        found = [segment.parse_name(name) for name in self._flash.names(FOLDER)]
        found = sorted(each for each in found if each)
        if not self.epoch and found:
            self.epoch = found[-1][0]  # a damaged cursor: the edge's ack will tell what it has
        if not self.epoch:
            self.epoch = self._board.random() or 1
            self._save_cursor()
        self._firsts = [first for epoch, first in found if epoch == self.epoch]
        self.last = self._scan()
        self.durable = self.last

    def _read_cursor(self) -> tuple[int, int]:
        try:
            cursor = json.loads(self._flash.read(CURSOR) or b"{}")
            return int(cursor["epoch"]), int(cursor["acked"])
        except (ValueError, KeyError, TypeError):
            return 0, 0

    def _save_cursor(self) -> None:
        self._flash.replace(CURSOR, b'{"epoch":%d,"acked":%d}' % (self.epoch, self.acked))
        self._saved_acked = self.acked
        self._saved_at = self._board.uptime_ms()

    def _scan(self) -> int:
        """Find the holes of all segments that are not wholly acked; gives the last seq in use."""
        last = self.acked
        for i in range(len(self._firsts)):
            first = self._firsts[i]
            following = self._firsts[i + 1] if i + 1 < len(self._firsts) else None
            if following and following - 1 <= self.acked:
                continue  # reading it again, after a rewind, will notice any damage
            data = self._load(first)
            count, end = segment.scan(data, first)
            if following:
                if first + count < following:
                    self._holes.append([first + count, following - 1])
            else:
                last = max(last, self._scan_tail(first + count, end, len(data)))
        return last

    def _scan_tail(self, after: int, end: int, size: int) -> int:
        """Go on writing behind a clean end. Behind a damaged one lie numbers that may have been
        on air, at most so many as fit: they are given up, for none may be used again."""
        if end == size and after > self.acked:
            self._tail_bytes = size
            return after - 1
        given_up = (size - end) // (segment.HEAD + segment.LEAST)
        if given_up:
            self._holes.append([after, after + given_up - 1])
        return after - 1 + given_up

    def _path(self, first: int) -> str:
        return FOLDER + "/" + segment.name(self.epoch, first)

    def _load(self, first: int):
        with self._flash.open(self._path(first), "rb") as file:
            size = file.readinto(self._buffer)
        return memoryview(self._buffer)[:size]

    # --- writing

    def add(self, record: bytes, critical: bool = False, volatile: bool = False) -> int:
        """Take a record (the bytes of `wire.event.encode`); its seq, or 0 when it is refused."""
        if not self._has_room(len(record), volatile):
            self.refused += 1
            return 0
        if not self._pending:
            self._pending_since = self._board.uptime_ms()
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
        if size > segment.MOST:
            return False
        if self._is_due() and not self.flush():
            return False
        if volatile and self.full_percent() > VOLATILE_PERCENT:
            return False
        if self._tail_bytes + self._pending_bytes + segment.HEAD + size <= segment.LIMIT:
            return True
        return self._unacked_segments() < self._most

    def _unacked_segments(self) -> int:
        """Segments that hold the last seq or one that is not acked."""
        count = len(self._firsts)
        for following in self._firsts[1:]:
            if following - 1 > self.acked:
                break
            count -= 1
        return count

    def full_percent(self) -> int:
        """How much of the budget holds events that are not acked, 0 to 100."""
        if self.last == self.acked:
            return 0
        whole = (self._unacked_segments() - 1) * segment.LIMIT
        return min(100, (whole + self._tail_bytes) * 100 // (self._most * segment.LIMIT))

    def flush(self) -> bool:
        """Make everything durable that was added; False when the flash refused."""
        if not self._pending:
            return True
        before = self.durable
        try:
            self._write_pending()
        except OSError:
            self._abandon_tail()
        if self.durable > before and self.flushed:
            self.flushed()
        return not self._pending

    def _write_pending(self) -> None:
        while self._pending:
            seq, packed = self._pending[0]
            if self._tail_bytes + len(packed) > segment.LIMIT:
                self._roll(seq)
            elif self._tail is None:
                self._tail = self._flash.open(self._path(self._firsts[-1]), "ab")
            self._write_some()

    def _write_some(self) -> None:
        """Write and sync what fits into the tail; only then it counts as durable."""
        fit, size = 0, self._tail_bytes
        while fit < len(self._pending) and size + len(self._pending[fit][1]) <= segment.LIMIT:
            size += len(self._pending[fit][1])
            fit += 1
        self._tail.write(b"".join([packed for _, packed in self._pending[:fit]]))
        self._flash.sync(self._tail)
        self.durable = self._pending[fit - 1][0]
        self._pending = self._pending[fit:]
        self._pending_bytes -= size - self._tail_bytes
        self._tail_bytes = size

    def _roll(self, first: int) -> None:
        """Close the full tail and open the segment that begins with `first`."""
        self._close_tail()
        while len(self._firsts) >= self._most and self._trim():
            pass
        self._tail = self._flash.open(self._path(first), "wb")
        if not self._firsts or self._firsts[-1] != first:
            self._firsts.append(first)
        self._tail_bytes = 0

    def _abandon_tail(self) -> None:
        """After a failed write nobody knows how the tail ends: the next try opens a new segment,
        with more free flash if there is an acked segment to give."""
        try:
            self._close_tail()
            self._trim()
        except OSError:
            pass  # it was not written anyway
        self._tail = None
        self._tail_bytes = segment.LIMIT

    def _close_tail(self) -> None:
        tail, self._tail = self._tail, None
        if tail:
            tail.close()

    def _trim(self) -> bool:
        """Remove the oldest segment if it is wholly acked."""
        if len(self._firsts) < 2 or self._firsts[1] - 1 > self.acked:
            return False
        if self._firsts[1] - 1 > self._saved_acked:
            self._save_cursor()  # or the next start would take the gap for a loss
        self._flash.remove(self._path(self._firsts[0]))
        self._firsts.pop(0)
        self._holes = [hole for hole in self._holes if hole[1] >= self._firsts[0]]
        return True

    # --- reading

    @property
    def first_held(self) -> int:
        """The first seq that is still on flash; one past `last` when there is none."""
        return self._firsts[0] if self._firsts else self.last + 1

    def lost_at(self, seq: int) -> tuple[int, int, str] | None:
        """First, last and reason of the run of lost numbers that `seq` begins, None if it is held."""
        if seq < self.first_held:
            return seq, self.first_held - 1, TRIMMED
        for first, last in self._holes:
            if first <= seq <= last:
                return seq, last, CORRUPT
        return None

    def read(self, seq: int, room: int, most: int) -> list[bytes]:
        """Records from `seq` on: at most `most`, and `room` bytes with 3 for each one's head.

        May give fewer than there are, and none when `seq` is not durable or turns out to be
        lost, which `lost_at` tells then.
        """
        if seq > self.durable or self.lost_at(seq):
            return []
        first, end = self._span(seq)
        try:
            data = self._load(first)
        except OSError as error:
            if error.args[0] != 2:  # ENOENT
                raise
            data = b""  # the file is gone: all of it is lost
        at = self._offset(data, first, seq)
        records = []
        while at is not None and seq < end and len(records) < most:
            record = segment.unpack(data, at, seq)
            if record is None:
                break
            room -= len(record) + 3
            if room < 0:
                return records
            records.append(record)
            at += segment.HEAD + len(record)
            seq += 1
            self._at = (seq, at)
        if not records:
            self._holes.append([seq, end - 1])
            self._holes.sort()
        return records

    def _span(self, seq: int) -> tuple[int, int]:
        """First seq of the segment with `seq`, and the seq where reading must stop."""
        i = len(self._firsts) - 1
        while self._firsts[i] > seq:
            i -= 1
        end = self._firsts[i + 1] if i + 1 < len(self._firsts) else self.durable + 1
        for first, _ in self._holes:
            if first > seq:
                end = min(end, first)
                break
        return self._firsts[i], min(end, self.durable + 1)

    def _offset(self, data, first: int, seq: int) -> int | None:
        """Where the record `seq` begins in its segment, None if damage lies before it."""
        number, at = first, 0
        if first < self._at[0] <= seq:
            number, at = self._at
        while number < seq:
            record = segment.unpack(data, at, number)
            if record is None:
                return None
            at += segment.HEAD + len(record)
            number += 1
        return at

    # --- what the edge has

    def ack(self, seq: int) -> None:
        """The edge has everything up to `seq`. Numbers that cannot be are ignored."""
        if self.acked < seq <= self.durable:
            self.acked = seq

    def rewind(self, want: int) -> None:
        """The edge was set back and needs everything from `want` on again."""
        if 0 < want <= self.acked:
            self.acked = want - 1

    def tick(self) -> None:
        """Flush and save what has waited long enough; call it every 250 ms."""
        now = self._board.uptime_ms()
        if self._pending and now - self._pending_since >= FLUSH_AFTER_MS:
            self.flush()
        moved = abs(self.acked - self._saved_acked)
        if moved >= SAVE_AFTER_EVENTS or (moved and now - self._saved_at >= SAVE_AFTER_MS):
            try:
                self._save_cursor()
            except OSError:
                self._saved_at = now  # an old cursor only costs a resend

    def close(self) -> None:
        """Flush, save and close."""
        self.flush()
        self._close_tail()
        self._save_cursor()
