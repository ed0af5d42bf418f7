"""Hands each message of the broker to its handler."""

import asyncio
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Protocol

from firmware.wire import reading
from firmware.wire.errors import WireError
from server.mqtt.subscriber import Message, Subscriber


class Handler(Protocol):
    """Takes a message of one leaf. device: its name, already checked. now: ms since 1970 UTC."""

    def __call__(self, device: str, message: Message, now: int) -> object: ...


CROWDED_S = 0.005
TOPICS = 8192  # at most this many are remembered, because they come from outside
_parse = lru_cache(TOPICS)(reading.topic)
Stray = Callable[[str, Message, str, int], None]


class Receiver:
    """Calls the handler of each message's leaf, or `stray` for a topic that names no device.

    stray: gets what stands in the device's place, the message, the reason and the time.
    """

    def __init__(self, subscriber: Subscriber, handlers: Mapping[str, Handler], stray: Stray) -> None:
        self._subscriber = subscriber
        self._handlers = handlers
        self._stray = stray

    async def run(self, clock: Callable[[], int], crowded: Callable[[], bool]) -> None:
        """Hand messages on until cancelled; while it is crowded, they wait with the broker."""
        async for batch in self._subscriber.messages():
            for message in batch:
                self._hand_on(message, clock())
                while crowded():
                    await asyncio.sleep(CROWDED_S)

    def _hand_on(self, message: Message, now: int) -> None:
        try:
            _, device, leaf = _parse(message.topic)
        except WireError as error:
            self._stray(message.topic.split("/")[2], message, error.reason, now)
        else:
            self._handlers[leaf](device, message, now)
