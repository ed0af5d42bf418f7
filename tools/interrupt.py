"""Ctrl-C raises KeyboardInterrupt where something must be ended in order, and else ends the process."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager

STOPPED = 130  # the exit code of a command that Ctrl-C ended, as shells have it: 128 and the number of SIGINT


@contextmanager
def interruptible() -> Iterator[None]:
    """Inside, Ctrl-C raises KeyboardInterrupt, unless it is ignored; outside it is as it was before."""
    before = signal.getsignal(signal.SIGINT)
    if before is not signal.SIG_DFL:
        yield
        return
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
