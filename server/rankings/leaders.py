"""The best k of a ranking while its scores change one at a time: which key comes in by a change."""

from collections.abc import Callable, Iterable
from heapq import nsmallest
from typing import Self

Place = tuple[int, str]  # minus its score, its name: the smaller, the better
Standing = tuple[int, Place]  # a key and its place


class Leaders:
    """The keys of the best `k` scores above zero; equal scores go by the smaller name.

    A change costs O(1) where nobody comes, goes or was the last; O(k) then; and O(keys) only when a
    leader falls behind the last one, because then all others are compared.
    """

    def __init__(self, k: int, everybody: Iterable[Standing] = ()) -> None:
        self.k = k
        best = nsmallest(k, ((place, key) for key, place in everybody if place[0] < 0))
        self.places: dict[int, Place] = {key: place for place, key in best}
        self._last: int | None = None  # the worst leader, where it is known

    def copy(self) -> Self:
        """A copy of these leaders that may be changed alone."""
        other = type(self)(self.k)
        other.places, other._last = dict(self.places), self._last  # noqa: SLF001 - of our own kind
        return other

    def rank(self, key: int) -> int:
        """The rank of a leader, from 1. O(k)."""
        mine = self.places[key]
        return 1 + sum(place < mine for place in self.places.values())

    def change(self, key: int, place: Place, everybody: Callable[[], Iterable[Standing]]) -> int | None:
        """Give a key another place: the key that comes in by that, if any.

        everybody: all keys above zero, as they are after the change.
        """
        full = len(self.places) == self.k
        if key not in self.places:
            if place[0] >= 0 or (full and place > self._worst()):
                return None
            if full:
                self._drop(self._last)
            return self._put(key, place)
        if place[0] < 0 and not (full and place > self._worst()):
            if key == self._last:
                self._last = None
            self.places[key] = place
            return None
        self._drop(key)
        if not full:
            return None  # all keys above zero were leaders
        best = min(((one, other) for other, one in everybody() if other not in self.places), default=None)
        return None if best is None or self._put(best[1], best[0]) == key else best[1]

    def _worst(self) -> Place:
        if self._last is None:
            self._last = max(self.places, key=self.places.__getitem__)
        return self.places[self._last]

    def _drop(self, key: int | None) -> None:
        assert key is not None
        del self.places[key]
        self._last = None

    def _put(self, key: int, place: Place) -> int:
        self.places[key] = place
        self._last = None
        return key
