"""The wall clock, by which the whole edge counts time."""

import time


def milliseconds() -> int:
    """Now, ms since 1970 UTC."""
    return time.time_ns() // 1_000_000
