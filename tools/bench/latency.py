"""From a board's publish to its receipt, at 1,000 events a second, beside what a flush to disk takes."""

import json
import os
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion

from firmware.wire import event, frame
from firmware.wire.event import EARLIEST_AT, EDGE, Event
from firmware.wire.topics import topic
from tools.bench import site, store

RATE, SECONDS, BOARDS = 1000, 5, 50
SETTLE_S = 10.0


def run() -> tuple[list[float], list[float]]:
    """Milliseconds from publish to receipt of each event, and of each flush meanwhile; sorted."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        store.fill(folder, BOARDS)
        with site.broker(folder) as port:
            url = {"BOARDWALK_MQTT_URL": f"mqtt://edge:none@127.0.0.1:{port}"}
            with site.edge(folder, url):
                time.sleep(2)  # the edge subscribes after it answers
                flushes: list[float] = []
                done = threading.Event()
                probe = threading.Thread(target=_flush, args=(folder / "probe", flushes, done))
                probe.start()
                try:
                    waits = _paced(port)
                finally:
                    done.set()
                    probe.join()
    return sorted(waits), sorted(flushes)


def at(part: float, ordered: list[float]) -> float:
    """A quantile of sorted figures."""
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


def _paced(port: int) -> list[float]:
    sent: dict[tuple[str, int], float] = {}
    waits: list[float] = []
    told: dict[str, int] = {}

    def receipt(_: paho.Client, __: Any, message: paho.MQTTMessage) -> None:
        now, device = time.perf_counter(), message.topic.split("/")[2]
        acked = json.loads(message.payload)["acked"]
        for seq in range(told.get(device, 0) + 1, acked + 1):
            waits.append(1000 * (now - sent[(device, seq)]))
        told[device] = max(acked, told.get(device, 0))

    client = paho.Client(CallbackAPIVersion.VERSION2, client_id="boards")
    client.on_message = receipt
    client.connect("127.0.0.1", port)
    client.subscribe(topic("shop", "+", "ack"))
    client.loop_start()
    began = time.perf_counter()
    for number in range(RATE * SECONDS):
        device, seq = f"till-{number % BOARDS}", number // BOARDS + 1
        payload = _order(seq)
        time.sleep(max(0.0, began + number / RATE - time.perf_counter()))
        sent[(device, seq)] = time.perf_counter()
        client.publish(topic("shop", device, "up"), payload, qos=1)
    while len(waits) < len(sent):
        if time.perf_counter() - began > SECONDS + SETTLE_S:
            raise TimeoutError(f"{len(sent) - len(waits)} events without a receipt")
        time.sleep(0.01)
    client.loop_stop()
    return waits


def _order(seq: int) -> bytes:
    fields: dict[str, object] = {"customer": f"{seq % store.CUSTOMERS:06d}", "quantity": 1, "cents": seq}
    record = event.encode(Event("order.placed", fields, 1, seq, EARLIEST_AT + seq, EDGE))
    return frame.encode(frame.Up(7, seq, [record], 1, seq))


def _flush(path: Path, found: list[float], done: threading.Event) -> None:
    with path.open("wb", buffering=0) as file:
        while not done.wait(0.02):
            file.write(bytes(4096))
            began = time.perf_counter()
            os.fdatasync(file.fileno())
            found.append(1000 * (time.perf_counter() - began))
