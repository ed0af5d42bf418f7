"""The changes to a board's flash, and the check that there is room for them."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

from tools.flash.board import Facts, OnFlash

OUTBOX_BYTES = 64 * 1024  # that a board should have for events at least
SPARE_BLOCKS = 4  # for folders, and for a file that is written beside the one that it replaces
PROGRAMS = ("/boot.py", "/main.py")


@dataclass(frozen=True)
class CopyPlan:
    """The changes to a board's flash.

    write: new and changed files except PROGRAMS, by path. stale: paths to remove. programs: whether each of
    PROGRAMS changes. short: bytes of flash that are missing, 0 when there is room.
    """

    write: dict[str, bytes]
    stale: list[str]
    programs: dict[str, bool]
    short: int

    @property
    def copied(self) -> int:
        """How many files are new or changed."""
        return len(self.write) + sum(self.programs.values())


def plan(facts: Facts, there: Mapping[str, OnFlash], wanted: Mapping[str, bytes]) -> CopyPlan:
    """The changes from the files that are there to the wanted ones. Outside the slot only PROGRAMS change."""
    changed = {
        path: data
        for path, data in wanted.items()
        if path not in there or there[path].digest != sha256(data).hexdigest()
    }
    stale = [
        path
        for path in there
        if path not in wanted and (path.startswith("/slot_a/") or path.endswith(".new"))
    ]
    freed = sum(_blocks(there[path].size, facts) for path in [*stale, *(set(changed) & set(there))])
    largest = max((_blocks(len(data), facts) for data in changed.values()), default=0)
    needed = sum(_blocks(len(data), facts) for data in changed.values()) + largest + SPARE_BLOCKS
    outbox = 0 if not changed else _blocks(OUTBOX_BYTES, facts)
    short = (needed + outbox - freed - facts.blocks_free) * facts.block
    return CopyPlan(
        {path: data for path, data in changed.items() if path not in PROGRAMS},
        sorted(stale),
        {path: path in changed for path in PROGRAMS},
        max(0, short),
    )


def _blocks(size: int, facts: Facts) -> int:
    return -(-size // facts.block)


def folders(paths: Mapping[str, bytes]) -> list[str]:
    """The folders that these files lie in, outer ones first."""
    found: set[str] = set()
    for path in paths:
        parts = path.split("/")[1:-1]
        found.update("/" + "/".join(parts[:count]) for count in range(1, len(parts) + 1))
    return sorted(found)
