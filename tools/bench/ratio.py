"""One figure: ours against a yardstick, measured in turns in the same run."""

import statistics
from collections.abc import Callable
from dataclasses import dataclass

ROUNDS = 5


@dataclass(frozen=True)
class Ratio:
    """One figure of the benchmark.

    name: what was measured. against: the yardstick, in words. ours, yardstick: medians, in `unit`. ratio: the
    median of the rounds' ratios; low, high: the smallest and the largest of them. unit: as `/s` or `ms`.
    """

    name: str
    against: str
    ours: float
    yardstick: float
    ratio: float
    low: float
    high: float
    unit: str = "/s"


def measure(
    names: tuple[str, str], ours: Callable[[], float], yardstick: Callable[[], float], unit: str = "/s"
) -> Ratio:
    """Measure both in turns, five rounds. names: of ours and of the yardstick."""
    return of(names, [(ours(), yardstick()) for _ in range(ROUNDS)], unit)


def of(names: tuple[str, str], pairs: list[tuple[float, float]], unit: str) -> Ratio:
    """The figure of pairs that were measured together: (ours, yardstick) of each round."""
    ratios = [mine / other for mine, other in pairs]
    return Ratio(
        *names,
        statistics.median(mine for mine, _ in pairs),
        statistics.median(other for _, other in pairs),
        statistics.median(ratios),
        min(ratios),
        max(ratios),
        unit,
    )
