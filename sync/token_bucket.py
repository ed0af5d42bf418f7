"""A token bucket: limits how fast something is spent, with a little saved up."""


class TokenBucket:
    """A token bucket: `rate` units per second, of which at most `burst` are saved up.

    It may go below zero by one request, so that a large item passes; the next one then waits.
    It knows no clock: `now` is in seconds of any steady clock.
    """

    def __init__(self, rate: float, burst: float) -> None:
        self.rate = rate
        self.burst = burst
        self._level = burst
        self._at: float | None = None

    def wait(self, now: float) -> float:
        """Seconds until something may be spent, 0 for at once."""
        self._fill(now)
        return max(0.0, -self._level / self.rate) if self._level <= 0 else 0.0

    def spend(self, amount: float, now: float) -> None:
        """Take units out."""
        self._fill(now)
        self._level -= amount

    def _fill(self, now: float) -> None:
        if self._at is not None:
            self._level = min(self.burst, self._level + (now - self._at) * self.rate)
        self._at = now
