"""The pages Devices in a real browser: both themes, phone and desk."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser

from firmware.wire import command
from server.clock import milliseconds
from server.rights import THIS_MACHINE
from server.store import staff
from tests.web import flow
from tests.web.flow import Look, Place, expect
from tests.web.shop import Shop
from tests.web.stage import set_fleet, set_stage

pytestmark = pytest.mark.skipif(shutil.which(flow.CHROMIUM) is None, reason="no chromium on this machine")
LOOKS = [Look("light", 1280), Look("dark", 1280), Look("light", 390), Look("dark", 390)]


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with flow.chromium() as opened:
        yield opened


async def place(shop: Shop, role: str = "admin") -> Place:
    number = await shop.database.write(staff.add, f"{role}@shop.example", role, 0)
    token = await shop.link(number, 10, quick=True)
    return Place(shop.url, f"{shop.url}/welcome/{token}")


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: look.name)
async def test_devices_are_picked_moved_and_set_back(shop: Shop, browser: Browser, look: Look) -> None:
    await set_stage(shop)
    await set_fleet(shop)
    async with flow.visit(browser, look) as visited:
        page = visited.page
        await flow.sign_in(page, await place(shop))
        await page.get_by_role("link", name="All devices").click()
        await expect(page.get_by_role("heading", name="9 devices")).to_be_visible()
        await visited.keep("devices")
        await page.get_by_role("link", name="Needs a look 4").click()
        await expect(page.locator("tbody tr")).to_have_count(4)
        for row in (0, 2):
            await page.locator("tbody .pick label").nth(row).click()
        await expect(page.get_by_role("button", name="Identify 2")).to_be_visible()
        await visited.keep("devices-picked")
        await page.locator("summary", has_text="Group").click()
        await page.get_by_label("New group").fill("Cellar")
        await page.get_by_role("button", name="Move 2").click()
        await expect(page.get_by_text("are in the group Cellar now")).to_be_visible()
        await visited.keep("devices-moved")
        assert {one.name for one in shop.core.presence.all() if one.group == "Cellar"} == {
            "button-kiosk-1", "sensor-pier-3",
        }  # fmt: skip
        await page.get_by_role("button", name="Undo").click()
        await expect(page.get_by_text("Undone.")).to_be_visible()
        assert not [one for one in shop.core.presence.all() if one.group == "Cellar"]
        await page.get_by_role("link", name="till-station-1").click()
        await expect(page.get_by_role("heading", name="Heartbeat")).to_be_visible()
        await visited.keep("device")


async def test_a_row_that_is_ticked_stays_that_of_its_device(shop: Shop, browser: Browser) -> None:
    await set_stage(shop)
    await set_fleet(shop)
    async with flow.visit(browser, LOOKS[0]) as visited:
        page = visited.page
        await flow.sign_in(page, await place(shop))
        await page.goto(shop.url + "/devices")
        await expect(page.locator(".head .conn.live")).to_be_visible()
        ticked = page.locator("tbody tr", has_text="till-pier-2").locator("input")
        await ticked.check()
        shop.core.presence.told("till-pier-1", b'{"online":false}', 0)
        await page.wait_for_timeout(4000)  # two rounds in which the list would be drawn again
        assert await page.locator("tbody input:checked").get_attribute("value") == "till-pier-2"
        await expect(page.locator("tbody tr", has_text="till-pier-1")).to_contain_text("Here")
        await page.get_by_role("button", name="Clear").click()
        await expect(page.locator("tbody tr", has_text="till-pier-1")).to_contain_text("Offline")


async def test_what_is_drawn_anew_asks_nothing_of_who_ticked_nothing(shop: Shop, browser: Browser) -> None:
    async with flow.visit(browser, LOOKS[0]) as visited:
        page = visited.page
        await flow.sign_in(page, await place(shop))
        await page.goto(shop.url + "/devices")
        await expect(page.locator(".head .conn.live")).to_be_visible()
        bulk = page.get_by_role("region", name="Selected devices")
        for name in ("till-1", "till-2"):  # with the first one the list comes, with the second it is changed
            await shop.core.registrar.add(THIS_MACHINE, name)
            shop.core.presence.told(name, b'{"online":true}', milliseconds())
            await expect(page.locator("tbody tr", has_text=name)).to_be_visible()
            await expect(bulk).to_be_hidden()
        await page.get_by_label("Select all shown").check()
        await expect(bulk.get_by_role("button", name="Identify 2")).to_be_visible()
        await page.get_by_role("link", name="till-1").click()
        await page.go_back()  # the browser ticks again what was ticked
        await expect(bulk.get_by_role("button", name="Identify 2")).to_be_visible()
        await bulk.get_by_role("button", name="Clear").click()
        await expect(bulk).to_be_hidden()


async def test_two_clicks_restart_a_board_once(shop: Shop, browser: Browser) -> None:
    await shop.core.registrar.add(THIS_MACHINE, "till-1")
    shop.core.presence.told("till-1", b'{"online":true}', milliseconds())
    async with flow.visit(browser, LOOKS[0]) as visited:
        page = visited.page
        await flow.sign_in(page, await place(shop))
        await page.goto(shop.url + "/devices/till-1")
        box = await page.get_by_role("button", name="Restart").bounding_box()
        assert box
        for _ in range(2):  # by the mouse, for a click of the button would wait for the next page
            await page.mouse.click(box["x"] + 5, box["y"] + 5)
            await asyncio.sleep(0.5)
        (sent,) = [command.decode(payload) for _, payload in shop.sent]
        shop.mqtt.told("till-1", command.done(sent.id, {}))
        await expect(page.get_by_text("till-1 will be back in a moment.")).to_be_visible()


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: look.name)
async def test_long_names_stay_in_their_place(shop: Shop, browser: Browser, look: Look) -> None:
    await set_fleet_of_long_names(shop)
    async with flow.visit(browser, look) as visited:
        page = visited.page
        await flow.sign_in(page, await place(shop))
        for path, name in (("", "devices-long"), ("/" + LONG, "device-long")):
            await page.goto(f"{shop.url}/devices{path}")
            await expect(page.get_by_role("heading", level=1)).to_be_visible()
            await visited.keep(name)


LONG = "till-of-the-market-hall-number-1"


async def set_fleet_of_long_names(shop: Shop) -> None:
    for name, label in ((LONG, "Ü" * 64), ("till-2", "Касса у входа " * 4), ("till-3", "<b>x</b>")):
        await shop.core.registrar.add(THIS_MACHINE, name)
        await shop.core.registrar.describe(THIS_MACHINE, name, label, "Магазины на набережной " * 2)
        facts = {"online": True, "battery": 64, "rssi": -52, "firmware": "0.1.0", "outbox_waiting": 3120}
        shop.core.presence.told(name, json.dumps(facts).encode(), milliseconds())


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: look.name)
async def test_a_new_shop_is_told_how_boards_come_in(shop: Shop, browser: Browser, look: Look) -> None:
    async with flow.visit(browser, look) as visited:
        page = visited.page
        await flow.sign_in(page, await place(shop, "viewer"))
        await page.goto(shop.url + "/devices")
        await expect(page.get_by_text("boardwalk flash --name till-1")).to_be_visible()
        await visited.keep("devices-empty")
        await shop.core.registrar.add(THIS_MACHINE, "till-1")
        await page.reload()
        await expect(page.get_by_role("link", name="till-1")).to_be_visible()
        await page.goto(shop.url + "/devices?show=offline")
        await expect(page.get_by_text("No device is so now.")).to_be_visible()
        await page.goto(shop.url + "/devices/till-1")
        await expect(page.get_by_text("Not heard yet.")).to_be_visible()
        await visited.keep("device-new")
