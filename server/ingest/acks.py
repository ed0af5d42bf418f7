"""Answers to boards, sent after COMMIT and only then."""

from collections.abc import Callable, Iterable

from firmware.wire import ack, topics
from server.ingest.arrival import AckDue

WINDOW = 8  # frames that a board may have under way at most
Publish = Callable[[str, bytes], None]


class Acks:
    """Turns answers into messages. publish: gets topic and payload, and must not block."""

    def __init__(self, site: str, publish: Publish, clock: Callable[[], int]) -> None:
        self._site = site
        self._publish = publish
        self._clock = clock

    def send(self, answers: Iterable[AckDue], window: int = WINDOW) -> None:
        """Send acks; window 0 tells boards to back off."""
        now = self._clock()
        for one in answers:
            topic = topics.topic(self._site, one.device, "ack")
            told = ack.Ack(one.epoch, one.acked, now, window, one.want, one.err)
            self._publish(topic, ack.encode(told))
