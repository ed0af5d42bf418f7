"""One figure: ours against a yardstick, measured in turns in the same run."""

import statistics
from collections.abc import Callable
from dataclasses import dataclass

ROUNDS = 5


@dataclass(frozen=True)
class Ratio:
    """name: what was measured. ours, yardstick: medians, a second. ratio: median of the rounds'."""

    name: str
    against: str
    ours: float
    yardstick: float
    ratio: float
    low: float
    high: float


def measure(name: str, against: str, ours: Callable[[], float], yardstick: Callable[[], float]) -> Ratio:
    """Measure both in turns, five rounds; each function gives a rate."""
    pairs = [(ours(), yardstick()) for _ in range(ROUNDS)]
    ratios = [mine / other for mine, other in pairs]
    return Ratio(
        name,
        against,
        statistics.median(mine for mine, _ in pairs),
        statistics.median(other for _, other in pairs),
        statistics.median(ratios),
        min(ratios),
        max(ratios),
    )
