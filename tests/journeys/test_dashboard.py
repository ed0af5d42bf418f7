"""An order scanned at a till appears on the page of whoever is signed in, without a reload."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from server.mqtt.broker import Broker
from server.settings import MqttSection
from server.store.database import Database
from tests.edge_process import EdgeProcess, edge_process
from tests.web.flow import Look, Place, chromium, sign_in, visit, walk
from tools.children import free_port
from tools.demo.replay import FIELDS
from tools.vboard.client import Fleet

LOOKS = [Look("light", 1280), Look("dark", 1280), Look("light", 390), Look("dark", 390)]


@pytest.fixture
async def edge(tmp_path: Path) -> AsyncIterator[EdgeProcess]:
    async with edge_process(tmp_path) as one:
        yield one


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as one:
        yield one


async def test_an_order_scanned_at_a_till_is_on_the_page_in_every_look(
    edge: EdgeProcess, browser: Browser, tmp_path: Path
) -> None:
    async with Fleet.start(tmp_path / "boards") as fleet:
        told = await edge.ask("POST", "/api/v1/devices", {"name": "till-1"})
        reader = {"type": "serial", "uart": 1, "kind": "order.placed", "fields": FIELDS, "critical": True}
        settings = {
            "site": "shop", "device": "till-1", "secret": told["secret"], "host": "127.0.0.1",
            "port": edge.mqtt_port, "inputs": [reader],
        }  # fmt: skip
        board = await fleet.up("till-1", settings)
        answers, line = await board.uart()
        count = 0

        async def order() -> str:
            nonlocal count
            count += 1
            customer = f"{14048 + count}"
            line.write(f"{customer},3,3845,1997-01-01\n".encode())
            assert (await answers.readline()).startswith(b"ok ")
            return customer

        for look in LOOKS:
            visitor = {"email": "ann@shop.example", "role": "admin", "quick": True}
            link = (await edge.ask("POST", "/api/v1/users", visitor))["link"]
            await walk(browser, Place(edge.url, link), order, look)
        line.close()


async def test_the_link_of_the_first_start_makes_an_administrator_once(
    edge: EdgeProcess, browser: Browser
) -> None:
    async with visit(browser, Look("light", 1280)) as visited:
        page = visited.page
        await page.goto(edge.link())
        await page.get_by_label("Email").fill("ann@shop.example")
        await page.get_by_label("New password").fill("a long and good password")
        await page.get_by_role("button", name="Sign in").click()
        await expect(page.get_by_role("heading", name="Today", exact=True)).to_be_visible()
        people = (await edge.ask("GET", "/api/v1/users"))["rows"]
        assert [(one["email"], one["role"]) for one in people] == [("ann@shop.example", "admin")]
    async with visit(browser, Look("light", 390)) as visited:
        answer = await visited.page.goto(edge.link())
        assert answer is not None
        assert answer.status in (404, 410)


async def test_an_absent_broker_is_shown_and_the_notice_goes_when_it_comes(
    browser: Browser, tmp_path: Path
) -> None:
    port = free_port()
    url = {"BOARDWALK_MQTT_URL": f"mqtt://_edge:secret@127.0.0.1:{port}"}
    async with edge_process(tmp_path, more=url) as edge, visit(browser, Look("light", 1280)) as visited:
        visitor = {"email": "ann@shop.example", "role": "admin", "quick": True}
        link = (await edge.ask("POST", "/api/v1/users", visitor))["link"]
        await sign_in(visited.page, Place(edge.url, link))
        notice = visited.page.get_by_text(f"no broker at 127.0.0.1:{port}")
        await expect(notice).to_be_visible()
        (tmp_path / "other").mkdir()
        async with Database(tmp_path / "other") as database:
            broker = Broker(MqttSection(listen=f"127.0.0.1:{port}", broker="mosquitto"), "shop", database)
            broker.secret = "secret"
            async with broker:
                await expect(notice).to_be_hidden()
