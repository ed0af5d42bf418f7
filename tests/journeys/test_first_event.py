"""`boardwalk device add` ends with all that a client needs, and with a line that works as it is."""

import asyncio
import shutil
from pathlib import Path

import pytest

from tests.edge_process import EdgeProcess
from tests.journeys.test_commands import boardwalk
from tests.patience import PATIENCE_S, patience
from tools.commands.first_event import FirstEvent


def facts(out: str) -> dict[str, str]:
    """What it printed, by the word in front."""
    return dict(line.split(maxsplit=1) for line in out.splitlines())


async def sent(edge: EdgeProcess, line: str) -> list[dict[str, object]]:
    """The events of the device, after a shell has run its line."""
    assert shutil.which("mosquitto_pub"), "this test needs mosquitto_pub, of mosquitto-clients: make deps"
    process = await asyncio.create_subprocess_exec("sh", "-euc", line)
    assert await asyncio.wait_for(process.wait(), PATIENCE_S) == 0
    async with patience():
        while not (rows := (await edge.ask("GET", "/api/v1/events?device=door"))["rows"]):
            await asyncio.sleep(0.05)
    return list(rows)


@pytest.mark.parametrize("listen", ["127.0.0.1", "0.0.0.0"])
async def test_the_line_that_it_ends_with_brings_an_event(listen: str, tmp_path: Path) -> None:
    """U3: host, port and topic had to be found in the docs."""
    edge = EdgeProcess(tmp_path, toml='[edge]\nsite = "pier-street"\n')
    edge.more["BOARDWALK_MQTT_LISTEN"] = f"{listen}:{edge.mqtt_port}"
    await edge.start()
    try:
        config = ("--config", str(tmp_path / "boardwalk.toml"))
        code, out, err = await boardwalk(edge, *config, "device", "add", "door")
        told = facts(out)
        assert (code, list(told)) == (0, ["device", "username", "secret", "host", "port", "topic", "try"])
        assert told["topic"] == "bw1/pier-street/door/json"
        assert told["port"] == str(edge.mqtt_port)
        assert (told["host"] == "127.0.0.1") or listen == "0.0.0.0"
        assert err == "The secret is not shown again; a board has it in its /settings.json.\n"
        (row,) = await sent(edge, told["try"])
        assert (row["device"], row["kind"], row["fields"]) == ("door", "reading.taken", {"value": 21.5})
    finally:
        await edge.stop()


async def test_the_line_works_once_the_edge_runs(tmp_path: Path) -> None:
    edge = EdgeProcess(tmp_path)
    await edge.furnish()
    _, out, err = await boardwalk(edge, "device", "add", "door")
    assert err.splitlines()[-1] == "The edge does not run; start it with boardwalk run, then try the line."
    await edge.start()
    try:
        assert len(await sent(edge, facts(out)["try"])) == 1
    finally:
        await edge.stop()


async def test_a_broker_of_ones_own_is_named_and_must_know_the_device(tmp_path: Path) -> None:
    more = {"BOARDWALK_MQTT_URL": "mqtts://edge:top-secret@broker.example"}
    edge = EdgeProcess(tmp_path, more=more)
    await edge.furnish()
    code, out, err = await boardwalk(edge, "device", "add", "door")
    told = facts(out)
    assert (code, told["host"], told["port"]) == (0, "broker.example", "8883")
    assert " --tls-use-os-certs " in told["try"] and "top-secret" not in out + err
    assert "The broker of [mqtt] url has users of its own; let it know door too.\n" in err


def test_a_secret_that_a_shell_would_change_is_quoted() -> None:
    credentials = {"device": "door", "username": "door", "secret": "a b$c"}
    site = {"site": "shop", "mqtt": {"host": "10.0.0.1", "port": 1883, "tls": False}}
    assert FirstEvent.of(credentials, site).line() == (
        "mosquitto_pub -h 10.0.0.1 -p 1883 -u door -P 'a b$c' -i door -q 1 -t bw1/shop/door/json "
        """-m '{"kind": "reading.taken", "value": 21.5}'"""
    )
