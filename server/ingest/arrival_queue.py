"""Arrivals that wait for the next commit: fair between their sources, their memory counted."""

from collections import OrderedDict, deque
from collections.abc import Iterable

from server.ingest.arrival import Arrival, UpArrival

OBJECT_BYTES = 300  # of a decoded event, beside its text


class ArrivalQueue:
    """First in, first out for each source; the sources take turns, so that none waits for another's flood.

    weight: about how many bytes of memory the waiting arrivals take.
    """

    def __init__(self) -> None:
        self._queues: OrderedDict[str, deque[Arrival]] = OrderedDict()  # none is empty
        self._count = 0
        self.weight = 0

    def __len__(self) -> int:
        return self._count

    def __contains__(self, arrival: Arrival) -> bool:
        return any(one is arrival for one in self._queues.get(_source(arrival), ()))

    def of(self, source: str) -> int:
        """The number of arrivals of a source that wait."""
        return len(self._queues.get(source, ()))

    def put(self, arrival: Arrival) -> None:
        """Let one wait behind all others of its source."""
        self._queue(arrival).append(arrival)
        self._note(arrival, 1)

    def take(self) -> Arrival:
        """Remove and return the first arrival of the source whose turn it is."""
        source, queue = self._queues.popitem(last=False)
        arrival = queue.popleft()
        if queue:
            self._queues[source] = queue
        self._note(arrival, -1)
        return arrival

    def back(self, arrivals: Iterable[Arrival]) -> None:
        """Put arrivals that were taken back before all others of their sources, in their order."""
        for arrival in reversed(list(arrivals)):
            self._queue(arrival).appendleft(arrival)
            self._note(arrival, 1)

    def remove(self, arrival: Arrival) -> None:
        """Forget one."""
        source = _source(arrival)
        self._queues[source].remove(arrival)
        if not self._queues[source]:
            del self._queues[source]
        self._note(arrival, -1)

    def _queue(self, arrival: Arrival) -> deque[Arrival]:
        source = _source(arrival)
        queue = self._queues.get(source)
        if queue is None:
            queue = self._queues[source] = deque()
        return queue

    def _note(self, arrival: Arrival, sign: int) -> None:
        self._count += sign
        self.weight += sign * _weight(arrival)


def _source(arrival: Arrival) -> str:
    return arrival.device if isinstance(arrival, UpArrival) else arrival.source


def _weight(arrival: Arrival) -> int:
    if isinstance(arrival, UpArrival):
        return OBJECT_BYTES + len(arrival.payload)
    return arrival.size + OBJECT_BYTES * (1 + len(arrival.objects))
