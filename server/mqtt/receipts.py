"""Telling the broker that a message is safe here, after its commit."""

import asyncio
from collections import deque
from collections.abc import Callable
from functools import partial


class Receipts:
    """Acknowledgements over one connection.

    They go out together, in the order in which the messages arrived, as MQTT wants, whatever was
    committed first. After the end of the connection nothing is sent.
    """

    def __init__(self, send: Callable[[list[int]], None], loop: asyncio.AbstractEventLoop) -> None:
        self._send = send
        self._loop = loop
        self._open: deque[list[int]] = deque()  # packet id, and 1 once it is committed
        self._scheduled = False
        self._ended = False

    def owe(self, packet_id: int) -> Callable[..., None]:
        """A message arrived; call what this returns, with any argument or none, to acknowledge it."""
        entry = [packet_id, 0]
        self._open.append(entry)
        return partial(self._give, entry)

    def end(self) -> None:
        """Send no more: on another connection the same packet ids mean other messages."""
        self._ended = True

    def _give(self, entry: list[int], _: object = None) -> None:
        entry[1] = 1
        if not self._scheduled and self._open and self._open[0][1]:
            self._scheduled = True
            self._loop.call_soon(self._flush)

    def _flush(self) -> None:
        self._scheduled = False
        due = []
        while self._open and self._open[0][1]:
            due.append(self._open.popleft()[0])
        if due and not self._ended:
            self._send(due)
