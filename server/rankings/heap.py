"""An indexed binary heap: the best keys of many, while any key's score rises and falls."""

from array import array
from collections.abc import Iterator, Mapping, Sequence
from heapq import heappop, heappush
from sys import getsizeof

Names = Mapping[int, str] | Sequence[str]
Best = tuple[tuple[int, int], ...]  # (key, score), the best first
UNLISTED = STALE = -1


class Heap:
    """Integer keys by integer score, best first; equal scores go by the smaller name.

    Keys are small and dense, as rows of a table are: they index flat lists, which cost 24 bytes per key
    where dictionaries cost 150. names: key to name; it must know a key before the key gets a score.
    Keys at or below zero keep their score, but are not listed. An increment costs O(log n), the best
    k cost O(k log k).
    """

    def __init__(self, names: Names) -> None:
        self._names = names
        self._scores: list[int] = []  # by key
        self._place = array("q")  # by key: where it stands in _order
        self._order = array("q")  # the heap: keys, the best first
        self._best: Best = ()  # what `top` found last
        self._asked = STALE  # the k of that

    def __len__(self) -> int:
        return len(self._order)

    def score(self, key: int) -> int:
        """The score of a key, 0 when it never had one."""
        return self._scores[key] if key < len(self._scores) else 0

    def above_zero(self) -> Iterator[tuple[int, int]]:
        """(key, score) of all keys above zero, in the order of their keys."""
        return ((key, score) for key, score in enumerate(self._scores) if score > 0)

    def add_all(self, deltas: Mapping[int, int]) -> None:
        """Add to the scores of many keys."""
        self._asked = STALE
        scores, places, order = self._scores, self._place, self._order
        listed = len(scores)
        for key, delta in deltas.items():
            if delta <= 0 or key >= listed or (place := places[key]) == UNLISTED:
                self._add(key, delta)
                continue
            scores[key] = score = scores[key] + delta
            if place and scores[order[(place - 1) >> 1]] <= score:  # most stay behind the one above
                self._rise(place)

    def add(self, key: int, delta: int) -> None:
        """Add `delta`, which may be negative, to the score of `key`."""
        self._asked = STALE
        self._add(key, delta)

    def _add(self, key: int, delta: int) -> None:
        if key >= len(self._scores):
            self._reach(key)
        score = self._scores[key] + delta
        self._scores[key] = score
        place = self._place[key]
        if place == UNLISTED:
            if score > 0:
                self._order.append(key)
                self._rise(len(self._order) - 1)
        elif score <= 0:
            self._remove(place)
        elif delta > 0:
            self._rise(place)
        else:
            self._sink(place)

    def top(self, k: int) -> Best:
        """(key, score) of the best `k`, best first; the same tuple as before when no score has changed."""
        if k != self._asked:
            self._best, self._asked = self._walk(k), k
        return self._best

    def _walk(self, k: int) -> Best:
        order, scores, names = self._order, self._scores, self._names
        found: list[tuple[int, int]] = []
        front = [(-scores[key], names[key], 0, key) for key in order[:1]]
        while front and len(found) < k:
            below, _, place, key = heappop(front)
            found.append((key, -below))
            for child in (2 * place + 1, 2 * place + 2):
                if child < len(order):
                    key = order[child]
                    heappush(front, (-scores[key], names[key], child, key))
        return tuple(found)

    def rank(self, key: int) -> int | None:
        """The place of a key, from 1; None when it is not listed. O(n), 25 ns per key."""
        if key >= len(self._place) or self._place[key] == UNLISTED:
            return None
        scores, names = self._scores, self._names
        score, name = scores[key], names[key]
        better = len([other for other in scores if other > score])
        equal = [names[other] < name for other, theirs in enumerate(scores) if theirs == score]
        return 1 + better + sum(equal)

    def size_bytes(self) -> int:
        """Bytes of memory that the lists take; each score beyond 256 takes 28 more."""
        return sum(getsizeof(part) for part in (self._scores, self._place, self._order))

    def _reach(self, key: int) -> None:
        more = key + 1 - len(self._scores) + len(self._scores) // 8
        self._scores += [0] * more
        self._place.extend([UNLISTED] * more)

    def _better(self, one: int, other: int) -> bool:
        first, second = self._scores[one], self._scores[other]
        return first > second or (first == second and self._names[one] < self._names[other])

    def _rise(self, place: int) -> None:
        order, places, scores = self._order, self._place, self._scores
        key = order[place]
        score = scores[key]
        while place:
            parent = (place - 1) >> 1
            above = order[parent]
            if scores[above] > score or not self._better(key, above):  # most end here, without a call
                break
            order[place] = above
            places[above] = place
            place = parent
        order[place] = key
        places[key] = place

    def _sink(self, place: int) -> None:
        order, places = self._order, self._place
        key, size = order[place], len(order)
        while (child := 2 * place + 1) < size:
            if child + 1 < size and self._better(order[child + 1], order[child]):
                child += 1
            below = order[child]
            if not self._better(below, key):
                break
            order[place] = below
            places[below] = place
            place = child
        order[place] = key
        places[key] = place

    def _remove(self, place: int) -> None:
        gone = self._order[place]
        last = self._order.pop()
        self._place[gone] = UNLISTED
        if gone != last:
            self._order[place] = last
            self._rise(place)
            self._sink(self._place[last])
