"""Everything in memory that is a fold of the log: rankings, rule counters, totals.

They change only after COMMIT returned, and a checkpoint plus a replay of the log behind it gives
exactly the same again.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from server.errors import NotFound
from server.ingest.days import Days
from server.ingest.names import Names, Noun
from server.rankings.ranking import NotWhole, Ranking
from server.rankings.window import ALL
from server.rules.evaluate import Counts
from server.settings import Ranking as Spec
from server.store.checkpoints import Delta

HOUR_MS = 3_600_000


Score = tuple[str, int, int]  # ranking, day, key
Entry = tuple[Score, int]  # a score that an event changes, and by how much


class Place(NamedTuple):
    """A row of a ranking. rank: from 1. key: a customer, device or value. score: a whole number."""

    rank: int
    key: str
    score: int


@dataclass
class Dirty:
    """What changed since the last checkpoint."""

    scores: set[Score] = field(default_factory=set)
    counts: set[tuple[str, int]] = field(default_factory=set)
    totals: set[tuple[int, int]] = field(default_factory=set)

    def __len__(self) -> int:
        return len(self.scores) + len(self.counts) + len(self.totals)

    def merge(self, other: "Dirty") -> None:
        """Take over what another one has, after its write failed."""
        self.scores |= other.scores
        self.counts |= other.counts
        self.totals |= other.totals


class Folds:
    """Rankings, rule counters and totals by hour, and up to which event (`through`) they hold."""

    def __init__(self, specs: tuple[Spec, ...], names: Names, days: Days) -> None:
        self._names = names
        self._days = days
        self.rankings = {spec.name: Ranking(spec, names.names[noun_of(spec.key)]) for spec in specs}
        self.counts: Counts = {}
        self._totals: dict[tuple[int, int], tuple[int, int]] = {}
        self._by_kind: dict[str, list[tuple[Ranking, Noun]]] = {}
        self.dirty = Dirty()
        self.through = 0

    def entries(
        self,
        kind: str,
        at: int,
        fields: Mapping[str, Any],
        intern: Callable[[Noun, str], int],
        strict: bool = True,
    ) -> list[Entry]:
        """The scores that an event changes. fields: with `customer` and `device` among them.

        intern: a name's integer. strict: raise NotWhole when a summed field is no whole number;
        else only that ranking is left out.
        """
        found: list[Entry] = []
        for ranking, noun in self._of(kind):
            try:
                delta = ranking.delta(kind, fields)
            except NotWhole:
                if strict:
                    raise
                continue
            name = fields.get(ranking.spec.key)
            if delta and name is not None:
                of_at = fields.get("of_at") if kind in ranking.spec.minus else None
                placed_at = of_at if type(of_at) is int and 0 <= of_at < at else at
                key = intern(noun, str(name))
                found.append(((ranking.spec.name, self._days.day(placed_at), key), delta))
        return found

    def apply(self, entries: list[Entry]) -> None:
        """Count committed entries; what changes a score several times is added up first."""
        sums: dict[Score, int] = {}
        for score, delta in entries:
            sums[score] = sums.get(score, 0) + delta
        for (name, day, key), delta in sums.items():
            self.rankings[name].add(day, key, delta)
            self.dirty.scores.add((name, ALL, key))
        self.dirty.scores.update(sums)

    def total(self, at: int, kind: int, cents: object) -> None:
        """Count one committed event in its hour."""
        key = (at // HOUR_MS, kind)
        count, sum_ = self._totals.get(key, (0, 0))
        self._totals[key] = (count + 1, sum_ + (cents if type(cents) is int else 0))
        self.dirty.totals.add(key)

    def count(self, counts: Counts) -> None:
        """Add committed counts of rules."""
        for key, number in counts.items():
            self.counts[key] = self.counts.get(key, 0) + number
            self.dirty.counts.add(key)

    def move(self, now: int) -> None:
        """Let the day of `now` (ms) be today."""
        today = self._days.day(now)
        for ranking in self.rankings.values():
            ranking.move(today)

    def delta(self) -> tuple[Delta, Dirty]:
        """What a checkpoint writes now, and what to merge back should that fail."""
        dirty, self.dirty = self.dirty, Dirty()
        delta = Delta(self.through)
        for name, day, key in dirty.scores:
            delta.scores.append((name, day, key, self.rankings[name].stored(day, key)))
        for rule, customer in dirty.counts:
            delta.counts.append((rule, customer, self.counts[(rule, customer)]))
        for hour, kind in dirty.totals:
            delta.totals.append((hour, kind, *self._totals[(hour, kind)]))
        return delta, dirty

    def restore_total(self, hour: int, kind: int, total: tuple[int, int]) -> None:
        """Take a total of a checkpoint."""
        self._totals[(hour, kind)] = total

    def hours(self, kind: str, first_hour: int, last_hour: int) -> list[tuple[int, int]]:
        """(count, cents) of each hour from first to last; hours are counted since 1970 UTC."""
        number = self._names.ids["kind"].get(kind, 0)
        hours = range(first_hour, last_hour + 1)
        return [self._totals.get((hour, number), (0, 0)) for hour in hours]

    def names(self) -> list[tuple[str, list[str]]]:
        """Each ranking with its windows, in the order of the settings."""
        return [(name, list(ranking.windows)) for name, ranking in self.rankings.items()]

    def top(self, name: str, window: str, k: int) -> list[Place]:
        """The best k, best first. Raises NotFound."""
        ranking = self._window(name, window)
        names = self._names.names[noun_of(self.rankings[name].spec.key)]
        rows = ranking.heap.top(k)
        return [Place(rank, names[key], score) for rank, (key, score) in enumerate(rows, 1)]

    def place(self, name: str, window: str, key: str) -> Place | None:
        """Rank and score of one key, None when it is not listed. Raises NotFound."""
        heap = self._window(name, window).heap
        number = self._names.ids[noun_of(self.rankings[name].spec.key)].get(key)
        rank = heap.rank(number) if number is not None else None
        return None if number is None or rank is None else Place(rank, key, heap.score(number))

    def size(self, name: str, window: str) -> int:
        """How many keys are listed. Raises NotFound."""
        return len(self._window(name, window).heap)

    def _window(self, name: str, window: str) -> Any:
        ranking = self.rankings.get(name)
        if ranking is None:
            raise NotFound(f"No ranking {name!r}; there are: {', '.join(self.rankings)}.")
        if window not in ranking.windows:
            raise NotFound(f"Ranking {name} has no window {window!r}; it has: {', '.join(ranking.windows)}.")
        return ranking.windows[window]

    def _of(self, kind: str) -> list[tuple[Ranking, Noun]]:
        found = self._by_kind.get(kind)
        if found is None:
            counting = [ranking for ranking in self.rankings.values() if ranking.counts(kind)]
            found = [(ranking, noun_of(ranking.spec.key)) for ranking in counting]
            if found:  # only kinds that count: names of kinds come from outside
                self._by_kind[kind] = found
        return found


def noun_of(key: str) -> Noun:
    """Which names a ranking's key is one of."""
    return "customer" if key == "customer" else "device" if key == "device" else "term"
