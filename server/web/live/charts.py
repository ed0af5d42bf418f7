"""Geometry of the small charts: paths and heights for SVG, without texts."""

from collections.abc import Sequence

WIDE, HIGH, PAD = 100.0, 40.0, 4.0
BAR_HIGH = 88.0


def line(values: Sequence[float], slots: int, top: float) -> str:
    """A path over 100 x 40 for values that begin at the left of `slots` equal steps; zero is the foot."""
    if not values:
        return ""
    step = WIDE / max(1, slots - 1)
    points = [f"{index * step:.1f} {_height(value, top):.1f}" for index, value in enumerate(values)]
    return "M" + " ".join(points)


def tip(values: Sequence[float], slots: int, top: float) -> str:
    """The last point of a line, as a path without length: a round cap draws it."""
    if not values:
        return ""
    return f"M{(len(values) - 1) * WIDE / max(1, slots - 1):.1f} {_height(values[-1], top):.1f}h0"


def bar(count: int, top: int) -> float:
    """The height of a bar, at most 88; a count above zero is always visible."""
    return round(max(BAR_HIGH * count / max(1, top), 2.0 if count else 0.0), 1)


def _height(value: float, top: float) -> float:
    return HIGH - 2 - (HIGH - 2 - PAD) * max(0.0, value) / (top or 1)
