"""Reads the LED of a virtual board, as somebody who stands before it."""

import asyncio
import time

from tests.patience import patience
from tools.vboard.client import VirtualBoard

LED = 25  # where virtual boards have it
LOOK_S = 0.04
DARK_S = 0.9  # between two patterns; within one it is dark for 0.25 s
LATE_S = 0.15  # since the last look: a blink may have passed unseen


async def blinks(board: VirtualBoard, patterns: int = 1) -> set[int]:
    """How often it blinks between two pauses, for so many whole patterns that were looked at without a gap."""
    found: set[int] = set()
    count, level, whole = 0, 0, False
    dark_at = looked_at = time.monotonic()
    async with patience():
        while patterns:
            now = await board.pin(LED)
            if now and not level:
                count += 1
            if time.monotonic() - looked_at > LATE_S:
                whole = False
            looked_at = time.monotonic()
            if now:
                dark_at = looked_at
            if count and looked_at - dark_at > DARK_S:
                if whole:  # the first may have been under way already
                    found.add(count)
                    patterns -= 1
                whole, count = True, 0
            level = now
            await asyncio.sleep(LOOK_S)
    return found
