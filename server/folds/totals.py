"""The number of events of each kind in each hour of the site; a fold of the log."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from server.calendar import Grid
from server.folds.names import Names
from server.rankings.ranking import whole

Hour = tuple[int, int]  # number of an hour, kind
Sum = tuple[int, int]  # events, cents
Totals = dict[Hour, Sum]


def add_up(totals: Totals, hour: Hour, cents: object) -> None:
    """Count one event in its hour."""
    count, sum_ = totals.get(hour, (0, 0))
    totals[hour] = (count + 1, sum_ + (whole(cents) or 0))


class Hourly:
    """All totals, in memory."""

    def __init__(self, names: Names, hours: Grid) -> None:
        self._names = names
        self.grid = hours
        self._hours: dict[int, dict[int, Sum]] = {}  # by number, by kind

    def add(self, totals: Mapping[Hour, Sum]) -> None:
        """Add what the log has gained."""
        for (number, kind), (count, cents) in totals.items():
            kinds = self._hours.setdefault(number, {})
            before = kinds.get(kind, (0, 0))
            kinds[kind] = (before[0] + count, before[1] + cents)

    def restore(self, hour: Hour, total: Sum) -> None:
        """Take a total of a checkpoint."""
        self._hours.setdefault(hour[0], {})[hour[1]] = total

    def stored(self, hour: Hour) -> Sum:
        """The total that a checkpoint keeps."""
        return self._hours[hour[0]][hour[1]]

    def sums(self, kind: str, edges: Sequence[int]) -> list[Sum]:
        """(count, cents) from each edge to the next; edges are full hours of the site, in ms."""
        number = self._names.ids["kind"].get(kind, 0)
        return [found.get(number, (0, 0)) for found in self._between(edges)]

    def kinds(self, edges: Sequence[int]) -> list[dict[str, Sum]]:
        """The same for every kind that happened."""
        names = self._names.names["kind"]
        return [{names[kind]: sum_ for kind, sum_ in found.items()} for found in self._between(edges)]

    def _between(self, edges: Sequence[int]) -> Iterator[Mapping[int, Sum]]:
        numbers = [self.grid.number(edge) for edge in edges]
        for first, end in pairwise(numbers):
            if end - first == 1:
                yield self._hours.get(first, {})
                continue
            found: dict[int, Sum] = {}
            for number in range(first, end):
                for kind, (count, cents) in self._hours.get(number, {}).items():
                    before = found.get(kind, (0, 0))
                    found[kind] = (before[0] + count, before[1] + cents)
            yield found
