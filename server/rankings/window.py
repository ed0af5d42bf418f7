"""A ranking over the latest days: a heap that day buckets enter and leave."""

from collections.abc import Mapping

from server.rankings.heap import Heap, Names

ALL = -1  # the bucket of all time
DAYS = {"all": 0, "today": 1, "7d": 7, "30d": 30}  # 0: no end

Buckets = dict[int, dict[int, int]]  # day -> key -> score


class Window:
    """The scores of the last `days` days up to `today`, or of all time for 0 days.

    buckets: the scores by day; they belong to the ranking, and all of its windows share them.
    """

    def __init__(self, days: int, buckets: Buckets, names: Names) -> None:
        self.days = days
        self.heap = Heap(names)
        self._buckets = buckets
        self._today: int | None = None

    def holds(self, day: int) -> bool:
        """Whether a day counts in this window now."""
        if not self.days:
            return True
        return self._today is not None and self._today - self.days < day <= self._today

    def is_after(self, day: int) -> bool:
        """Whether only later days count in this window now."""
        return bool(self.days) and self._today is not None and day <= self._today - self.days

    def add(self, day: int, deltas: Mapping[int, int]) -> None:
        """Count what is in the day's bucket already, when that day counts here."""
        if self.holds(day):
            self.heap.add_all(deltas)

    def move(self, today: int) -> None:
        """Let `today` be another day: buckets that left are taken out, those that came are added.

        Costs O(keys of those buckets), never O(all keys).
        """
        if not self.days or today == self._today:
            return
        before = set(self._span(self._today))
        self._today = today
        after = set(self._span(today))
        for day in before - after:
            self._apply(day, -1)
        for day in after - before:
            self._apply(day, 1)

    def _span(self, today: int | None) -> range:
        return range(0) if today is None else range(today - self.days + 1, today + 1)

    def _apply(self, day: int, sign: int) -> None:
        for key, score in self._buckets.get(day, {}).items():
            self.heap.add(key, sign * score)
