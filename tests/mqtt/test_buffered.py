"""What comes out of the buffer is what paho would have read, however the bytes are cut."""

import socket
import struct
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode

from server.mqtt.buffered import Buffered
from tests.mqtt.packets import encoded

Told = tuple[bytes, bytes, bool, int]
MESSAGES = st.lists(
    st.tuples(
        st.sampled_from([b"bw1/shop/door/json", b"t", b"bw1/shop/\xff/json"]),
        st.one_of(st.binary(max_size=200), st.integers(1, 70_000).map(bytes)),
        st.booleans(),
        st.integers(0, 65_535),
    ),
    max_size=12,
)


def packet(message: Told) -> bytes:
    """A PUBLISH after MQTT 3.1.1, 3.3; packet id 0 stands for QoS 0."""
    topic, payload, retained, packet_id = message
    body = struct.pack("!H", len(topic)) + topic
    body += (struct.pack("!H", packet_id) if packet_id else b"") + payload
    return encoded((0x30 | (2 if packet_id else 0) | retained, body))


class Wire:
    """A client on one end of a pair of sockets, us on the other."""

    def __init__(self) -> None:
        self.told: list[Told] = []
        self.client = Buffered(
            lambda *message: self.told.append(message), CallbackAPIVersion.VERSION2, manual_ack=True
        )
        self.ours, theirs = socket.socketpair()
        theirs.setblocking(False)
        self.client.adopt(theirs)

    def send(self, data: bytes) -> MQTTErrorCode:
        """Send, and let the client read until nothing is left."""
        code = MQTTErrorCode.MQTT_ERR_SUCCESS
        for start in range(0, len(data), 60_000):
            self.ours.sendall(data[start : start + 60_000])
            code = self.client.loop_read()
            while self.client.pending and code == MQTTErrorCode.MQTT_ERR_SUCCESS:
                code = self.client.loop_read()
        return code


@pytest.fixture
def wire() -> Iterator[Wire]:
    one = Wire()
    yield one
    one.ours.close()


@settings(max_examples=200)
@given(MESSAGES, st.lists(st.integers(1, 400), max_size=30))
def test_messages_arrive_whole_and_in_order_however_the_stream_is_cut(
    messages: list[Told], cuts: list[int]
) -> None:
    wire = Wire()
    stream = b"".join(packet(message) + b"\xd0\x00" for message in messages)  # a ping's answer between
    at = 0
    for cut in cuts:
        wire.send(stream[at : at + cut])
        at += cut
    wire.send(stream[at:])
    assert wire.told == messages
    wire.ours.close()


@pytest.mark.parametrize(
    "bad", [b"\x32\x03\x00\x09t", b"\x32\xff\xff\xff\xff\xff\x01", b"\x32\x01\x00", b"\xf0\x00"]
)
def test_a_packet_that_breaks_mqtt_ends_the_connection(wire: Wire, bad: bytes) -> None:
    good = (b"t", b"1", False, 1)
    wire.send(packet(good))
    wire.send(bad)
    assert wire.told == [good]
    assert wire.client.socket() is None


def test_receipts_are_one_packet_each_in_the_order_given(wire: Wire) -> None:
    wire.client.acknowledge([258, 1])
    wire.client.loop_write()
    assert wire.ours.recv(100) == b"\x40\x02\x01\x02\x40\x02\x00\x01"
