"""The pages Devices in a real browser: both themes, phone and desk."""

import shutil
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser

from server.store import staff
from server.web.welcome import create_link
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
    token = await create_link(shop.database, number, 10, quick=True)
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


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: look.name)
async def test_a_new_shop_is_told_how_boards_come_in(shop: Shop, browser: Browser, look: Look) -> None:
    async with flow.visit(browser, look) as visited:
        page = visited.page
        await flow.sign_in(page, await place(shop, "viewer"))
        await page.goto(shop.url + "/devices")
        await expect(page.get_by_text("boardwalk flash --name till-1")).to_be_visible()
        await visited.keep("devices-empty")
        await shop.core.registrar.add("till-1")
        await page.reload()
        await expect(page.get_by_role("link", name="till-1")).to_be_visible()
        await page.goto(shop.url + "/devices?show=offline")
        await expect(page.get_by_text("No device is so now.")).to_be_visible()
        await page.goto(shop.url + "/devices/till-1")
        await expect(page.get_by_text("Not heard yet.")).to_be_visible()
        await visited.keep("device-new")
