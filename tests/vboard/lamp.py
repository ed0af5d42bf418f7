"""Reads the LED of a virtual board, as somebody who stands before it."""

import asyncio
import time

from tools.vboard.client import VirtualBoard

LED = 25  # where virtual boards have it
LOOK_S = 0.04
DARK_S = 0.9  # between two patterns; within one it is dark for 0.25 s
TIMEOUT_S = 20


async def blinks(board: VirtualBoard, patterns: int = 1, timeout_s: float = TIMEOUT_S) -> set[int]:
    """How often it blinks between two pauses, for so many whole patterns. Raises TimeoutError."""
    found: set[int] = set()
    count, level, dark_at, whole = 0, 0, time.monotonic(), False
    async with asyncio.timeout(timeout_s):
        while patterns:
            now = await board.pin(LED)
            if now and not level:
                count += 1
            if now:
                dark_at = time.monotonic()
            if count and time.monotonic() - dark_at > DARK_S:
                if whole:  # the first may have been under way already
                    found.add(count)
                    patterns -= 1
                whole, count = True, 0
            level = now
            await asyncio.sleep(LOOK_S)
    return found
