"""Increments and the top ten of a live ranking, as the edge makes them: commit by commit."""

import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence

from server.rankings.heap import Heap
from server.rankings.ranking import Ranking
from server.settings import RankingSpec

STEPS, COMMIT, READS = 500_000, 500, 20_000
SPEC = RankingSpec(name="orders", kinds=("order.placed",), windows=("all",))
Draw = Callable[[int], Sequence[int]]


def as_in_shops(keys: int) -> list[int]:
    """The customers of orders, from 1 to `keys`: a few of them order most (Pareto, alpha 0.8)."""
    chance = random.Random(1)
    return [min(int(chance.paretovariate(0.8)), keys) for _ in range(STEPS)]


def evenly(keys: int) -> list[int]:
    """The same where all customers order equally often."""
    chance = random.Random(1)
    return [chance.randrange(1, keys + 1) for _ in range(STEPS)]


def names(keys: int) -> list[str]:
    """Key to name; key 0 is nobody."""
    return [f"{key:07d}" for key in range(keys + 1)]


class Live:
    """A ranking in which every key has a score."""

    def __init__(self, keys: int) -> None:
        self._keys = keys
        self._ranking = Ranking(SPEC, names(keys))
        self._ranking.add(0, dict.fromkeys(range(1, keys + 1), 1))
        self._ranking.settle()

    def increments(self, draw: Draw) -> float:
        """Increments per second, in commits of 500, until the top ten is read."""
        drawn = draw(self._keys)
        began = time.perf_counter()
        for first in range(0, STEPS, COMMIT):
            self._ranking.add(0, Counter(drawn[first : first + COMMIT]))
        self._ranking.heap("all").top(10)
        return STEPS / (time.perf_counter() - began)

    def top(self) -> float:
        """Readings of the top ten per second, while nothing changes."""
        began = time.perf_counter()
        for _ in range(READS):
            self._ranking.heap("all").top(10)
        return READS / (time.perf_counter() - began)

    def changed_top(self) -> float:
        """The same, each right after a change of a score."""
        heap = self._ranking.heap("all")
        took = 0.0
        for number in range(READS):
            heap.add(number % self._keys + 1, 1)
            began = time.perf_counter()
            heap.top(10)
            took += time.perf_counter() - began
        return READS / took

    def bytes_a_key(self) -> float:
        """Bytes of memory per key, without the name, which the edge keeps once for all rankings."""
        heap = Heap(names(self._keys))
        heap.add_all({key: 1000 + key for key in range(1, self._keys + 1)})
        scores = sum(sys.getsizeof(heap.score(key)) for key in range(1, self._keys + 1))
        return (scores + heap.size_bytes()) / self._keys
