"""1,000 devices that connect at once, as after a power cut: at the edge's broker, and at a bare one."""

import os
import selectors
import socket
import struct
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from firmware.wire.topics import TO_BOARD, topic
from server.mqtt.mosquitto import CONFIGURATION, find
from tools.bench import site, store
from tools.bench.ratio import Seen
from tools.children import free_port

DEVICES = 1000
PATIENCE_S = 30.0
CONNACK, SUBACK = 4, 4 + len(TO_BOARD)  # bytes


class Device:
    """One board: a socket, the packets that it still sends and the bytes that it still waits for."""

    def __init__(self, port: int, name: str, secret: str) -> None:
        self.socket = socket.socket()
        self.socket.setblocking(False)
        self._words = [_connect(name, secret), _subscribe(name)]
        self._heard = b""
        self._due = 0
        self.socket.connect_ex(("127.0.0.1", port))

    def speak(self) -> None:
        """Send the next packet."""
        if (error := self.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)) != 0:
            raise ConnectionError(os.strerror(error))
        self.socket.sendall(self._words.pop(0))
        self._due += CONNACK if self._words else SUBACK

    def hear(self) -> bool:
        """Take an answer in; whether it was the last one."""
        told = self.socket.recv(64)
        self._heard += told
        if not told or (len(self._heard) >= CONNACK and self._heard[:CONNACK] != b"\x20\x02\0\0"):
            raise ConnectionRefusedError("the broker refuses a device")
        if len(self._heard) < self._due:
            return False
        if self._words:
            self.speak()
            return False
        return True


class Bench:
    """Both brokers run; made by `bench`."""

    def __init__(self, ports: tuple[int, int], secrets: dict[str, str]) -> None:
        self._edge, self._bare = ports
        self._secrets = secrets

    def edge(self) -> float:
        """Seconds from the first connect to the last SUBACK, at the edge, each device with its secret."""
        return _storm(self._edge, self._secrets)

    def bare(self) -> float:
        """The same at a mosquitto that asks for no credentials."""
        return _storm(self._bare, self._secrets)


@contextmanager
def bench() -> Iterator[Bench]:
    """An edge with its own broker and 1,000 devices, and a bare mosquitto with the same settings."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        secrets = store.fill(folder, DEVICES)
        port = free_port()
        settings = {"BOARDWALK_MQTT_LISTEN": f"127.0.0.1:{port}", "BOARDWALK_MQTT_BROKER": "mosquitto"}
        with site.edge(folder, settings), _anonymous(folder) as bare:
            yield Bench((port, bare), secrets)


@contextmanager
def _anonymous(folder: Path) -> Iterator[int]:
    port, user = free_port(), "user root\n" if os.geteuid() == 0 else ""
    text = CONFIGURATION.format(folder=folder, host="127.0.0.1", port=port, user=user)
    lines = [line for line in text.splitlines() if not line.startswith(("password_file", "acl_file"))]
    config = folder / "anonymous.conf"
    config.write_text("\n".join(lines).replace("allow_anonymous false", "allow_anonymous true") + "\n")
    with site.child([find() or "mosquitto", "-c", str(config)], folder):
        site.listening(port)
        yield port


def _storm(port: int, secrets: dict[str, str]) -> float:
    began = time.perf_counter()
    with selectors.DefaultSelector() as selector:
        try:
            for name, secret in secrets.items():
                device = Device(port, name, secret)
                selector.register(device.socket, selectors.EVENT_WRITE, device)
            left = _attend(selector, began)
            took = time.perf_counter() - began
            return (
                Seen(took, f"{left} of {DEVICES:,} devices were not in after {took:.0f} s") if left else took
            )
        finally:
            for key in list(selector.get_map().values()):
                key.data.socket.close()


def _attend(selector: selectors.BaseSelector, began: float) -> int:
    """Let all speak and hear; how many are not in when it has taken too long."""
    left = DEVICES
    while left and time.perf_counter() - began <= PATIENCE_S:
        for key, mask in selector.select(1):
            if mask & selectors.EVENT_WRITE:
                key.data.speak()
                selector.modify(key.fileobj, selectors.EVENT_READ, key.data)
            elif key.data.hear():
                left -= 1
                selector.modify(key.fileobj, 0, key.data)
    return left


def _connect(name: str, secret: str) -> bytes:
    body = b"\0\x04MQTT\x04\xc2\0\x3c" + _text(name) + _text(name) + _text(secret)
    return bytes([0x10, len(body)]) + body


def _subscribe(name: str) -> bytes:
    topics = b"".join(_text(topic("shop", name, leaf)) + b"\0" for leaf in TO_BOARD)
    return bytes([0x82, 2 + len(topics), 0, 1]) + topics


def _text(text: str) -> bytes:
    return struct.pack("!H", len(text)) + text.encode()
