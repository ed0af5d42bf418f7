"""The wait before a failed call is tried again: longer each time, and random, so that calls spread out."""

import random


class Backoff:
    """Full jitter: a random wait up to a limit, which doubles per failure from `shortest_s` to `longest_s`.

    AWS Architecture Blog, Exponential Backoff And Jitter.
    """

    def __init__(self, shortest_s: float, longest_s: float) -> None:
        self._shortest_s, self._longest_s = shortest_s, longest_s
        self._bound_s = shortest_s

    def failed(self) -> float:
        """Seconds to wait now."""
        wait_s = random.uniform(0, self._bound_s)
        self._bound_s = min(2 * self._bound_s, self._longest_s)
        return wait_s

    def worked(self) -> None:
        """Begin again with the shortest wait."""
        self._bound_s = self._shortest_s
