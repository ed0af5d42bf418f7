"""Increments of a live ranking over 100,000 keys, against a plain dict that cannot rank."""

import random
import time

from server.rankings.heap import Heap

KEYS, STEPS = 100_000, 300_000


def _keys() -> list[int]:
    chance = random.Random(1)
    return [min(int(chance.paretovariate(0.8)), KEYS) for _ in range(STEPS)]


def increments() -> float:
    """Increments a second, with the top ten read after each thousand."""
    heap, keys = Heap({key: str(key) for key in range(KEYS + 1)}), _keys()
    began = time.perf_counter()
    for number, key in enumerate(keys):
        heap.add(key, 1)
        if number % 1000 == 0:
            heap.top(10)
    return STEPS / (time.perf_counter() - began)


def plain() -> float:
    """Increments a second of a dict."""
    scores: dict[int, int] = {}
    keys = _keys()
    began = time.perf_counter()
    for key in keys:
        scores[key] = scores.get(key, 0) + 1
    return STEPS / (time.perf_counter() - began)
