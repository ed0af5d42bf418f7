"""Every example of docs/clients.md, taken from the page as it is, against a real edge."""

import asyncio
import json
import re
import shutil
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple

import pytest

from firmware.wire import reading
from tests.edge_process import EdgeProcess, edge_process
from tests.patience import PATIENCE_S, patience

PAGE = (Path(__file__).parents[2] / "docs" / "clients.md").read_text()
BLOCK = re.compile(r"^#{2,3} ([^\n]+)|^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def blocks(section: str) -> list[tuple[str, str]]:
    """(language, code) of each block below a heading."""
    found, heading = [], ""
    for match in BLOCK.finditer(PAGE):
        heading = match[1] or heading
        if match[3] and heading == section:
            found.append((match[2], match[3]))
    assert found, section
    return found


class Site(NamedTuple):
    """An edge with a token `web-shop` and a device `door`."""

    edge: EdgeProcess
    environ: dict[str, str]

    async def run(self, language: str, code: str) -> str:
        """What an example prints; only addresses and ports are put in their place."""
        http, mqtt = str(self.edge.http_port), str(self.edge.mqtt_port)
        code = code.replace("8080", http).replace("1883", mqtt)
        command = ["sh", "-euc", code] if language == "sh" else [sys.executable, "-c", code]
        process = await asyncio.create_subprocess_exec(
            *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, cwd=self.edge.folder,
            env=self.edge.environ() | self.environ,
        )  # fmt: skip
        output, errors = await asyncio.wait_for(process.communicate(), PATIENCE_S)
        assert process.returncode == 0, errors.decode()
        return output.decode()

    async def rows(self, device: str, count: int) -> list[dict[str, object]]:
        """The device's events, once there are so many."""
        path = f"/api/v1/events?device={device}"
        async with patience():
            while len(rows := (await self.edge.ask("GET", path))["rows"]) < count:
                await asyncio.sleep(0.05)
        return list(rows)

    async def post(self, payload: str) -> object:
        """The answer to one payload."""
        return await self.edge.ask("POST", "/api/v1/events", json.loads(payload))


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with edge_process(tmp_path) as edge:
        token = await edge.ask("POST", "/api/v1/tokens", {"name": "web-shop", "scopes": ["ingest"]})
        device = await edge.ask("POST", "/api/v1/devices", {"name": "door"})
        yield Site(edge, {"TOKEN": token["token"], "SECRET": device["secret"]})


async def test_the_examples_of_curl_post_and_may_be_repeated(site: Site) -> None:
    assert shutil.which("curl"), "this test needs curl: make deps"
    one, batch = blocks("curl")
    assert await site.run(*one) == '{"accepted":1,"duplicate":0,"rejected":[]}'
    assert await site.run(*one) == '{"accepted":0,"duplicate":1,"rejected":[]}'
    for _ in range(2):
        assert await site.run(*batch) == '{"accepted":2,"duplicate":0,"rejected":[]}'
    rows = await site.rows("http-web-shop", 3)
    assert [row["kind"] for row in rows] == ["order.placed", "reading.taken", "reading.taken"]


async def test_the_example_of_python_posts(site: Site) -> None:
    (example,) = blocks("Python")
    assert await site.run(*example) == "{'accepted': 2, 'duplicate': 0, 'rejected': []}\n"
    assert len(await site.rows("http-web-shop", 2)) == 2


async def test_the_example_of_python_waits_for_an_edge_that_is_away(site: Site) -> None:
    (example,) = blocks("Python")
    await site.edge.kill()
    waiting = asyncio.create_task(site.run(*example))
    await asyncio.sleep(1)
    await site.edge.start()
    assert await waiting == "{'accepted': 2, 'duplicate': 0, 'rejected': []}\n"


@pytest.mark.parametrize("section, number", [("mosquitto_pub", "17"), ("Python (paho)", "18")])
async def test_the_examples_of_mqtt_publish(site: Site, section: str, number: str) -> None:
    (example,) = blocks(section)
    for _ in range(2):
        await site.run(*example)
    await site.edge.ask("POST", "/api/v1/events", {"kind": "after"})
    assert [row["kind"] for row in await site.rows("door", 1)] == ["door.opened"]


SNIPPETS = {
    "ESPHome": (r"topic: (\S+)", r"payload: '(.*)'"),
    "Tasmota": (r"Publish (\S+)", r"Publish \S+ (.*) ENDON"),
    "Arduino": (r'publish\("([^"]+)"', r'"(\{.*\})"'),
}


@pytest.mark.parametrize("section", SNIPPETS)
async def test_what_the_snippets_for_devices_send_is_taken(site: Site, section: str) -> None:
    ((_, code),) = blocks(section)
    topic, payload = (re.findall(pattern, code) for pattern in SNIPPETS[section])
    assert reading.topic(topic[0]) == ("shop", "door", "json")
    text = payload[0].replace('\\"', '"').replace("%lu", "7")
    assert await site.post(text) == {"accepted": 1, "duplicate": 0, "rejected": []}


def test_every_example_is_tested() -> None:
    tested = {"curl", "Python", "mosquitto_pub", "Python (paho)", *SNIPPETS}
    assert {match[1] for match in BLOCK.finditer(PAGE) if match[1]} - {
        "HTTP",
        "MQTT",
        "What becomes of surprises",
    } == tested
