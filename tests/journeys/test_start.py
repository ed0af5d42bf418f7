"""A start that cannot be is one clear sentence and exit code 1; what fails later heals by itself."""

import asyncio
import os
import re
import socket
from pathlib import Path
from typing import Any

import pytest

from server.errors import EdgeBroken
from server.mqtt.broker import Broker
from server.serving import serve
from server.settings import EdgeSection, HttpSection, MqttSection, Settings
from server.store.database import Database
from tests.edge_process import EdgeProcess, edge_process
from tests.journeys.test_commands import boardwalk
from tests.mqtt.test_broker import Client
from tests.patience import PATIENCE_S, patience
from tools.children import free_port


async def refused(edge: EdgeProcess) -> str:
    """The one sentence of an edge that does not start."""
    await edge.start(wait=False)
    assert edge.process is not None
    assert await asyncio.wait_for(edge.process.wait(), PATIENCE_S) == 1
    lines = [line for line in edge.log.splitlines() if line.startswith("boardwalk: ")]
    assert len(lines) == 1, edge.log
    assert "Traceback" not in edge.log
    return lines[0].removeprefix("boardwalk: ")


async def test_a_second_edge_on_the_same_data_is_refused(tmp_path: Path) -> None:
    async with edge_process(tmp_path) as first:
        (tmp_path / "second").mkdir()
        second = EdgeProcess(tmp_path / "second", more={"BOARDWALK_EDGE_DATA": str(first.data)})
        assert await refused(second) == (
            f"Another Boardwalk uses the data in {first.data}; stop it, or give this one another folder "
            "with [edge] data."
        )
        assert (await first.ask("GET", "/api/v1/devices"))["rows"] == []


@pytest.mark.parametrize("service", ["http", "mqtt"])
async def test_a_taken_port_is_named_with_its_key(service: str, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        edge = EdgeProcess(tmp_path, **{f"{service}_port": port})
        said = await refused(edge)
    assert said.startswith(f"Port {port} on 127.0.0.1 cannot be used for {service.upper()}")
    assert f"[{service}] listen" in said
    assert "never awaited" not in edge.log
    assert edge.broker_pids() == []


async def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    edge = EdgeProcess(tmp_path, more={"BOARDWALK_EDGE_DATA": "/proc/boardwalk"})
    assert re.fullmatch(
        r"The data folder /proc/boardwalk cannot be written \(.*\); give another one with \[edge\] data, "
        r"or change its owner\.",
        await refused(edge),
    )


async def test_a_store_that_is_no_store_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    broken = tmp_path / "data" / "boardwalk.db"
    broken.write_bytes(b"this is no database" * 100)
    said = await refused(EdgeProcess(tmp_path))
    assert said.startswith(f"The store {broken} cannot be read (file is not a database); restore a backup")
    assert broken.read_bytes() == b"this is no database" * 100


async def test_a_wrong_setting_is_named_with_its_line(tmp_path: Path) -> None:
    edge = EdgeProcess(tmp_path, toml="[edge]\nsite = 'shop'\n\n[mqtt]\nbrokr = 'auto'\n")
    assert await refused(edge) == (
        f"{tmp_path}/boardwalk.toml, line 5: unknown key brokr in [mqtt]; allowed: listen, broker, url"
    )


async def test_a_rule_whose_letter_does_not_exist_is_named(tmp_path: Path) -> None:
    rule = "[[rule]]\nname = 'x'\non = 'order.placed'\nto = 'a@shop.example'\ntemplate = 'hallo'\n"
    said = await refused(EdgeProcess(tmp_path, toml=rule))
    assert said == (
        f"{tmp_path}/boardwalk.toml, line 5: template: there is no letter hallo; "
        "there are: entered, notice, silent, thanks, welcome"
    )


async def test_kill_minus_nine_leaves_no_broker_behind(tmp_path: Path) -> None:
    async with edge_process(tmp_path) as edge:
        assert len(edge.broker_pids()) == 1
        await edge.kill()
        async with patience():
            while edge.broker_pids():
                await asyncio.sleep(0.01)
        await edge.start()
        assert len(edge.broker_pids()) == 1


async def reasons(edge: EdgeProcess) -> list[Any]:
    """What is wrong, as an administrator reads it."""
    import aiohttp

    async with aiohttp.ClientSession() as session, session.get(f"{edge.url}/readyz") as told:
        body = await told.json(content_type=None)
        assert told.status == (200 if body["ready"] else 503)
    return list((await edge.ask("GET", "/api/v1/findings"))["rows"])


async def eventually(edge: EdgeProcess, wanted: Any) -> None:
    """Wait until `wanted(reasons)` is true."""
    found: list[Any] = []
    try:
        async with patience():
            while not wanted(found := await reasons(edge)):
                await asyncio.sleep(0.1)
    except TimeoutError:
        raise AssertionError(found) from None


async def test_an_absent_broker_is_shown_and_heals_when_it_comes(tmp_path: Path) -> None:
    port = free_port()
    url = {"BOARDWALK_MQTT_URL": f"mqtt://_edge:secret@127.0.0.1:{port}"}
    async with edge_process(tmp_path, more=url) as edge:
        await eventually(edge, lambda found: any("no broker at 127.0.0.1" in str(one) for one in found))
        (tmp_path / "other").mkdir()
        async with Database(tmp_path / "other") as database:
            broker = Broker(MqttSection(listen=f"127.0.0.1:{port}", broker="mosquitto"), "shop", database)
            broker.secret = "secret"
            async with broker:
                await eventually(edge, lambda found: not found)
            await eventually(edge, lambda found: any("MQTT" in str(one) for one in found))


async def test_wrong_credentials_at_a_broker_are_shown(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    async with Database(tmp_path / "other") as database:
        port = free_port()
        async with Broker(MqttSection(listen=f"127.0.0.1:{port}", broker="mosquitto"), "shop", database):
            url = {"BOARDWALK_MQTT_URL": f"mqtt://_edge:wrong@127.0.0.1:{port}"}
            async with edge_process(tmp_path, more=url) as edge:
                await eventually(
                    edge, lambda found: any("the broker refuses the edge" in str(one) for one in found)
                )


async def test_a_cloud_that_is_away_is_shown_and_loses_nothing(tmp_path: Path) -> None:
    away = {
        "BOARDWALK_CLOUD_MODE": "aws",
        "BOARDWALK_CLOUD_ENDPOINT_URL": f"http://127.0.0.1:{free_port()}",
        "BOARDWALK_CLOUD_SEAL_AFTER_S": "1",
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "y",
    }
    async with edge_process(tmp_path, more=away) as edge:
        posted = await edge.ask("POST", "/api/v1/events", [{"kind": "order.placed", "customer": "a"}])
        assert posted["accepted"] == 1
        await eventually(edge, lambda found: any("DynamoDB is not reached" in str(one) for one in found))
        async with patience():
            while (await edge.ask("GET", "/api/v1/sync"))["waiting"] != 1:
                await asyncio.sleep(0.1)
        assert (await edge.ask("GET", "/api/v1/rankings/orders"))["rows"] == [
            {"rank": 1, "key": "a", "score": 1}
        ]


async def test_no_credentials_for_the_cloud_is_a_sentence_on_the_page(tmp_path: Path) -> None:
    none = {
        "BOARDWALK_CLOUD_MODE": "aws",
        "BOARDWALK_CLOUD_ENDPOINT_URL": f"http://127.0.0.1:{free_port()}",
        "BOARDWALK_CLOUD_SEAL_AFTER_S": "1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ACCESS_KEY_ID": "",
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_CONFIG_FILE": os.devnull,
    }
    async with edge_process(tmp_path, more=none) as edge:
        await edge.ask("POST", "/api/v1/events", [{"kind": "order.placed"}])
        await eventually(edge, lambda found: any("credentials" in str(one) for one in found))


async def test_a_data_folder_may_be_deep_and_have_spaces(tmp_path: Path) -> None:
    deep = tmp_path / "my shop # 1" / ("deep" * 40)
    edge = EdgeProcess(tmp_path, more={"BOARDWALK_EDGE_DATA": str(deep)})
    for running in (True, False):
        if running:
            await edge.start()
        code, out, err = await boardwalk(edge, "device", "list", "--json")
        assert (code, out) == (0, "[]\n"), err
        if running:
            await edge.stop()


async def test_a_part_that_breaks_ends_the_edge_with_an_exit_code_that_starts_it_again(
    tmp_path: Path,
) -> None:
    async def breaks() -> None:
        raise RuntimeError("a fault of ours")

    where = Settings(
        edge=EdgeSection(data=str(tmp_path)), http=HttpSection(listen=f"127.0.0.1:{free_port()}"),
        mqtt=MqttSection(listen=f"127.0.0.1:{free_port()}"),
    )  # fmt: skip
    with pytest.raises(EdgeBroken):
        await asyncio.wait_for(serve(where, lambda edge: edge.spawn(breaks(), "part")), PATIENCE_S)


async def test_a_retained_json_message_counts_once_over_restarts(tmp_path: Path) -> None:
    async with edge_process(tmp_path) as edge:
        secret = (await edge.ask("POST", "/api/v1/devices", {"name": "door"}))["secret"]
        client = Client(edge.mqtt_port, "door", secret)
        client.publish("bw1/shop/door/json", b'{"kind": "door.opened"}', 1, retain=True)
        async with patience():
            while len((await edge.ask("GET", "/api/v1/events"))["rows"]) < 1:
                await asyncio.sleep(0.05)
        client.close()
        for _ in range(2):
            await edge.stop()
            await edge.start()
            await asyncio.sleep(1.5)
        assert len((await edge.ask("GET", "/api/v1/events"))["rows"]) == 1
