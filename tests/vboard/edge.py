"""A small edge for tests of boards: go-back-N intake in memory, spoken to through a real broker."""

import asyncio
import time
from dataclasses import dataclass, field

import msgpack
import paho.mqtt.client as paho

from firmware.wire import ack, event, frame, reading, topics
from tests.patience import patience


@dataclass
class Device:
    """What the edge knows of a board: rows by seq (an Event, or a Lost), of one epoch."""

    epoch: int = 0
    cursor: int = 0
    want: int | None = None
    rows: dict[int, event.Event | frame.Lost] = field(default_factory=dict)
    states: list[dict[str, object] | None] = field(default_factory=list)
    frames: int = 0
    answers: list[reading.Result] = field(default_factory=list)

    def events(self, kind: str) -> list[event.Event]:
        found = [self.rows[seq] for seq in sorted(self.rows)]
        return [row for row in found if isinstance(row, event.Event) and row.kind == kind]

    def losts(self) -> list[frame.Lost]:
        return [row for _, row in sorted(self.rows.items()) if isinstance(row, frame.Lost)]


class Edge:
    """deaf: acks nothing. win: what it tells. refuse: gives the error of a record, or None."""

    def __init__(self, port: int, password: str | None = None) -> None:
        self.devices: dict[str, Device] = {}
        self.deaf = False
        self.win = 8
        self.now_ms = None
        self.refuse = lambda _: None
        self._client = paho.Client(paho.CallbackAPIVersion.VERSION2, "edge")
        self._client.on_message = self._on_message
        self._client.on_connect = lambda client, *_: client.subscribe(
            [("bw1/+/+/up", 1), ("bw1/+/+/state", 1), ("bw1/+/+/res", 1)]
        )
        if password:
            self._client.username_pw_set("edge", password)
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def device(self, name: str) -> Device:
        return self.devices.setdefault(name, Device())

    def forget(self, name: str, cursor: int) -> None:
        """Be an edge that was restored from a backup with this cursor."""
        device = self.device(name)
        device.cursor = cursor
        device.rows = {seq: row for seq, row in device.rows.items() if seq <= cursor}

    async def until(self, holds) -> None:
        """Wait until `holds()`; raises TimeoutError."""
        async with patience():
            while not holds():
                await asyncio.sleep(0.01)

    def send(self, site: str, name: str, leaf: str, payload: bytes) -> None:
        self._client.publish(topics.topic(site, name, leaf), payload, 1)

    def _on_message(self, _client, _userdata, message) -> None:
        site, name, leaf = reading.topic(message.topic)
        device = self.device(name)
        if leaf == "state":
            device.states.append(reading.state(message.payload))
            return
        if leaf == "res":
            device.answers.append(reading.result(message.payload))
            return
        device.frames += 1
        error = None
        try:
            self._take(device, message.payload)
        except ValueError as problem:
            error = str(problem)
        if not self.deaf:
            self._answer(site, name, device, error)

    def _answer(self, site: str, name: str, device: Device, error: str | None) -> None:
        now = self.now_ms or int(time.time() * 1000)
        answer = ack.Ack(device.epoch, device.cursor, now, self.win, device.want, error)
        self._client.publish(topics.topic(site, name, "ack"), ack.encode(answer), 0)

    def _take(self, device: Device, payload: bytes) -> None:
        device.want = None
        up = reading.frame(msgpack.unpackb(payload, strict_map_key=False))
        device.epoch = up.epoch
        if not self.win:
            return
        if up.first > device.cursor + 1:
            device.want = device.cursor + 1
            return
        if isinstance(up, frame.Lost):
            if up.last > device.cursor:
                device.rows[device.cursor + 1] = up
                device.cursor = up.last
            return
        for record in up.records:
            problem = self.refuse(record)
            if problem:
                raise ValueError(problem)
        for seq, record in enumerate(up.records, up.first):
            if seq > device.cursor:
                device.rows[seq] = reading.event(msgpack.unpackb(record, strict_map_key=False))
                device.cursor = seq
