"""Clients that other people wrote publish events with QoS 1: paho, mosquitto_pub and MQTT.js."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple

import pytest
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion

from tests.edge_process import EdgeProcess, edge_process
from tests.patience import PATIENCE_S, patience

NODE = Path(__file__).parents[1] / "node"
TOPIC = "bw1/shop/door/json"
COUNT = 50


class Site(NamedTuple):
    """An edge with its own broker and a registered device `door`."""

    edge: EdgeProcess
    secret: str


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with edge_process(tmp_path) as edge:
        told = await edge.ask("POST", "/api/v1/devices", {"name": "door"})
        yield Site(edge, told["secret"])


async def events(site: Site, count: int) -> list[dict[str, object]]:
    """The log, once it has so many events."""
    async with patience():
        while (
            len(rows := (await site.edge.ask("GET", "/api/v1/events?device=door&limit=1000"))["rows"]) < count
        ):
            await asyncio.sleep(0.05)
    return list(rows)


async def run(*command: str, given: bytes = b"") -> str:
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await asyncio.wait_for(process.communicate(given), PATIENCE_S)
    assert process.returncode == 0, output.decode()
    return output.decode()


async def test_paho_publishes_and_publishes_again(site: Site) -> None:
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id="door")
    client.username_pw_set("door", site.secret)
    client.connect("127.0.0.1", site.edge.mqtt_port)
    client.loop_start()
    for _ in range(2):
        told = [
            client.publish(TOPIC, json.dumps({"kind": "door.opened", "id": f"p-{n}"}), 1)
            for n in range(COUNT)
        ]
        for one in told:
            await asyncio.to_thread(one.wait_for_publish, PATIENCE_S)
    client.publish(TOPIC, '{"kind": "door.closed"}', 1).wait_for_publish(PATIENCE_S)
    client.disconnect()
    client.loop_stop()
    rows = await events(site, COUNT + 1)
    assert [row["kind"] for row in rows] == ["door.opened"] * COUNT + ["door.closed"]


async def test_mosquitto_pub_publishes_a_file_line_by_line_and_again(site: Site) -> None:
    command = shutil.which("mosquitto_pub")
    assert command, "this test needs mosquitto_pub, of Debian's package mosquitto-clients: make deps"
    lines = "".join(json.dumps({"kind": "door.opened", "id": f"m-{n}"}) + "\n" for n in range(COUNT)).encode()
    words = (
        "-p",
        str(site.edge.mqtt_port),
        "-u",
        "door",
        "-P",
        site.secret,
        "-i",
        "door",
        "-q",
        "1",
        "-t",
        TOPIC,
    )
    for _ in range(2):
        await run(command, *words, "-l", given=lines)
    await run(command, *words, "-m", '{"kind": "door.closed"}')
    rows = await events(site, COUNT + 1)
    assert [row["kind"] for row in rows] == ["door.opened"] * COUNT + ["door.closed"]


async def test_a_client_of_node_publishes_and_publishes_again(site: Site) -> None:
    node = shutil.which("node")
    assert node, "this test needs node (Debian: nodejs and npm): make deps"
    assert (NODE / "node_modules" / "mqtt").is_dir(), "this test needs what tests/node asks for: make deps"
    for _ in range(2):
        output = await run(
            node, str(NODE / "publish.js"), str(site.edge.mqtt_port), "door", site.secret, TOPIC, str(COUNT)
        )
        assert sorted(output.split()) == sorted(f"node-{n}" for n in range(COUNT))
    rows = await events(site, COUNT)
    assert [row["kind"] for row in rows] == ["door.opened"] * COUNT


def test_the_lock_file_names_no_registry() -> None:
    lock = json.loads((NODE / "package-lock.json").read_text())
    packages = [package for place, package in lock["packages"].items() if place]
    assert packages
    assert not any("resolved" in package for package in packages)
    assert all(package["integrity"].startswith("sha512-") for package in packages)
