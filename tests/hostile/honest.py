"""Well-behaved clients beside the hostile one: a board and a program, with a watch in their hands."""

import asyncio
import time
from contextlib import AbstractContextManager
from typing import Any, Self

import aiohttp
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion

from firmware.wire import ack
from tests.ingest.boards import NOW, Board, order
from tests.patience import patience

PAUSE_S = 0.02


class Client(AbstractContextManager["Client"]):
    """paho with its thread; everything that arrives is called back on the event loop."""

    def __init__(self, port: int, name: str, secret: str | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        self.paho = paho.Client(CallbackAPIVersion.VERSION2, client_id=name)
        if secret is not None:
            self.paho.username_pw_set(name, secret)
        self.paho.max_inflight_messages_set(0)
        self.paho.max_queued_messages_set(0)
        self.paho.connect("127.0.0.1", port)
        self.paho.loop_start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.paho.disconnect()
        self.paho.loop_stop()

    def hear(self, topic: str, call: Any) -> None:
        """Call with each payload of a topic."""

        def on_message(_: Any, __: Any, message: paho.MQTTMessage) -> None:
            self._loop.call_soon_threadsafe(call, message.payload)

        self.paho.on_message = on_message
        self.paho.subscribe(topic, 0)


class Till:
    """A board that sends an order, waits for its ack and sends the next."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._board = Board("till-1", 7)
        self._acked = asyncio.Condition()
        self.acked = 0
        self.waits_s: list[float] = []
        client.hear("bw1/shop/till-1/ack", self._heard)

    async def sell(self) -> None:
        """One order, until the edge says that it is committed."""
        self._board.emit(order("ann", 5, NOW))
        seq = len(self._board.emitted)
        begun = time.perf_counter()
        async with patience():
            self._client.paho.publish("bw1/shop/till-1/up", self._board.frame(seq, 1))
            while self.acked < seq:
                await asyncio.sleep(0.002)
        self.waits_s.append(time.perf_counter() - begun)

    async def run(self) -> None:
        """Sell until cancelled."""
        while True:
            await self.sell()
            await asyncio.sleep(PAUSE_S)

    def _heard(self, payload: bytes) -> None:
        self.acked = max(self.acked, ack.decode(payload).acked)


class WebShop:
    """A program that posts an order, waits for the answer and posts the next."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session
        self.waits_s: list[float] = []
        self.posted = 0

    async def post(self) -> None:
        """One order."""
        begun = time.perf_counter()
        self.posted += 1
        order = {"kind": "order.placed", "id": f"w-{self.posted}", "customer": "bob", "cents": 7}
        async with self._session.post("/api/v1/events", json=order) as answer:
            told = await answer.json()
        assert told == {"accepted": 1, "duplicate": 0, "rejected": []}
        self.waits_s.append(time.perf_counter() - begun)

    async def run(self) -> None:
        """Post until cancelled; less often than the rate limit allows."""
        while True:
            await self.post()
            await asyncio.sleep(PAUSE_S)
