"""`json` on a real wire: PUBACK after COMMIT in the order of arrival; kills and restarts lose and double nothing."""

import asyncio
import json
import sqlite3
import subprocess
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import msgpack
import pytest

from tests.edge_process import EdgeProcess, edge_process
from tests.hostile.honest import Client
from tests.mqtt.wire import Wire, wire
from tests.patience import PATIENCE_S, patience
from tests.vboard.broker import Broker

TOPIC = "bw1/shop/door/json"
BAD = b'{"kind": 7}'


class KeptBroker(Broker):
    """A broker whose sessions outlive it, when it is told to end."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        kept = f"persistence true\npersistence_location {folder}/\nautosave_interval 1\nautosave_on_changes true\n"
        self._config.write_text(self._config.read_text() + kept)

    def end(self) -> None:
        """SIGTERM."""
        assert isinstance(self._process, subprocess.Popen)
        self._process.terminate()
        self._process.wait(PATIENCE_S)
        self._process = None


@dataclass
class Door:
    """An edge, a wire, a broker and a client that publishes `n` from 0 on."""

    edge: EdgeProcess
    broker: KeptBroker
    wire: Wire
    client: Client
    sent: int = 0

    def publish(self, count: int, ids: bool = True) -> None:
        """Let so many events leave, without waiting."""
        for n in range(self.sent, self.sent + count):
            body = {"kind": "door.opened", "n": n} | ({"id": f"d-{n}"} if ids else {})
            self.client.paho.publish(TOPIC, json.dumps(body), 1)
        self.sent += count

    def stored(self) -> list[int]:
        """The n of every committed event, in log order, read from outside."""
        with closing(sqlite3.connect(f"file:{self.edge.data / 'boardwalk.db'}?mode=ro", uri=True)) as store:
            rows = store.execute("SELECT fields FROM event ORDER BY id").fetchall()
        return [msgpack.unpackb(fields)["n"] for (fields,) in rows]

    def rejects(self) -> int:
        """How many payloads were refused."""
        with closing(sqlite3.connect(f"file:{self.edge.data / 'boardwalk.db'}?mode=ro", uri=True)) as store:
            return int(store.execute("SELECT count(*) FROM reject").fetchone()[0])

    async def settled(self, count: int) -> None:
        """Wait until so many different events are committed, and each message has its PUBACK."""
        async with patience():
            while len(set(self.stored())) < count or len(self.wire.acked) < len(self.wire.came):
                await asyncio.sleep(0.05)

    async def complete(self, rows: int) -> None:
        """Wait until there are so many events, and no more come."""
        async with patience():
            while len(self.stored()) < rows:
                await asyncio.sleep(0.05)
        await asyncio.sleep(0.5)


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    async with opened(tmp_path) as one:
        yield one


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[Door]:
    broker = KeptBroker(folder)
    broker.start()
    try:
        async with wire(broker.port) as line:
            more = {"BOARDWALK_MQTT_URL": f"mqtt://127.0.0.1:{line.port}"}
            async with edge_process(folder, more=more) as edge:
                await edge.ask("POST", "/api/v1/devices", {"name": "door"})
                with Client(broker.port, "door") as client:
                    one = Door(edge, broker, line, client)
                    await _up(one)
                    yield one
    finally:
        broker.stop()


async def _up(door: Door) -> None:
    """Wait until the edge has subscribed."""
    async with patience():
        while "mqtt-away" in (await _ready(door))["findings"]:
            await asyncio.sleep(0.05)


async def _ready(door: Door) -> dict[str, list[str]]:
    async with aiohttp.ClientSession() as session, session.get(door.edge.url + "/readyz") as answer:
        found: dict[str, list[str]] = await answer.json()
        return found


async def test_no_puback_leaves_before_its_commit_and_they_leave_in_the_order_of_arrival(door: Door) -> None:
    early: list[bytes] = []
    payloads: dict[int, bytes] = {}

    def look(number: int) -> None:
        payloads.update(door.wire.came)
        payload = payloads[number]
        kept = door.rejects() if payload == BAD else json.loads(payload)["n"] in door.stored()
        if not kept:
            early.append(payload)

    door.wire.on_puback = look
    for burst in (1, 40, 3, 100, 1, 60):
        door.publish(burst)
        door.client.paho.publish(TOPIC, BAD, 1)
        await asyncio.sleep(0.05)
    await door.settled(205)
    assert early == []
    assert door.wire.acked == [number for number, _ in door.wire.came]
    assert len(door.wire.acked) == 211
    assert door.stored() == list(range(205))
    assert door.rejects() == 6


@pytest.mark.slow
async def test_an_edge_that_is_killed_again_and_again_loses_and_doubles_no_event_with_an_id(
    door: Door,
) -> None:
    for _ in range(4):
        door.publish(400)
        await asyncio.sleep(0.08)
        await door.edge.kill()
        door.publish(50)
        await door.edge.start()
    await door.complete(1800)
    assert sorted(door.stored()) == list(range(1800))


async def test_a_broker_that_restarts_between_publish_and_puback_brings_them_again_and_none_counts_twice(
    door: Door,
) -> None:
    door.wire.mute = True
    door.publish(200)
    async with patience():
        while len(door.stored()) < 200:
            await asyncio.sleep(0.05)
    assert door.wire.acked == []
    door.broker.end()
    door.wire.cut()
    door.wire.came.clear()
    door.wire.mute = False
    door.broker.start()
    await _up(door)
    await door.settled(200)
    assert len(door.wire.came) == 200
    assert door.stored() == list(range(200))
    door.publish(10)
    await door.settled(210)


async def test_without_an_id_what_comes_again_counts_again_and_nothing_is_lost(door: Door) -> None:
    """As docs/protocol.md says."""
    door.publish(20, ids=False)
    await door.settled(20)
    door.wire.mute = True
    door.publish(20, ids=False)
    async with patience():
        while len(door.stored()) < 40:
            await asyncio.sleep(0.05)
    door.wire.mute = False
    door.wire.cut()
    await door.complete(60)
    assert Counter(door.stored()) == Counter(range(40)) + Counter(range(20, 40))


async def test_a_connection_that_is_cut_again_and_again_loses_and_doubles_no_event_with_an_id(
    door: Door,
) -> None:
    """A receipt for the last connection must not be given on this one, where its packet id is another's."""
    for _ in range(6):
        door.publish(200)
        await asyncio.sleep(0.02)
        door.wire.cut()
        await asyncio.sleep(0.2)
    await door.complete(1200)
    assert sorted(door.stored()) == list(range(1200))
