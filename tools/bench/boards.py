"""Boards that send one event per frame at a steady rate, and get their receipts; all over one client."""

import json
import time

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion

from firmware.wire import event, frame
from firmware.wire.event import EDGE, Event
from firmware.wire.topics import topic
from server.clock import milliseconds
from tools.bench import store

SETTLE_S = 10.0
Identity = tuple[str, int]  # device, seq


class Boards:
    """`count` boards, till-0 and so on. sent, acked: when (perf_counter, s) each event was.

    late: events that had no receipt in time.
    """

    def __init__(self, port: int, count: int) -> None:
        self._count = count
        self._sent = 0
        self.late = 0
        self._told: dict[str, int] = {}
        self.sent: dict[Identity, float] = {}
        self.acked: dict[Identity, float] = {}
        self._client = paho.Client(CallbackAPIVersion.VERSION2, client_id="boards")
        self._client.on_message = self._receipt
        self._client.connect("127.0.0.1", port)
        self._client.subscribe(topic("shop", "+", "ack"))
        self._client.loop_start()

    def run(self, rate: int, seconds: float) -> list[Identity]:
        """Send `rate` events per second and wait for their receipts; these events.

        One without a receipt counts as if it had come at the end of the wait.
        """
        fresh = list[Identity]()
        began = time.perf_counter()
        for number in range(int(rate * seconds)):
            one = (f"till-{self._sent % self._count}", self._sent // self._count + 1)
            payload = _order(one[1])
            time.sleep(max(0.0, began + number / rate - time.perf_counter()))
            self.sent[one] = time.perf_counter()
            self._client.publish(topic("shop", one[0], "up"), payload, qos=1)
            self._sent += 1
            fresh.append(one)
        until = time.perf_counter() + SETTLE_S
        while len(self.acked) < self._sent:
            if time.perf_counter() > until:
                break
            time.sleep(0.01)
        for one in fresh:
            if self.acked.setdefault(one, until) == until:
                self.late += 1
        return fresh

    def close(self) -> None:
        """Disconnect."""
        self._client.disconnect()
        self._client.loop_stop()

    def _receipt(self, _: paho.Client, __: object, message: paho.MQTTMessage) -> None:
        now, device = time.perf_counter(), message.topic.split("/")[2]
        through = json.loads(message.payload)["acked"]
        for seq in range(self._told.get(device, 0) + 1, through + 1):
            self.acked[(device, seq)] = now
        self._told[device] = max(through, self._told.get(device, 0))


def _order(seq: int) -> bytes:
    fields: dict[str, object] = {"customer": f"{seq % store.CUSTOMERS:06d}", "quantity": 1, "cents": seq}
    record = event.encode(Event("order.placed", fields, 1, seq, milliseconds(), EDGE))
    return frame.encode(frame.Up(7, seq, [record], 1, seq))
