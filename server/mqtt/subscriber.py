"""The edge's own connection to the broker: `async for batch in subscriber.messages()`.

paho runs on the event loop through its external-loop hooks. QoS 1 messages are acknowledged by
hand, after their commit; acknowledgements of an earlier connection are discarded.
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Self

import msgspec
from loguru import logger
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode

from firmware.wire import topics
from server.mqtt.buffered import Buffered
from server.mqtt.receipts import Receipts

RECONNECT_S = (0.1, 5.0)
AFTER_USE_S = 0.5  # at most, when there was a connection that worked
CONNECT_S = 10.0
MISC_S = 0.5
WITHOUT_BOARDS = "boards keep their events and send them later"
WITHOUT_OTHERS = "messages of other clients wait with the broker"
MAX_ARRIVED = 4 << 20  # bytes that are not taken yet; what comes beyond waits with the broker
MESSAGE_BYTES = 500  # memory of a message, beside its payload


class Message(msgspec.Struct, frozen=True, gc=False):
    """One message of the broker.

    topic: as it was published. payload: its bytes. retained: whether the broker had kept it from before.
    acknowledge: to call when it is committed, with any argument or without; does nothing for QoS 0.
    """

    topic: str
    payload: bytes
    retained: bool
    acknowledge: Callable[..., None]


@dataclass(frozen=True)
class Account:
    """Where the broker is, and the edge's account there.

    host, port: its address. user, secret: the account; the user is also the name of the session. tls:
    whether to speak TLS and verify the broker by the system's certificates.
    """

    host: str
    port: int
    user: str
    secret: str
    tls: bool = False


class Subscriber:
    """A persistent session of the edge. Use as an async context manager.

    leaves: the last parts of the topics that it reads; a flood in one session does not hold up another one.
    down: a sentence why there is no connection, None while there is one. left: called when it is lost.
    """

    def __init__(self, account: Account, site: str, leaves: Sequence[str] = topics.TO_EDGE) -> None:
        self._account = account
        self._site = site
        self._leaves = leaves
        self._arrived: list[Message] = []
        self._weight = 0
        self._room = asyncio.Event()
        self._room.set()
        self._wake = asyncio.Event()
        self._receipts: Receipts | None = None  # of this connection
        self._gone = asyncio.Event()
        self._worked = False
        self.tasks: list[asyncio.Task[None]] = []
        self.down: str | None = "Not connected yet."
        self.left: Callable[[], None] = lambda: None
        self._client = self._make()

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        self.tasks = [asyncio.create_task(self._stay()), asyncio.create_task(self._misc())]
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        self.down = self.down or "The edge is closing."
        self._client.disconnect()

    async def messages(self) -> AsyncIterator[list[Message]]:
        """All messages that arrived since the last batch, again and again."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            batch, self._arrived, self._weight = self._arrived, [], 0
            if not self._room.is_set():
                self._resume()
            if batch:
                yield batch

    def publish(self, topic: str, payload: bytes, qos: int = 0) -> bool:
        """Send; False while there is no connection: it is lost then, which boards expect of acks."""
        if self.down is None:
            self._client.publish(topic, payload, qos)
        return self.down is None

    def _make(self) -> Buffered:
        client = Buffered(
            self._on_message, CallbackAPIVersion.VERSION2, client_id=self._account.user, clean_session=False,
            manual_ack=True, reconnect_on_failure=False,
        )  # fmt: skip
        client.username_pw_set(self._account.user, self._account.secret)
        if self._account.tls:
            client.tls_set()
        client.connect_timeout = CONNECT_S
        client.max_inflight_messages_set(0)
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_disconnect = self._on_disconnect
        client.on_socket_open = self._on_socket_open
        client.on_socket_close = self._on_socket_close
        client.on_socket_register_write = self._on_register_write
        client.on_socket_unregister_write = self._on_unregister_write
        return client

    async def _stay(self) -> None:
        wait = RECONNECT_S[0]
        while True:
            await self._room.wait()  # otherwise each new connection would bring again what waits
            self._gone.clear()
            self._worked = False
            began = self._loop.time()
            try:
                connect = self._client.connect
                await asyncio.to_thread(connect, self._account.host, self._account.port, 30)
                await self._gone.wait()
            except (OSError, ValueError) as error:  # ValueError: no host can have this name
                self._lost(f"no broker at {self._account.host}:{self._account.port} ({error})")
            if self._worked:
                wait = RECONNECT_S[0] if self._loop.time() - began > wait else min(wait, AFTER_USE_S)
            await asyncio.sleep(wait)
            wait = min(2 * wait, RECONNECT_S[1])

    async def _misc(self) -> None:
        while True:
            await asyncio.sleep(MISC_S)
            self._client.loop_misc()

    def _on_connect(
        self, client: paho.Client, _: object, __: object, reason: ReasonCode, ___: object
    ) -> None:
        if reason.is_failure:
            self._lost(f"the broker refuses the edge: {reason}; check the user and secret of [mqtt] url")
            return
        self._end_receipts()
        self._receipts = Receipts(self._client.acknowledge, self._loop)
        # QoS 0 for `up`, which our own ack confirms, so that nothing queues in the broker while we are away
        client.subscribe([(self._topic(leaf), 0 if leaf == "up" else 1) for leaf in self._leaves])
        others = [leaf for leaf in topics.TO_EDGE if leaf not in self._leaves]
        if others:  # the session may have read them in an earlier version
            client.unsubscribe([self._topic(leaf) for leaf in others])

    def _on_subscribe(
        self, client: paho.Client, _: object, __: object, reasons: list[ReasonCode], ___: object
    ) -> None:
        if any(reason.is_failure for reason in reasons):
            own = self._topic("...")
            self._lost(f"the edge may not read {own} at the broker; give the user of [mqtt] url that right")
            client.disconnect()
            return
        self.down = None
        self._worked = True
        one = self._account
        logger.info("connected to the broker at {}:{} as {}", one.host, one.port, one.user)

    def _topic(self, leaf: str) -> str:
        return topics.topic(self._site, "+", leaf)

    def _on_disconnect(
        self, _: paho.Client, __: object, ___: object, reason: ReasonCode, ____: object
    ) -> None:
        if self.down is None:
            self._lost(f"the connection to the broker is lost ({reason})")
        self._gone.set()

    def _lost(self, why: str) -> None:
        first = self.down is None
        after = WITHOUT_BOARDS if "up" in self._leaves else WITHOUT_OTHERS
        self.down = f"MQTT: {why}; {after}."
        self._end_receipts()
        if first:
            logger.warning(self.down)
            self.left()

    def _end_receipts(self) -> None:
        if self._receipts is not None:
            self._receipts.end()
            self._receipts = None

    def _on_message(self, topic: bytes, payload: bytes, retained: bool, packet_id: int) -> None:
        acknowledge: Callable[..., None] = _nothing
        if packet_id and self._receipts is not None:
            acknowledge = self._receipts.owe(packet_id)
        self._arrived.append(Message(topic.decode(errors="replace"), payload, retained, acknowledge))
        self._weight += MESSAGE_BYTES + len(payload)
        self._wake.set()
        if self._weight > MAX_ARRIVED:
            self._room.clear()
            if (sock := self._client.socket()) is not None:
                self._loop.remove_reader(sock)

    def _resume(self) -> None:
        self._room.set()
        if (sock := self._client.socket()) is not None:
            self._add_reader(sock)
            self._loop.call_soon(self._read, sock)  # for what was already taken from the socket

    # paho asks us to watch its socket; connect() runs on a thread, so these may run there too

    def _on_socket_open(self, _: paho.Client, __: object, sock: "paho.SocketLike") -> None:
        assert isinstance(sock, socket.socket)  # TLS is one too; paho knows others, for WebSockets
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._loop.call_soon_threadsafe(self._add_reader, sock)

    def _add_reader(self, sock: "paho.SocketLike") -> None:
        if sock.fileno() >= 0 and self._room.is_set():
            self._loop.add_reader(sock, self._read, sock)

    def _read(self, sock: "paho.SocketLike") -> None:
        self._client.loop_read()
        while self._room.is_set() and sock.fileno() >= 0 and self._client.pending:
            self._client.loop_read()

    def _on_socket_close(self, _: paho.Client, __: object, sock: "paho.SocketLike") -> None:
        self._loop.remove_reader(sock)
        self._loop.remove_writer(sock)
        self._gone.set()

    def _on_register_write(self, _: paho.Client, __: object, sock: "paho.SocketLike") -> None:
        self._loop.call_soon_threadsafe(self._add_writer, sock)

    def _add_writer(self, sock: "paho.SocketLike") -> None:
        if sock.fileno() >= 0 and self._client.want_write():
            self._loop.add_writer(sock, self._client.loop_write)

    def _on_unregister_write(self, _: paho.Client, __: object, sock: "paho.SocketLike") -> None:
        self._loop.remove_writer(sock)


def _nothing(_: object = None) -> None:
    """The acknowledgement of a message that needs no acknowledgement."""
