"""Arrivals that wait for the next commit, and how much memory they take."""

from collections import deque
from collections.abc import Iterable

from server.ingest.arrival import Arrival, Up

OBJECT_BYTES = 300  # of a decoded event, beside its text


class Waiting:
    """First in, first out. weight: about how many bytes of memory wait here."""

    def __init__(self) -> None:
        self._arrivals: deque[Arrival] = deque()
        self.weight = 0

    def __len__(self) -> int:
        return len(self._arrivals)

    def __contains__(self, arrival: Arrival) -> bool:
        return any(one is arrival for one in self._arrivals)

    def put(self, arrival: Arrival) -> None:
        """Let one wait behind all others."""
        self._arrivals.append(arrival)
        self.weight += _weight(arrival)

    def take(self) -> Arrival:
        """The first one, which waits no more."""
        arrival = self._arrivals.popleft()
        self.weight -= _weight(arrival)
        return arrival

    def back(self, arrivals: Iterable[Arrival]) -> None:
        """Let some that were taken wait again before all others, in their order."""
        for arrival in reversed(list(arrivals)):
            self._arrivals.appendleft(arrival)
            self.weight += _weight(arrival)

    def remove(self, arrival: Arrival) -> None:
        """Forget one."""
        self._arrivals.remove(arrival)
        self.weight -= _weight(arrival)


def _weight(arrival: Arrival) -> int:
    if isinstance(arrival, Up):
        return OBJECT_BYTES + len(arrival.payload)
    return arrival.size + OBJECT_BYTES * (1 + len(arrival.objects))
