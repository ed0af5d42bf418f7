"""The segment files of one epoch in a row: each reaches up to the beginning of the next one.

The first seq of each segment is kept in RAM, and the bytes of one segment. While a board is online that is
the one which is written to, so nothing is read from flash. Damage shows as a hole: a run of numbers that
flash has lost.
"""

import gc

from firmware import segment

TRIMMED, CORRUPT = "trimmed", "corrupt"
ENOENT = 2


class Segments:
    """The segments in `folder` of this flash. Every method that uses the flash may raise OSError."""

    def __init__(self, flash, folder: str, epoch: int):
        self._flash = flash
        self._folder = folder
        self._epoch = epoch
        self._firsts = []  # first seq of each segment, rising
        self._holes = []  # [first, last] of lost numbers, rising
        self._file = None  # the open file of the last segment
        self.tail_bytes = segment.LIMIT  # of the last segment; when it is full, the next write opens one
        self._at = (0, 0)  # seq, and offset in its segment, where the next read probably begins
        self._buffer = bytearray(segment.LIMIT)
        self._held = self._size = 0  # first seq of the segment in the buffer, 0 for none, and its bytes

    def __len__(self) -> int:
        return len(self._firsts)

    def _path(self, first: int) -> str:
        return self._folder + "/" + segment.name(self._epoch, first)

    def _load(self, first: int):
        """The bytes of a segment."""
        if self._held != first:
            self._held = 0
            with self._opened(first) as file:
                self._size = file.readinto(self._buffer)
            self._held = first
        return memoryview(self._buffer)[: self._size]

    def _opened(self, first: int):
        try:
            return self._flash.open(self._path(first), "rb")
        except MemoryError:  # the file that is open for writing has a piece of the needed size
            self.close()
            gc.collect()
            return self._flash.open(self._path(first), "rb")

    # --- opening

    def open(self, firsts: list[int], acked: int) -> int:
        """Take the segments with these first numbers (rising); the last number in use.

        Only the last segment is checked, so that a start is quick; reading finds damage in the others.
        """
        self._firsts = firsts
        if not firsts:
            return acked
        data = self._load(firsts[-1])
        count, end = segment.scan(data, firsts[-1])
        after = firsts[-1] + count
        if end == len(data) and after > acked:
            self.tail_bytes = end
        return max(acked, self._give_up(after, len(data) - end))

    def _give_up(self, after: int, damaged: int) -> int:
        """Give up the numbers that the damaged bytes at the end may have held; the last number in use.

        They may have been sent, so as many as fit must not be used again.
        """
        given_up = damaged // (segment.HEAD + segment.LEAST)
        if given_up:
            self._holes.append([after, after + given_up - 1])
        return after - 1 + given_up

    # --- writing

    def write(self, records: list[tuple[int, bytes]]) -> int:
        """Make records (seq and packed bytes) durable, as many as fit into one segment; how many these are.

        After an OSError call `abandon`.
        """
        if self.tail_bytes + len(records[0][1]) > segment.LIMIT:
            self._roll(records[0][0])
        elif self._file is None:
            self._file = self._flash.open(self._path(self._firsts[-1]), "ab")
        count, size = 0, self.tail_bytes
        while count < len(records) and size + len(records[count][1]) <= segment.LIMIT:
            size += len(records[count][1])
            count += 1
        data = b"".join([packed for _, packed in records[:count]])
        self._file.write(data)
        self._flash.sync(self._file)
        if self._held == self._firsts[-1]:
            self._buffer[self.tail_bytes : size] = data
            self._size = size
        self.tail_bytes = size
        return count

    def _roll(self, first: int) -> None:
        """Close the full segment and open the one that begins with `first`."""
        self.close()
        if self._held == first or self._at[0] == first:  # everything before it has been read
            self._held = 0
        self._file = self._flash.open(self._path(first), "wb")
        if not self._firsts or self._firsts[-1] != first:
            self._firsts.append(first)
        if not self._held:
            self._held, self._size = first, 0
        self.tail_bytes = 0

    def abandon(self) -> None:
        """Close the segment after a failed write, as its end is not known; the next write opens a new one."""
        try:
            self.close()
        except OSError:
            pass  # its data were not written anyway
        self.tail_bytes = segment.LIMIT

    def close(self) -> None:
        """Close the open file."""
        file, self._file = self._file, None
        if file:
            file.close()

    def oldest_last(self) -> int:
        """The last number of the oldest segment, 0 when there is only the one that is written to."""
        return self._firsts[1] - 1 if len(self._firsts) > 1 else 0

    def trim(self) -> None:
        """Remove the oldest segment."""
        self._flash.remove(self._path(self._firsts[0]))
        self._firsts.pop(0)
        self._holes = [hole for hole in self._holes if hole[1] >= self._firsts[0]]

    def count_after(self, acked: int) -> int:
        """How many segments hold a number above `acked`; the one that is written to always counts."""
        count = len(self._firsts)
        for i in range(1, len(self._firsts)):
            if self._firsts[i] - 1 > acked:
                break
            count -= 1
        return count

    # --- reading

    def first_held(self) -> int:
        """The first number still on flash, 0 when there is none."""
        return self._firsts[0] if self._firsts else 0

    def lost_at(self, seq: int) -> tuple[int, int, str] | None:
        """First, last and reason of the lost numbers that begin with `seq`, None when it is held."""
        if seq < self.first_held():
            return seq, self._firsts[0] - 1, TRIMMED
        for first, last in self._holes:
            if first <= seq <= last:
                return seq, last, CORRUPT
        return None

    def read(self, seq: int, last: int, room: int, most: int) -> list[bytes]:
        """Records `seq` to `last`, as far as they lie in one segment: at most `most`, and `room` bytes with 3
        for each one's head. The list is empty when `seq` is found lost."""
        first, end = self._span(seq, last)
        data = self._load_or_nothing(first)
        at = self._offset(data, first, seq)
        records = []
        while len(records) < most and seq + len(records) < end:
            record = segment.unpack(data, at, seq + len(records)) if at >= 0 else None
            if record is None:
                self._damaged(seq + len(records), end - 1, first)
                break
            room -= len(record) + 3
            if room < 0:
                break
            records.append(record)
            at += segment.HEAD + len(record)
            self._at = (seq + len(records), at)
        return records

    def _damaged(self, seq: int, last: int, first: int) -> None:
        """Note that `seq` to `last`, in the segment that begins with `first`, are lost."""
        self._holes.append([seq, last])
        self._holes.sort()
        if first == self._firsts[-1]:
            self.abandon()  # records behind the damage could not be found again

    def _span(self, seq: int, last: int) -> tuple[int, int]:
        """First seq of the segment with `seq`, and the number where reading must stop."""
        i = len(self._firsts) - 1
        while self._firsts[i] > seq:
            i -= 1
        end = last + 1
        if i + 1 < len(self._firsts):
            end = min(end, self._firsts[i + 1])
        for first, _ in self._holes:
            if first > seq:
                end = min(end, first)
        return self._firsts[i], end

    def _load_or_nothing(self, first: int):
        try:
            return self._load(first)
        except OSError as error:
            if error.args[0] != ENOENT:
                raise
            return b""  # the file is gone, and its records are lost

    def _offset(self, data, first: int, seq: int) -> int:
        """The offset of the record `seq` in its segment, -1 when damage lies before it."""
        number, at = first, 0
        if first < self._at[0] <= seq:
            number, at = self._at
        while number < seq:
            record = segment.unpack(data, at, number)
            if record is None:
                return -1
            at += segment.HEAD + len(record)
            number += 1
        return at
