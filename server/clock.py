"""The wall clock, the way the whole edge counts time."""

import ctypes
import time

TIME_ERROR = 5  # adjtimex(2): the clock is not synchronized
TIMEX_BYTES = 512  # more than struct timex has anywhere; all zero, it asks and changes nothing


def milliseconds() -> int:
    """Now, ms since 1970 UTC."""
    return time.time_ns() // 1_000_000


def is_synchronized() -> bool:
    """Whether the kernel's clock follows a time server; False where that cannot be asked."""
    try:
        state = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(TIMEX_BYTES))
    except (OSError, AttributeError):
        return False
    return 0 <= int(state) < TIME_ERROR
