"""Messages of the broker to where they belong."""

from collections.abc import Callable
from typing import Any, Protocol

from firmware.wire import topics
from firmware.wire.errors import WireError
from server.mqtt.subscriber import Message, Subscriber


class Handler(Protocol):
    """What happens with a message of one leaf. device: checked. now: ms since 1970 UTC."""

    def __call__(self, device: str, message: Message, now: int) -> Any: ...


Stray = Callable[[str, Message, str, int], None]


class Receiver:
    """Calls the handler of each message's leaf, or `stray` for a topic that names no device.

    stray: gets what stands in the device's place, the message, the reason and the time.
    """

    def __init__(self, subscriber: Subscriber, handlers: dict[str, Handler], stray: Stray) -> None:
        self._subscriber = subscriber
        self._handlers = handlers
        self._stray = stray

    async def run(self, clock: Callable[[], int]) -> None:
        """Hand messages on until cancelled."""
        async for batch in self._subscriber.messages():
            now = clock()
            for message in batch:
                try:
                    _, device, leaf = topics.parse(message.topic)
                except WireError as error:
                    self._stray(message.topic.split("/")[2], message, error.reason, now)
                    continue
                self._handlers[leaf](device, message, now)
