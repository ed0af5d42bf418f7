"""A generator of QoS 1 messages that costs next to nothing: packets made beforehand, receipts counted."""

import selectors
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Messages = list[tuple[str, bytes]]  # topic, payload
WINDOW = 1000  # messages under way


class Publisher:
    """One connection to a broker on loopback. secret: None for a broker that asks for no credentials."""

    def __init__(self, port: int, name: str, secret: str | None = None) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        flags, known = (b"\xc2", _text(name) + _text(secret)) if secret is not None else (b"\x02", b"")
        body = b"\0\x04MQTT\x04" + flags + b"\0\0" + _text(name) + known
        self._socket.sendall(b"\x10" + _length(len(body)) + body)
        if self._socket.recv(4, socket.MSG_WAITALL) != b"\x20\x02\0\0":
            raise ConnectionRefusedError("the broker refuses the generator")

    def publish(self, messages: Messages) -> None:
        """Send all messages (topic, payload) and wait for the last receipt."""
        packets = [_publish(number % 65_535 + 1, *one) for number, one in enumerate(messages)]
        sent = taken = 0
        while taken < 4 * len(packets):  # a receipt has 4 bytes
            room = min(len(packets), taken // 4 + WINDOW)
            if sent < room:
                self._socket.sendall(b"".join(packets[sent : min(room, sent + 100)]))
                sent = min(room, sent + 100)
            while (wait := sent >= room and taken < 4 * sent) or self._is_readable():
                taken += len(self._socket.recv(65_536))
                if wait:
                    break

    def close(self) -> None:
        """Disconnect."""
        self._socket.close()

    def _is_readable(self) -> bool:
        with selectors.DefaultSelector() as selector:
            selector.register(self._socket, selectors.EVENT_READ)
            return bool(selector.select(0))


@contextmanager
def steadily(port: int, every_s: float, messages: Callable[[int], Messages]) -> Iterator[None]:
    """Publish messages(1), messages(2) and so on, every `every_s` seconds, while the block runs."""
    done, publisher = threading.Event(), Publisher(port, "generator")

    def publish() -> None:
        number, began = 0, time.perf_counter()
        while not done.wait(max(0.0, began + number * every_s - time.perf_counter())):
            number += 1
            publisher.publish(messages(number))

    thread = threading.Thread(target=publish)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
        publisher.close()


def _publish(mid: int, topic: str, payload: bytes) -> bytes:
    body = _text(topic) + struct.pack("!H", mid) + payload
    return b"\x32" + _length(len(body)) + body


def _text(text: str) -> bytes:
    return struct.pack("!H", len(text)) + text.encode()


def _length(size: int) -> bytes:
    """A length below 16,384 in the form of MQTT."""
    return bytes([size]) if size < 128 else bytes([size & 127 | 128, size >> 7])
