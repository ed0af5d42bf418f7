"""Hands each message of the broker to presence, intake or commands."""

from collections.abc import Callable
from typing import NamedTuple, Protocol

from firmware.wire.errors import WireError
from server.folds.presence import Presence
from server.ingest import decode, foreign
from server.ingest.acks import Acks
from server.ingest.arrival import Posting, Undecoded, UpArrival
from server.ingest.consumer import Consumer
from server.ingest.intake import Intake
from server.store import rejects


class Message(Protocol):
    """A message of the broker, as server.mqtt.subscriber.Message."""

    @property
    def payload(self) -> bytes: ...

    @property
    def retained(self) -> bool: ...

    @property
    def acknowledge(self) -> Callable[..., None]: ...


class Handler(Protocol):
    """Takes a message of one leaf. device: its name, already checked. now: ms since 1970 UTC."""

    def __call__(self, device: str, message: Message, now: int) -> object: ...


class CommandAnswers(NamedTuple):
    """The receiver of what boards say of commands (server.devices.commands.Commands).

    told: takes a `res` message of a device, or raises WireError. returned: called with the name of a device
    that is back online.
    """

    told: Callable[[str, bytes], None]
    returned: Callable[[str], None]


class Reception:
    """Hands messages to presence and intake. A message of QoS 1 is acknowledged once it is committed."""

    def __init__(
        self, presence: Presence, intake: Intake, consumer: Consumer, acks: Acks, commands: CommandAnswers
    ) -> None:
        self._presence = presence
        self._intake = intake
        self._consumer = consumer
        self._acks = acks
        self._commands = commands
        self.handlers: dict[str, Handler] = {
            "up": self._up, "state": self._state, "res": self._res, "json": self._json,
        }  # fmt: skip

    def refuse(self, device: str, message: Message, reason: str, now: int) -> None:
        """Keep the beginning of a message with the reason why it is not taken."""
        kept = message.payload[: rejects.MAX_KEPT_BYTES]
        self._consumer.put(
            Posting(device, [Undecoded(kept, reason)], now, message.acknowledge, size=len(kept))
        )

    def _up(self, device: str, message: Message, now: int) -> None:
        self._heard(device, message, now)
        self._consumer.put(UpArrival(device, message.payload[: decode.MAX_UP + 1], now))

    def _state(self, device: str, message: Message, now: int) -> None:
        try:
            epoch = self._presence.told(device, message.payload, now, message.retained)
        except WireError as error:
            self.refuse(device, message, error.reason, now)
            return
        message.acknowledge()
        if epoch is not None:  # if retained: what it sent before we connected is lost, so let it send again
            self._acks.send([self._intake.acked(device, epoch)])
            self._commands.returned(device)  # after the ack, which brings the time for judging deadlines

    def _res(self, device: str, message: Message, now: int) -> None:
        try:
            self._commands.told(device, message.payload)
        except WireError as error:
            self.refuse(device, message, error.reason, now)
        else:
            message.acknowledge()

    def _json(self, device: str, message: Message, now: int) -> None:
        if message.retained:  # the broker sends it at every connect; it was taken when it was published
            message.acknowledge()
            return
        self._heard(device, message, now)
        try:
            objects = foreign.objects(message.payload)
        except WireError as error:
            self.refuse(device, message, error.reason, now)
            return
        size = len(message.payload)
        self._consumer.put(Posting(device, objects, now, message.acknowledge, size=size))

    def _heard(self, device: str, message: Message, now: int) -> None:
        if not message.retained:
            self._presence.heard(device, now)
