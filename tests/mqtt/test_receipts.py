"""A receipt belongs to the connection that brought the message."""

import pytest
from paho.mqtt.client import MQTTMessage

from server.mqtt.subscriber import Account, Subscriber


def brought(subscriber: Subscriber, number: int) -> None:
    message = MQTTMessage(number, b"bw1/shop/door/json")
    message.qos, message.payload = 1, b"{}"
    subscriber._on_message(subscriber._client, None, message)


def test_a_message_of_an_earlier_connection_is_not_acknowledged_on_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its packet id may be another message's there, which is not committed yet."""
    subscriber = Subscriber(Account("127.0.0.1", 1, "edge", ""), "shop")
    acked: list[int] = []
    monkeypatch.setattr(subscriber._client, "ack", lambda mid, qos: acked.append(mid))
    brought(subscriber, 1)
    subscriber._arrived[0].acknowledge()
    brought(subscriber, 2)
    subscriber._lost("cut")
    subscriber._arrived[1].acknowledge()
    brought(subscriber, 3)
    subscriber._arrived[2].acknowledge()
    assert acked == [1, 3]
