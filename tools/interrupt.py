"""Ctrl-C raises KeyboardInterrupt where something must be ended in order, and else ends the process."""

import asyncio
import signal
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")
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


def run(work: Coroutine[object, object, T]) -> T:
    """As asyncio.run, but Ctrl-C only cancels `work`, also while the loop is made or closed.

    There, it would interrupt asyncio itself, which prints what it had not ended. Raises KeyboardInterrupt
    when `work` was cancelled by it.
    """
    before = signal.getsignal(signal.SIGINT)
    if before is not signal.default_int_handler:
        return asyncio.run(work)
    pressed: list[int] = []

    async def working() -> T:
        task = asyncio.current_task()
        assert task is not None

        def press() -> None:
            pressed.append(signal.SIGINT)
            task.cancel()

        asyncio.get_running_loop().add_signal_handler(signal.SIGINT, press)
        if pressed:
            task.cancel()
        return await work

    signal.signal(signal.SIGINT, lambda number, _: pressed.append(number))
    try:
        return asyncio.run(working())
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None
    finally:
        signal.signal(signal.SIGINT, before)
