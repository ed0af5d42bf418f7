"""The sums that were added to a ranking since its last reading."""

from collections.abc import Mapping

from server.rankings.window import Buckets

NEVER = -(1 << 62)


class Unsettled:
    """Sums by day and key.

    Those of the newest day are in a flat list by key, which is changed in a quarter of the time that a
    dictionary takes. Those of earlier days, which boards that were away send, are in dictionaries.
    """

    def __init__(self) -> None:
        self._day = NEVER
        self._sums: list[int] = []
        self._keys: list[int] = []  # the keys with a sum there; a key may be listed twice
        self._before: Buckets = {}

    def add(self, day: int, deltas: Mapping[int, int]) -> None:
        """Add what each key gets on a day."""
        if day < self._day:
            late = self._before.setdefault(day, {})
            for key, delta in deltas.items():
                late[key] = late.get(key, 0) + delta
            return
        if day > self._day:
            self._before, self._day = self.take(), day
        sums, largest = self._sums, max(deltas, default=-1)
        if largest >= len(sums):
            sums += [0] * (largest + 1 - len(sums) + len(sums) // 8)
        for key, delta in deltas.items():
            sums[key] += delta
        self._keys += deltas

    def take(self) -> Buckets:
        """All sums that are not zero, by day; nothing waits any more."""
        found, self._before = self._before, {}
        sums, newest = self._sums, dict[int, int]()
        for key in self._keys:
            if delta := sums[key]:
                newest[key] = delta
                sums[key] = 0
        self._keys = []
        if newest:
            found[self._day] = newest
        return found
