"""paho without its costs per message: it reads its socket three times for each, and answers each alone.

Here whole buffers are read from the socket, whole PUBLISH packets are taken straight from them, and
receipts go out together. paho does everything else: connecting, pings, TLS, broken packets and packets
cut in two. This overrides private methods of the pinned version, see decision 8 in docs/decisions.
"""

import socket
import struct
from collections.abc import Callable, Sequence
from typing import Any

from paho.mqtt import client as paho
from paho.mqtt.enums import MQTTErrorCode

READ_BYTES = 65_536  # more than a record of TLS, so that nothing of one is held back
PUBLISH, PUBACK = 0x30, 0x40  # MQTT 3.1.1, 2.2.1
LONG_HEAD = 5  # bytes: the longest fixed header

Arrived = Callable[[bytes, bytes, bool, int], None]


class Buffered(paho.Client):
    """A client whose owner calls `loop_read` as long as something is `pending`.

    arrived: called with topic, payload, whether it was retained, and the packet id, 0 for QoS 0.
    """

    def __init__(self, arrived: Arrived, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._arrived = arrived
        self._taken = b""
        self._at = 0
        self._of: object = None  # the socket that these bytes were taken from
        self.on_message = self._on_whole_message

    @property
    def pending(self) -> bool:
        """Whether bytes wait here that the socket no longer announces."""
        return self._of is self._sock and self._at < len(self._taken)

    def adopt(self, sock: socket.socket) -> None:
        """Read and write this socket, without connecting."""
        self._sock = sock

    def acknowledge(self, packet_ids: Sequence[int]) -> None:
        """Send the receipts of messages of QoS 1, in this order."""
        receipts = b"".join([struct.pack("!BBH", PUBACK, 2, packet_id) for packet_id in packet_ids])
        self._packet_queue(PUBACK, receipts, packet_ids[0], 0)

    def _sock_recv(self, bufsize: int) -> bytes:
        if not self.pending:
            self._fill()
        start = self._at
        self._at = min(start + bufsize, len(self._taken))
        return self._taken[start : self._at]

    def _fill(self) -> None:
        self._taken, self._at, self._of = super()._sock_recv(READ_BYTES), 0, self._sock

    def _packet_read(self) -> MQTTErrorCode:
        if self._in_packet["command"] == 0 and self._publishes():
            with self._msgtime_mutex:
                self._last_bytes_received = paho.time_func()
            return MQTTErrorCode.MQTT_ERR_SUCCESS
        return super()._packet_read()

    def _publishes(self) -> bool:
        """Take the whole PUBLISH packets at the beginning of the buffer; False when it begins otherwise."""
        if not self.pending:
            try:
                self._fill()
            except OSError:  # nothing to read, or a lost connection: paho reads again and knows what to do
                return False
        data, first = self._taken, self._at
        while (body := _publish(data, self._at)) is not None:
            start, end = body
            qos = data[self._at] >> 1 & 3
            topic_end = start + 2 + int.from_bytes(data[start : start + 2], "big")
            payload_at = topic_end + (2 if qos else 0)
            if payload_at > end:
                break  # malformed, as paho will find
            packet_id = int.from_bytes(data[topic_end:payload_at], "big")
            retained = bool(data[self._at] & 1)
            self._at = end
            self._arrived(data[start + 2 : topic_end], data[payload_at:end], retained, packet_id)
        return self._at > first

    def _on_whole_message(self, _: paho.Client, __: object, message: paho.MQTTMessage) -> None:
        topic = message._topic  # noqa: SLF001 - its bytes; `topic` raises for those that are not UTF-8
        self._arrived(topic, bytes(message.payload), message.retain, message.mid if message.qos else 0)


def _publish(data: bytes, at: int) -> tuple[int, int] | None:
    """Begin and end of the body of the PUBLISH packet of QoS 0 or 1 at `at`; None unless it is complete."""
    if at >= len(data) or data[at] & 0xF0 != PUBLISH or data[at] & 0x04:
        return None
    length = shift = 0
    for place in range(at + 1, min(at + LONG_HEAD, len(data))):
        length |= (data[place] & 0x7F) << shift
        if data[place] < 0x80:
            end = place + 1 + length
            return (place + 1, end) if length >= 2 and end <= len(data) else None
        shift += 7
    return None
