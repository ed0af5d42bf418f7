"""An MQTT 3.1.1 client for asyncio: QoS 0 and 1, will and keepalive, in constant memory.

One object is one connection. When anything goes wrong it raises OSError, and the caller makes a
new one. It keeps no messages, because the outbox does.
"""

import asyncio
import struct

CONNACK, PUBLISH, PUBACK, SUBACK, PINGRESP = 2, 3, 4, 9, 13
CONNECT_S = 15  # for TCP, TLS and CONNACK together; a TLS handshake takes a board up to 3 s
MAX_PACKET = 4096
CHUNK = 512


class MqttError(OSError):
    """The connection cannot be used any more; the text says why."""


def _text(value: str) -> bytes:
    data = value.encode()
    return struct.pack(">H", len(data)) + data


def head_of(kind: int, size: int) -> bytes:
    """The first byte of a packet, and the length of what follows."""
    out = bytearray([kind])
    while size > 127:
        out.append(size & 127 | 128)
        size >>= 7
    out.append(size)
    return bytes(out)


def packet(kind: int, *parts: bytes) -> bytes:
    """A small packet of a first byte and its parts, with the length in between."""
    body = b"".join(parts)
    return head_of(kind, len(body)) + body


class Client:
    """A connection to a broker.

    address: host, port and a TLS context or None. login: client id, user name and password.
    will: topic and payload of the retained message that the broker publishes when the connection breaks.
    keepalive: seconds. code: with which the broker refused the connection, else 0.
    """

    def __init__(self, board, address, login, will, keepalive=30):
        self._board = board
        self._address = address
        self._login = login
        self._will = will
        self._keepalive_ms = keepalive * 1000
        self._reader = None
        self._writer = None
        self._held = b""  # received bytes of a packet that is not complete yet
        self._lock = asyncio.Lock()
        self.packet_id = 0
        self.code = 0
        self._received_at = self._sent_at = self._pinged_at = board.uptime_ms()

    async def connect(self) -> None:
        """Open the connection and sign in. Raises OSError or asyncio.TimeoutError."""
        await asyncio.wait_for(self._connect(), CONNECT_S)

    async def _connect(self) -> None:
        host, port, tls = self._address
        more = {"ssl": tls, "server_hostname": host} if tls else {}
        self._reader, self._writer = await asyncio.open_connection(host, port, **more)
        self._board.no_delay(self._writer)
        await self._write(self._hello())
        head, body = await self._packet()
        if head >> 4 != CONNACK or len(body) != 2:
            raise MqttError("no CONNACK")
        if body[1]:
            self.code = body[1]
            raise MqttError("the broker refused: code %d" % body[1])

    def _hello(self) -> bytes:
        client_id, user, password = self._login
        topic, payload = self._will
        flags = 0x80 | 0x40 | 0x20 | 0x08 | 0x04 | 0x02  # user, password, retained QoS 1 will, clean
        return packet(
            0x10, _text("MQTT"), struct.pack(">BBH", 4, flags, self._keepalive_ms // 1000),
            _text(client_id), _text(topic), struct.pack(">H", len(payload)), payload,
            _text(user), _text(password),
        )  # fmt: skip

    async def subscribe(self, topics) -> None:
        """Ask for messages of these topics, with QoS 1, without waiting for the answer."""
        parts = [self._next_id()]
        for topic in topics:
            parts.append(_text(topic) + b"\x01")
        await self._write(packet(0x82, *parts))

    async def publish(self, topic: str, payload: bytes, qos: int = 0, retain: bool = False) -> None:
        """Send a message. With QoS 1 the PUBACK is only a sign of life: the edge acks what must arrive."""
        number = self._next_id() if qos else b""
        about = _text(topic) + number
        # The payload goes by itself, because the heap may have no room for a copy of a frame in one piece.
        await self._write(head_of(0x30 | qos << 1 | retain, len(about) + len(payload)) + about, payload)

    async def receive(self) -> tuple[str, bytes]:
        """The next message: topic and payload. Raises OSError when the connection is lost."""
        while True:
            head, body = await self._packet()
            kind = head >> 4
            if kind == PUBLISH:
                return await self._message(head, body)
            if kind == SUBACK and 0x80 in body[2:]:
                raise MqttError("the broker refused a subscription")
            if kind not in (PUBACK, SUBACK, PINGRESP):
                raise MqttError("unexpected packet %d" % kind)

    async def _message(self, head: int, body: bytes) -> tuple[str, bytes]:
        if len(body) < 2:
            raise MqttError("PUBLISH cut short")
        at = 2 + (body[0] << 8 | body[1])
        topic = str(body[2:at], "utf-8")
        if head & 6:
            await self._write(packet(0x40, body[at : at + 2]))
            at += 2
        return topic, body[at:]

    async def keep(self) -> None:
        """Ping while the line is quiet. Raises MqttError when it is silent for 1.5 x keepalive."""
        while True:
            await asyncio.sleep(min(self._keepalive_ms / 4000, 5))
            now = self._board.uptime_ms()
            if now - self._received_at > self._keepalive_ms * 3 // 2:
                raise MqttError("silent for 1.5 x keepalive")
            quiet = now - min(self._received_at, self._sent_at)
            if max(quiet, 0) > self._keepalive_ms // 2 and now - self._pinged_at > 1000:
                self._pinged_at = now
                await self._write(b"\xc0\x00")

    async def close(self, politely: bool = False) -> None:
        """Close the connection. politely: so that the broker does not publish the will."""
        writer, self._writer = self._writer, None
        if writer is None:
            return
        try:
            if politely:
                writer.write(b"\xe0\x00")
                await writer.drain()
            writer.close()
            await writer.wait_closed()
        except (OSError, ValueError):
            pass  # it was closed already

    def _next_id(self) -> bytes:
        self.packet_id = self.packet_id % 65535 + 1
        return struct.pack(">H", self.packet_id)

    async def _write(self, *parts: bytes) -> None:
        async with self._lock:  # two drains at once mix their bytes
            if self._writer is None:
                raise MqttError("closed")
            for part in parts:
                self._writer.write(part)
            await self._writer.drain()
        self._sent_at = self._board.uptime_ms()

    async def _packet(self) -> tuple[int, bytes]:
        while True:
            found = self._cut()
            if found:
                return found
            data = await self._reader.read(CHUNK)
            if not data:
                raise MqttError("the broker closed the connection")
            self._held += data
            self._received_at = self._board.uptime_ms()

    def _cut(self) -> tuple[int, bytes] | None:
        """Remove and return a complete packet from the received bytes, None when there is none yet."""
        held = self._held
        size, at = 0, 1
        while True:
            if at >= len(held):
                return None
            size |= (held[at] & 127) << 7 * (at - 1)
            at += 1
            if held[at - 1] < 128:
                break
            if at > 4:
                raise MqttError("a length of more than 4 bytes")
        if size > MAX_PACKET:
            raise MqttError("a packet over %d bytes" % MAX_PACKET)
        if len(held) < at + size:
            return None
        self._held = held[at + size :]
        return held[0], held[at : at + size]
