"""The time that the log proves: a clock that is behind its own newest event is wrong.

A machine without a battery for its clock starts in the past. While that is so, nothing is judged or clamped
by its clock, boards are not told its time, and the newest event stands for now. It heals when the clock is
set. A clock that follows a time server is right, whatever the log says: then the clock was ahead before.
"""

from collections.abc import Callable
from typing import NamedTuple

from server.calendar import MINUTE_MS
from server.clock import is_synchronized
from server.words import ago

SLACK_MS = MINUTE_MS  # a clock that is corrected by less is not called wrong


class Now(NamedTuple):
    """at: the best known time, ms since 1970 UTC. is_known: False while the clock is behind the log."""

    at: int
    is_known: bool = True


class LogTime:
    """newest: when the newest event of the log came, ms since 1970 UTC; 0 for an empty log."""

    def __init__(self) -> None:
        self.newest = 0

    def saw(self, received_at: int) -> None:
        """An event that came then is committed."""
        self.newest = max(self.newest, received_at)

    def judge(self, said: int) -> Now:
        """The time, when a clock says that it is `said`."""
        if said >= self.newest - SLACK_MS or is_synchronized():
            return Now(said)
        return Now(self.newest, False)


class EdgeClock:
    """This edge's time: its machine's, or the log's while that is behind. clock: ms since 1970 UTC."""

    def __init__(self, log: LogTime, clock: Callable[[], int]) -> None:
        self._log = log
        self._clock = clock

    def __call__(self) -> int:
        """Now, ms since 1970 UTC."""
        return self._log.judge(self._clock()).at

    def told(self) -> int:
        """What boards are told: 0, which they ignore, while nobody knows the time."""
        now = self._log.judge(self._clock())
        return now.at if now.is_known else 0

    def wrong(self) -> str | None:
        """A sentence while the machine's clock is behind the log."""
        said = self._clock()
        if self._log.judge(said).is_known:
            return None
        behind = ago(said, self._log.newest)
        return f"The clock of this machine is {behind} behind the newest event that it has stored."
