"""The keys that come into the best of rankings, event by event, for rules with `entered`.

All of it is a fold of scores: a start takes the leaders from the scores that it has recovered. A
transaction only reads scores, on the writer's thread; they change between two transactions.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from server.folds.folds import Folds, RankingPlan, Scores, noun_of
from server.folds.names import Fresh, Names
from server.rankings.leaders import Leaders, Standing
from server.rankings.window import ALL
from server.rules.evaluate import Told
from server.settings import Rule, Top
from server.store.names import Noun


class Entry(NamedTuple):
    """A key that came in.

    top: the top k that it came into. noun: what the key names, as `customer`. number: the integer of the key
    in the log. key: its name. rank (from 1) and score: right after the event.
    """

    top: Top
    noun: Noun
    number: int
    key: str
    rank: int
    score: int


class Entrances:
    """The committed leaders of each top k that rules name.

    kinds: of the events that may change them. plans: by kind, what such an event does to their rankings.
    """

    def __init__(self, rules: Iterable[Rule], folds: Folds, names: Names) -> None:
        self.folds = folds
        self.names = names
        self.rules: defaultdict[Top, list[Rule]] = defaultdict(list)
        for rule in rules:
            if rule.top is not None:
                self.rules[rule.top].append(rule)
        specs = [folds.rankings[name].spec for name in self._rankings()]
        self.kinds = frozenset(kind for spec in specs for kind in (*spec.kinds, *spec.minus))
        self.plans = {kind: self._plan(kind) for kind in self.kinds}
        self._settle()
        self.leaders = {top: Leaders(top.k, self._everybody(top)) for top in self.rules}

    def begin(self, fresh: Fresh) -> "Entering":
        """The changes by the events of a batch, for `adopt` after its commit."""
        return Entering(self, fresh)

    def adopt(self, entering: "Entering") -> None:
        """Take over a committed batch, once the folds have."""
        self.leaders.update(entering.leaders)
        self._settle()

    def _plan(self, kind: str) -> RankingPlan:
        names = self._rankings()
        return RankingPlan([term for term in self.folds.plan(kind).terms if term.ranking in names])

    def _rankings(self) -> set[str]:
        return {top.ranking for top in self.rules}

    def _settle(self) -> None:
        """Settle scores now; otherwise a reader would do it on another thread while a batch reads them."""
        for name in self._rankings():
            self.folds.rankings[name].settle()

    def _everybody(self, top: Top) -> Iterator[Standing]:
        ranking = self.folds.rankings[top.ranking]
        names = self.names.names[noun_of(ranking.spec.key)]
        return ((key, (-score, names[key])) for key, score in ranking.above_zero())


class Entering:
    """Scores and leaders inside one transaction: the committed ones, and what it changes."""

    def __init__(self, committed: Entrances, fresh: Fresh) -> None:
        self._committed = committed
        self._fresh = fresh
        self._scores: defaultdict[str, dict[int, int]] = defaultdict(dict)  # by ranking: changed ones
        self.leaders: dict[Top, Leaders] = {}

    def take(self, event: Told, who: tuple[int | None, int]) -> list[Entry]:
        """The keys that come in by an event, at most one per top k. who: its customer, if any, and device."""
        kind, at, fields = event
        changes: Scores = {}
        self._committed.folds.tally(self._committed.plans[kind], (at, fields), who, self._fresh, changes)
        found: list[Entry] = []
        for rankings in changes.values():
            for ranking, deltas in rankings.items():
                for key, delta in deltas.items():
                    self._scores[ranking][key] = self._score(ranking, key) + delta
                    for top in [top for top in self._committed.rules if top.ranking == ranking]:
                        found += self._change(top, key)
        return found

    def _change(self, top: Top, key: int) -> list[Entry]:
        leaders = self.leaders.get(top)
        if leaders is None:
            leaders = self.leaders[top] = self._committed.leaders[top].copy()
        noun = noun_of(self._committed.folds.rankings[top.ranking].spec.key)
        place = -self._scores[top.ranking][key], self._fresh.name(noun, key)
        entered = leaders.change(key, place, lambda: self._everybody(top.ranking, noun))
        if entered is None:
            return []
        below, name = leaders.places[entered]
        return [Entry(top, noun, entered, name, leaders.rank(entered), -below)]

    def _score(self, ranking: str, key: int) -> int:
        changed = self._scores[ranking].get(key)
        return self._committed.folds.rankings[ranking].stored(ALL, key) if changed is None else changed

    def _everybody(self, ranking: str, noun: Noun) -> Iterator[Standing]:
        changed = self._scores[ranking]
        for key, score in self._committed.folds.rankings[ranking].above_zero():
            if key not in changed:
                yield key, (-score, self._fresh.name(noun, key))
        for key, score in changed.items():
            if score > 0:
                yield key, (-score, self._fresh.name(noun, key))
