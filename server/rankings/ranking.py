"""One ranking: which events count, for which key, how much and on which day."""

from collections import defaultdict
from collections.abc import Iterator, Mapping

from server.rankings.heap import Heap, Names
from server.rankings.unsettled import Unsettled
from server.rankings.window import ALL, DAYS, Buckets, Window
from server.settings import RankingSpec as Spec

EXACT = 1 << 53  # below it, a float that is whole is exactly that number
KEPT_DAYS = 31  # buckets that some window may still need

Changed = defaultdict[int, set[int]]  # by day: keys


def whole(value: object) -> int | None:
    """A whole number, also one written as 21.0 or 1e3; None for anything else. Sums count these only."""
    if type(value) is int:
        return value
    if isinstance(value, float) and value.is_integer() and abs(value) < EXACT:
        return int(value)
    return None


def named(value: object) -> str:
    """The name of a value of the field that is ranked: a text as it is, other values as in JSON."""
    return str(value).lower() if isinstance(value, bool) else str(value)


class Ranking:
    """Scores by key in all windows of a ranking; a fold of the log.

    names: key to name, shared. field: what it sums, "" when it counts. Days are counted since 1970 in
    the site's time zone. What was added waits until somebody reads: so a key that comes often is moved
    to its place once, not every time.
    """

    def __init__(self, spec: Spec, names: Names) -> None:
        self.spec = spec
        self.buckets: Buckets = {}
        self._windows: dict[str, Window] = {
            name: Window(DAYS[name], self.buckets, names) for name in dict.fromkeys(spec.windows)
        }
        self._plus, self._minus = frozenset(spec.kinds), frozenset(spec.minus)
        self.field = spec.score.removeprefix("sum:") if spec.score != "count" else ""
        self._all = self._windows["all"].heap if "all" in self._windows else None
        self._dated = [window for window in self._windows.values() if window.days]
        self._today: int | None = None
        self._waiting = Unsettled()
        self._changed: Changed = defaultdict(set)

    def weight(self, kind: str) -> int:
        """1 for a kind that adds, -1 for one that takes away, 0 for one that does not count here."""
        return 1 if kind in self._plus else -1 if kind in self._minus else 0

    def add(self, day: int, deltas: Mapping[int, int]) -> None:
        """Count what each key gets on `day`."""
        self._waiting.add(day if self._dated else ALL, deltas)

    def settle(self) -> None:
        """Let every key that waits find its place."""
        for day, deltas in self._waiting.take().items():
            if self._all is not None:
                self._all.add_all(deltas)
                self._changed[ALL].update(deltas)
            if self._dated:
                self._add_dated(day, deltas)

    def _add_dated(self, day: int, deltas: Mapping[int, int]) -> None:
        bucket = self.buckets.setdefault(day, {})
        for key, delta in deltas.items():
            bucket[key] = bucket.get(key, 0) + delta
        for window in self._dated:
            window.add(day, deltas)
        self._changed[day].update(deltas)

    def windows(self) -> list[str]:
        """Their names, in the order of the settings."""
        return list(self._windows)

    def heap(self, window: str) -> Heap:
        """The scores of a window as they are now. Raises KeyError when the ranking has no such window."""
        self.settle()
        return self._windows[window].heap

    def is_after(self, window: str, day: int) -> bool:
        """Whether only days after `day` count in a window now."""
        return self._windows[window].is_after(day)

    def changed(self) -> Changed:
        """The keys whose score of a day, or of ALL time, has changed since the last call."""
        self.settle()
        changed, self._changed = self._changed, defaultdict(set)
        return changed

    def restore(self, day: int, key: int, score: int) -> None:
        """Take a score of a checkpoint; `day` is ALL for all time. Move to a day afterwards."""
        if day == ALL:
            if self._all is not None:
                self._all.add(key, score)
        elif self._dated:
            self.buckets.setdefault(day, {})[key] = score

    def stored(self, day: int, key: int) -> int:
        """The score that a checkpoint keeps, once settled; `day` is ALL for all time."""
        if day == ALL:
            return self._all.score(key) if self._all is not None else 0
        return self.buckets.get(day, {}).get(key, 0)

    def above_zero(self) -> Iterator[tuple[int, int]]:
        """(key, score) of all time, of keys above zero, once settled; reads nothing but scores."""
        return self._all.above_zero() if self._all is not None else iter(())

    def move(self, today: int) -> None:
        """Let `today` be another day, and forget the buckets that no window can need again."""
        if today == self._today:
            return
        self.settle()
        self._today = today
        for window in self._dated:
            window.move(today)
        for day in [day for day in self.buckets if day <= today - KEPT_DAYS]:
            del self.buckets[day]
