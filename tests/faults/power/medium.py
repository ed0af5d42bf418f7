"""What a disk may hold after a power cut, given everything a program did to its files, in order.

The model is that of https://sqlite.org/atomiccommit.html (section 2) with the "powersafe overwrite" that
https://sqlite.org/wal.html and SQLite's Unix build take for granted, as mean as POSIX and ext4 allow:

- What fsync or fdatasync of a file confirmed is there; what was written while the call ran is not confirmed.
- Of later writes any 512-byte sectors may be there and others not, in any order: an old sector over a new one
  is as if the new one had not been written. Bytes that no write touched stay as they are.
- A file may have grown without its data: zeros are there instead. A truncation may be missing.
- A name is certain by fsync of its folder, not by that of its file. Later creations, removals and renames
  may each be missing; a rename is there wholly or not at all.
- What is mapped into memory is gone: SQLite makes its -shm again.

A disk that lies about fsync, or damages sectors that nobody wrote, is beyond it.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePath

SECTOR = 512
MAPPED = "-shm"
SHARES = (0.0, 0.1, 0.5, 0.9, 1.0)  # of what was not confirmed, how much is there
Write = tuple[int, bytes | None]  # offset and data, or a new size
Image = dict[PurePath, bytes | None]  # each file's bytes, None for a folder; folders before what is in them


@dataclass
class File:
    """What is certain of a file, and (number, write) of what came later; a folder has neither."""

    certain: bytearray = field(default_factory=bytearray)
    later: list[tuple[int, Write]] = field(default_factory=list)
    is_folder: bool = False

    def confirm(self, before: int) -> None:
        """An fsync that began with act `before` has returned."""
        for number, write in self.later:
            if number < before:
                _apply(self.certain, write)
        self.later = [one for one in self.later if one[0] >= before]

    def after_a_cut(self, chance: random.Random) -> bytes:
        """One of the contents that it may have."""
        found, share = bytearray(self.certain), chance.choice(SHARES)
        for _, write in self.later:
            for piece in _pieces(write):
                if chance.random() < share:
                    _apply(found, piece)
        return bytes(found)


Names = dict[PurePath, File | None]  # None: no such name


class Medium:
    """Names and files; `now` is what the program sees, whatever of it is on the disk."""

    def __init__(self, certain: Names) -> None:
        self._certain = certain
        self._later: list[tuple[int, Names]] = []
        self.now = dict(certain)

    def change(self, number: int, names: Names) -> None:
        """One act on names: all of it may be missing until `confirm`."""
        self.now |= names
        self._later.append((number, names))

    def confirm(self, folder: PurePath, before: int) -> None:
        """An fsync of a folder that began with act `before` has returned."""
        left = []
        for number, names in self._later:
            if number < before and any(name.parent == folder for name in names):
                self._certain |= names
            else:
                left.append((number, names))
        self._later = left

    def after_a_cut(self, chance: random.Random) -> Image:
        """One of the contents that the disk may have."""
        names, share = dict(self._certain), chance.choice(SHARES)
        for _, changed in self._later:
            if chance.random() < share:
                names |= changed
        image: Image = {}
        for name, one in sorted(names.items()):
            is_reached = name.parent in image or name.parent not in self.now
            if one and is_reached and not name.name.endswith(MAPPED):
                image[name] = None if one.is_folder else one.after_a_cut(chance)
        return image


def _pieces(write: Write) -> Iterator[Write]:
    """The parts of a write that may each be missing: its sectors, and before them the new size."""
    at, data = write
    if data is None:
        yield write
        return
    yield at + len(data), b""
    while data:
        size = SECTOR - at % SECTOR
        yield at, data[:size]
        at, data = at + size, data[size:]


def _apply(found: bytearray, write: Write) -> None:
    at, data = write
    if data is None:
        del found[at:]
        data = b""
    if len(found) < at:
        found.extend(bytes(at - len(found)))
    found[at : at + len(data)] = data
