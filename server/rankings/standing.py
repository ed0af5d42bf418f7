"""StandingHistory: which keys were the best of a window at a moment, to tell how they have moved since."""

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

NOTED = 1000  # keys of a standing: the best


@dataclass(frozen=True)
class Standing:
    """The order of a window at one moment.

    at: that moment, ms since 1970 UTC. packed: the keys, the best first, 4 bytes each.
    """

    at: int
    packed: bytes

    @cached_property
    def ranks(self) -> dict[int, int]:
        """Key to place, from 1."""
        keys = struct.unpack(f"<{len(self.packed) // 4}I", self.packed)
        return dict(zip(keys, range(1, len(keys) + 1), strict=True))


def standing(at: int, keys: Sequence[int]) -> Standing:
    """The standing of these keys, the best first."""
    return Standing(at, struct.pack(f"<{len(keys)}I", *keys))


class StandingHistory:
    """The kept standings of one window, the oldest first."""

    def __init__(self, known: Iterable[Standing] = ()) -> None:
        self._known = sorted(known, key=lambda one: one.at)

    def __len__(self) -> int:
        return len(self._known)

    def until(self, moment: int) -> Standing | None:
        """The newest one at or before a moment."""
        return next((one for one in reversed(self._known) if one.at <= moment), None)

    def note(self, one: Standing) -> None:
        """Add the newest one; what a clock that was wrong had noted for later is forgotten.

        The others are made anew, without their `ranks`: few of them are asked for again.
        """
        before = [Standing(each.at, each.packed) for each in self._known if each.at < one.at]
        self._known = [*before, one]

    def keep(self, since: int, midnight: int) -> int:
        """Forget what is older than `since` and than the last one until `midnight`; the oldest that stays."""
        closing = self.until(midnight)
        oldest = since if closing is None else min(since, closing.at)
        self._known = [one for one in self._known if one.at >= oldest]
        return oldest
