"""The dashboard in a real browser: both themes, phone and desk."""

import re
import shutil
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser

from server.rights import THIS_MACHINE
from server.store import staff
from server.watch.findings import BROKER_DOWN
from server.web.live.watchers import LIVE
from tests.web import flow
from tests.web.flow import Look, Place
from tests.web.shop import Shop
from tests.web.stage import set_stage

pytestmark = pytest.mark.skipif(shutil.which(flow.CHROMIUM) is None, reason="no chromium on this machine")
LOOKS = [Look("light", 1280), Look("dark", 1280), Look("light", 390), Look("dark", 390), Look("light", 1920)]


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with flow.chromium() as opened:
        yield opened


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: look.name)
async def test_an_order_appears_while_somebody_watches(shop: Shop, browser: Browser, look: Look) -> None:
    await set_stage(shop)

    async def order() -> str:
        await shop.orders(1, customer="07592", quantity=3, cents=3845)
        return "07592"

    await flow.walk(browser, await _place(shop), order, look)


async def test_the_list_waits_while_it_is_paused_and_under_the_pointer(shop: Shop, browser: Browser) -> None:
    await set_stage(shop)
    async with flow.visit(browser, LOOKS[0]) as visited:
        page = visited.page
        await flow.sign_in(page, await _place(shop))
        await flow.expect(page.locator(".conn:visible b").first).to_have_text("Live")
        first = page.locator("[data-stream] > li").first.locator(".id")
        before = await first.inner_text()
        await page.get_by_role("button", name="Pause").click()
        await shop.orders(1, customer="paused")
        await flow.expect(page.get_by_text("1 wait")).to_be_visible()
        assert await first.inner_text() == before
        await page.get_by_role("button", name="Go on").click()
        await flow.expect(first).to_have_text("paused")
        await page.locator("[data-stream]").hover()
        await shop.orders(1, customer="pointed")
        await flow.expect(page.get_by_text("1 wait")).to_be_visible()
        await page.mouse.move(5, 5)
        await flow.expect(first).to_have_text("pointed")


async def test_a_notice_heals_by_itself_and_a_hostile_name_stays_a_text(shop: Shop, browser: Browser) -> None:
    hostile = "<img src=x onerror=alert(1)>"
    async with flow.visit(browser, LOOKS[0]) as visited:
        page = visited.page
        await flow.sign_in(page, await _place(shop))
        shop.findings.tell(BROKER_DOWN, f"The broker {hostile} is down.")
        await flow.expect(page.locator(".note")).to_have_text(
            f"The broker {hostile} is down. {BROKER_DOWN.cure}"
        )
        shop.findings.found.clear()
        await flow.expect(page.locator(".note")).to_have_count(0)
        await shop.orders(1, customer=hostile, quantity=hostile)
        await flow.expect(page.locator("[data-stream] .id").first).to_have_text(hostile)
        await flow.expect(page.locator(".ranks .id").first).to_have_text(hostile)
        await shop.core.registrar.add(THIS_MACHINE, "till-9")
        await flow.expect(page.get_by_text("New", exact=True)).to_be_visible()
        assert visited.complaints == []


async def test_the_page_tells_when_the_edge_is_gone_and_comes_back_by_itself(
    shop: Shop, browser: Browser
) -> None:
    await set_stage(shop)
    async with flow.visit(browser, LOOKS[0]) as visited:
        page = visited.page
        await flow.sign_in(page, await _place(shop))
        conn = page.locator(".conn:visible b").first
        await flow.expect(conn).to_have_text("Live")
        await flow.expect(page.locator(".conn:visible span").first).to_have_text(
            re.compile(":")
        )  # it is followed
        await page.context.set_offline(True)
        shop.app[LIVE].closed = True
        shop.app[LIVE].suspect()
        await flow.expect(conn).to_have_text("Reconnecting")
        shop.app[LIVE].closed = False
        await shop.orders(1, customer="missed")
        await page.context.set_offline(False)
        await flow.expect(conn).to_have_text("Live")
        await flow.expect(page.locator("[data-stream] .id").first).to_have_text("missed")


@pytest.mark.parametrize("look", LOOKS[:4], ids=lambda look: look.name)
async def test_a_new_shop_tells_the_next_step(shop: Shop, browser: Browser, look: Look) -> None:
    async with flow.visit(browser, look) as visited:
        await flow.sign_in(visited.page, await _place(shop))
        await flow.expect(visited.page.get_by_text("boardwalk flash --name till-1")).to_be_visible()
        await flow.expect(visited.page.get_by_text("Listening")).to_be_visible()
        await visited.page.wait_for_timeout(1200)
        await visited.keep("empty")


@pytest.mark.parametrize("look", LOOKS[:4], ids=lambda look: look.name)
async def test_the_doors_and_the_mailbox_hold_in_every_look(shop: Shop, browser: Browser, look: Look) -> None:
    await set_stage(shop)
    place, first = await _place(shop), await shop.first_link()
    async with flow.visit(browser, look) as visited:
        page = visited.page
        for name, address in (("sign-in", "/sign-in"), ("first", f"/welcome/{first}")):
            await page.goto(place.url + address)
            await visited.keep(name)
        await flow.sign_in(page, place)
        await page.goto(place.url + "/mailbox")
        await page.get_by_role("link", name="Thank you").first.click()
        await visited.keep("mailbox")


async def _place(shop: Shop) -> Place:
    number = await shop.database.write(staff.add, "visitor@shop.example", "viewer", 0)
    token = await shop.link(number, 10, quick=True)
    return Place(shop.url, f"{shop.url}/welcome/{token}")
