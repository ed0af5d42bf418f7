"""A count over the last minute."""

import time
from collections import deque
from collections.abc import Callable

SPAN_S = 60.0


class Rate:
    """Counts amounts over a sliding minute."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self.latest: deque[tuple[float, int]] = deque()
        self._sum = 0

    def add(self, amount: int) -> None:
        """Count `amount` now."""
        self.latest.append((self._clock(), amount))
        self._sum += amount
        self._forget()

    def per_minute(self) -> int:
        """The sum of the last 60 s."""
        self._forget()
        return self._sum

    def _forget(self) -> None:
        before = self._clock() - SPAN_S
        while self.latest and self.latest[0][0] <= before:
            self._sum -= self.latest.popleft()[1]
