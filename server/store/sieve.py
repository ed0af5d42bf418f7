"""The runs, of up to 64, in which a mark may be: a Bloom filter of each run, all asked at once.

Slot p holds a bit for every run that has a mark whose positions include p; the bits that all
positions of a mark have in common are the runs where it may be. A sieve takes 8 MB, and guesses wrong
for about 1 in 1,000 marks per run.
"""

from array import array
from collections.abc import Iterable, Iterator

RUNS = 64  # bits of a slot
SLOT_BITS = 20
MASK = (1 << SLOT_BITS) - 1
PROBES = 6  # of 20 bits each: a mark has 128
ALL = (1 << RUNS) - 1


class Sieve:
    """A Bloom filter over up to 64 runs. slots: as `bytes()` gave them, or empty for a new one."""

    def __init__(self, slots: bytes = b"") -> None:
        self._slots = array("Q", slots or bytes(8 << SLOT_BITS))

    def add(self, run: int, marks: Iterable[bytes]) -> None:
        """Let run 0 to 63 have these marks of 16 bytes. Marks that are never committed do no harm."""
        slots, bit = self._slots, 1 << run
        for mark in marks:
            number = int.from_bytes(mark, "little")
            for _ in range(PROBES):
                slots[number & MASK] |= bit
                number >>= SLOT_BITS

    def runs(self, mark: bytes) -> Iterator[int]:
        """The runs that may have a mark; those that have it are among them."""
        slots, hits = self._slots, ALL
        number = int.from_bytes(mark, "little")
        for _ in range(PROBES):
            hits &= slots[number & MASK]
            if not hits:
                return
            number >>= SLOT_BITS
        while hits:
            lowest = hits & -hits
            yield lowest.bit_length() - 1
            hits ^= lowest

    def bytes(self) -> bytes:
        """All slots, to be kept."""
        return self._slots.tobytes()
