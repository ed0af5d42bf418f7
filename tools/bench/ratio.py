"""One figure: ours against a yardstick, measured in turns in the same run."""

import math
import statistics
from collections.abc import Callable, Iterable
from dataclasses import dataclass

ROUNDS = 5


class Seen(float):
    """What was measured in a round that did not go as it should. note: what was seen instead."""

    def __new__(cls, value: float, note: str) -> "Seen":
        made = super().__new__(cls, value)
        made.note = note
        return made

    note: str


def notes(figures: Iterable[float]) -> str:
    """What was seen in these, each once; empty when all went as it should."""
    return "; ".join(dict.fromkeys(one.note for one in figures if isinstance(one, Seen)))


def from_(value: float, *figures: float) -> float:
    """A figure that was made of others, with their notes."""
    note = notes(figures)
    return Seen(value, note) if note else value


@dataclass(frozen=True)
class Ratio:
    """One figure of the benchmark.

    name: what was measured. against: the yardstick, in words. ours, yardstick: medians, in `unit`. ratio: the
    median of the rounds' ratios; low, high: the smallest and the largest of them. unit: as `/s` or `ms`.
    note: what was seen where a round did not go as it should, so that the figure is to be doubted.
    """

    name: str
    against: str
    ours: float
    yardstick: float
    ratio: float
    low: float
    high: float
    unit: str = "/s"
    note: str = ""


def measure(
    names: tuple[str, str], ours: Callable[[], float], yardstick: Callable[[], float], unit: str = "/s"
) -> Ratio:
    """Measure both in turns, five rounds. names: of ours and of the yardstick."""
    return of(names, [(ours(), yardstick()) for _ in range(ROUNDS)], unit)


def of(names: tuple[str, str], pairs: list[tuple[float, float]], unit: str) -> Ratio:
    """The figure of pairs that were measured together: (ours, yardstick) of each round."""
    ratios = [mine / other if other else math.nan for mine, other in pairs]
    return Ratio(
        *names,
        statistics.median(mine for mine, _ in pairs),
        statistics.median(other for _, other in pairs),
        statistics.median(ratios),
        min(ratios),
        max(ratios),
        unit,
        notes(one for pair in pairs for one in pair),
    )


def nothing(name: str, note: str) -> Ratio:
    """The row of a group that has no figure. note: why."""
    none = math.nan
    return Ratio(name, "", none, none, none, none, none, "", note)
