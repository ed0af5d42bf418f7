"""Everything in memory that is a fold of the log: rankings, rule counters, totals.

They change only after COMMIT returned, and a checkpoint plus a replay of the log behind it gives
exactly the same again.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from server.calendar import Days
from server.errors import NotFound
from server.folds.names import Fresh, Names
from server.folds.totals import Hour, Hourly, Sum
from server.rankings.heap import Best, Heap
from server.rankings.ranking import Ranking, named, whole
from server.rules.evaluate import Counts
from server.settings import RankingSpec
from server.store.checkpoints import Delta
from server.store.names import Noun

Bucket = tuple[str, int]  # ranking, day
Sums = dict[int, int]  # by key: what is added
Scores = dict[int, dict[str, Sums]]  # by day and ranking
Timed = tuple[int, Mapping[str, object]]  # best known time (ms), fields without the customer


class Term(NamedTuple):
    """How events of one kind count in a ranking.

    ranking: its name. field: the field that it sums, "" when it counts events. sign: 1 or -1. key: what it
    ranks, customer, device or the name of a field. noun: where the log keeps the names of such keys.
    """

    ranking: str
    field: str
    sign: int
    key: str
    noun: Noun


class RankingPlan(NamedTuple):
    """The effect of events of one kind on rankings.

    terms: one per ranking that the kind counts in.
    """

    terms: list[Term]


class Place(NamedTuple):
    """A row of a ranking. rank: from 1. key: a customer, device or value. score: a whole number."""

    rank: int
    key: str
    score: int


@dataclass
class Dirty:
    """The changes since the last checkpoint.

    scores: keys, by ranking and day. counts: ids of customers, by rule. totals: hours with their kind.
    """

    scores: defaultdict[Bucket, set[int]] = field(default_factory=lambda: defaultdict(set))
    counts: defaultdict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    totals: set[Hour] = field(default_factory=set)

    def merge(self, other: "Dirty") -> None:
        """Take over the changes of another one whose write failed."""
        for bucket, keys in other.scores.items():
            self.scores[bucket] |= keys
        for rule, customers in other.counts.items():
            self.counts[rule] |= customers
        self.totals |= other.totals


class Folds:
    """Rankings, rule counters and totals by hour, and up to which event (`through`) they hold."""

    def __init__(self, specs: tuple[RankingSpec, ...], names: Names, days: Days) -> None:
        self._names = names
        self._days = days
        self.rankings = {spec.name: Ranking(spec, names.names[noun_of(spec.key)]) for spec in specs}
        self.counts = Counts()
        self.totals = Hourly(names, days.grid)
        self._plans: dict[str, RankingPlan] = {}  # by kind
        self.dirty = Dirty()
        self.through = 0
        self.begun: dict[str, int] = {}  # as of checkpoints.begun
        self._tops: dict[tuple[str, str], tuple[Best, list[Place]]] = {}  # what was shown last

    def plan(self, kind: str) -> RankingPlan:
        """The effect of events of a kind on rankings."""
        found = self._plans.get(kind)
        if found is None:
            terms = [
                Term(name, ranking.field, sign, ranking.spec.key, noun_of(ranking.spec.key))
                for name, ranking in self.rankings.items()
                if (sign := ranking.weight(kind))
            ]
            found = RankingPlan(terms)
            if terms:  # only kinds that count: names of kinds come from outside
                self._plans[kind] = found
        return found

    def tally(
        self, plan: RankingPlan, event: Timed, who: tuple[int | None, int], fresh: Fresh, scores: Scores
    ) -> list[str]:
        """Add to `scores` what an event adds to rankings. who: its customer, if any, and device.

        A value that is not a whole number adds nothing; the names of the rankings that could not count it.
        """
        at, fields = event
        skipped: list[str] = []
        today = self._sums(scores, self._days.day(at))
        for ranking, summed, sign, key, noun in plan.terms:
            delta, into = sign, today[ranking]
            if summed:
                value = fields.get(summed)
                number = whole(value)
                delta = sign * number if number is not None else 0
                if number is None and value is not None:
                    skipped.append(ranking)
            number = who[0] if noun == "customer" else who[1]
            if noun == "term":
                value = fields.get(key)
                number = fresh.term(named(value)) if delta and value is not None else None
            if not delta or number is None:
                continue
            if sign < 0:
                of_at = whole(fields.get("of_at"))
                if of_at is not None and 0 <= of_at < at:
                    into = self._sums(scores, self._days.day(of_at))[ranking]
            into[number] = into.get(number, 0) + delta
        return skipped

    def adopt(self, scores: Scores, totals: Mapping[Hour, Sum], counts: Counts, through: int) -> None:
        """Add what the log has gained up to event `through`."""
        for day, rankings in scores.items():
            for name, deltas in rankings.items():
                if deltas:
                    self.rankings[name].add(day, deltas)
        self.totals.add(totals)
        self.dirty.totals.update(totals)
        for rule, numbers in counts.items():
            counted = self.counts[rule]
            for customer, number in numbers.items():
                counted[customer] = counted.get(customer, 0) + number
            self.dirty.counts[rule].update(numbers)
        self.through = through

    def move(self, now: int) -> None:
        """Let the day of `now` (ms) be today."""
        today = self._days.day(now)
        for ranking in self.rankings.values():
            ranking.move(today)

    def delta(self) -> tuple[Delta, Dirty]:
        """What a checkpoint writes now, and what to merge back if that fails."""
        dirty, self.dirty = self.dirty, Dirty()
        delta = Delta(self.through)
        for name, ranking in self.rankings.items():
            for day, keys in ranking.changed().items():
                dirty.scores[(name, day)] |= keys
        for (name, day), keys in dirty.scores.items():
            stored = self.rankings[name].stored
            delta.scores += [(name, day, key, stored(day, key)) for key in keys]
        for rule, customers in dirty.counts.items():
            counted = self.counts[rule]
            delta.counts += [(rule, customer, counted[customer]) for customer in customers]
        for hour in dirty.totals:
            delta.totals.append((*hour, *self.totals.stored(hour)))
        return delta, dirty

    def names(self) -> list[tuple[str, list[str]]]:
        """Each ranking with its windows, in the order of the settings."""
        return [(name, ranking.windows()) for name, ranking in self.rankings.items()]

    def top(self, name: str, window: str, k: int) -> Sequence[Place]:
        """The best k, best first. Raises NotFound."""
        best = self._heap(name, window).top(k)
        known = self._tops.get((name, window))
        if known is None or known[0] is not best:
            names = self._names.names[noun_of(self.rankings[name].spec.key)]
            places = [Place(rank, names[key], score) for rank, (key, score) in enumerate(best, 1)]
            known = self._tops[(name, window)] = best, places
        return known[1]

    def place(self, name: str, window: str, key: str) -> Place | None:
        """Rank and score of one key, None when it is not listed. Raises NotFound."""
        heap = self._heap(name, window)
        number = self._names.ids[noun_of(self.rankings[name].spec.key)].get(key)
        rank = heap.rank(number) if number is not None else None
        return None if number is None or rank is None else Place(rank, key, heap.score(number))

    def score(self, name: str, window: str, key: str) -> int | None:
        """The score of one key, None when the key is not known. Raises NotFound."""
        heap = self._heap(name, window)
        number = self._names.ids[noun_of(self.rankings[name].spec.key)].get(key)
        return heap.score(number) if number is not None else None

    def since(self, name: str, window: str) -> int | None:
        """When the oldest event came that a window could count (ms since 1970 UTC); None for the whole log.

        Raises NotFound.
        """
        self._heap(name, window)
        begun = self.begun.get(f"ranking:{name}")
        if begun is None or self.rankings[name].is_after(window, self._days.day(begun)):
            return None
        return begun

    def skipped(self, name: str) -> int:
        """The number of events that a ranking could not count: their value was not a whole number."""
        return self.counts[skipped_of(name)].get(0, 0) if name in self.rankings else 0

    def size(self, name: str, window: str) -> int:
        """The number of listed keys. Raises NotFound."""
        return len(self._heap(name, window))

    def _heap(self, name: str, window: str) -> Heap:
        ranking = self.rankings.get(name)
        if ranking is None:
            raise NotFound(f"No ranking {name!r}; there are: {', '.join(self.rankings)}.")
        if window not in ranking.windows():
            raise NotFound(
                f"Ranking {name} has no window {window!r}; it has: {', '.join(ranking.windows())}."
            )
        return ranking.heap(window)

    def _sums(self, scores: Scores, day: int) -> dict[str, Sums]:
        found = scores.get(day)
        if found is None:
            found = scores[day] = {name: {} for name in self.rankings}
        return found


def skipped_of(name: str) -> str:
    """The name of the counter of events that a ranking could not count; no rule has such a name."""
    return f"ranking:{name}"


def noun_of(key: str) -> Noun:
    """The noun under which the log keeps the keys of a ranking."""
    return "customer" if key == "customer" else "device" if key == "device" else "term"
