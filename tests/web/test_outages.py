"""A page that is left open, through everything that a link, an edge and a laptop do in a day (field trial, U1)."""

import asyncio
import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta

import pytest
from playwright.async_api import Browser, Locator, Page

from server.store import staff
from tests.web import flow
from tests.web.flow import Look, Place, expect
from tests.web.shop import Shop
from tests.web.stage import set_stage

pytestmark = pytest.mark.skipif(shutil.which(flow.CHROMIUM) is None, reason="no chromium on this machine")
DESK = Look("light", 1280)
BACK_WITHIN = timedelta(seconds=15)
OUTAGES = [
    timedelta(seconds=1), timedelta(seconds=19), timedelta(seconds=21), timedelta(minutes=5), timedelta(hours=8),
]  # fmt: skip


class Link:
    """What is between browser and edge. passes: a link that does not takes connections and bytes, and is silent."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.passes = True
        self.tasks: set[asyncio.Task[None]] = set()

    def cut(self) -> None:
        """Break all connections, as an edge that starts anew."""
        for task in self.tasks:
            task.cancel()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one connection."""
        task = asyncio.current_task()
        assert task is not None
        self.tasks.add(task)
        there = None
        with suppress(OSError, asyncio.CancelledError):  # a test cuts it
            while not self.passes:
                await asyncio.sleep(0.05)
            back, there = await asyncio.open_connection("127.0.0.1", self.port)
            ways = [asyncio.create_task(self._carry(*way)) for way in ((reader, there), (back, writer))]
            try:
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for way in ways:
                    way.cancel()
        for one in (there, writer):
            if one is not None:
                one.close()
        self.tasks.discard(task)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            while not self.passes:
                await asyncio.sleep(0.05)
            writer.write(data)
            await writer.drain()


@asynccontextmanager
async def linked(shop: Shop) -> AsyncIterator[tuple[Link, str]]:
    """A link to the shop's edge, and the address to open."""
    link = Link(int(shop.url.rsplit(":", 1)[1]))
    server = await asyncio.start_server(link.serve, "127.0.0.1", 0)
    try:
        yield link, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        link.passes = True
        server.close()
        link.cut()


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with flow.chromium() as opened:
        yield opened


def state(page: Page) -> Locator:
    """The words that tell of the connection."""
    return page.locator(".conn:visible b").first


async def opened(page: Page, shop: Shop, url: str) -> None:
    """Today, live, in a browser whose clock a test can move."""
    await page.clock.install()
    number = await shop.database.write(staff.add, "visitor@shop.example", "viewer", 0)
    token = await shop.link(number, 10, quick=True)
    await flow.sign_in(page, Place(url, f"{url}/welcome/{token}"))
    await expect(state(page)).to_have_text("Live")


async def passed(page: Page, time: timedelta) -> None:
    """Let time pass in the page, each of its ticks."""
    await page.clock.run_for(time // timedelta(milliseconds=1))


@pytest.mark.parametrize("outage", OUTAGES, ids=str)
async def test_a_page_comes_back_by_itself_after_a_link_that_passed_nothing(
    shop: Shop, browser: Browser, outage: timedelta
) -> None:
    """U1: after 20 s it never came back; each new attempt was killed by the silence before it."""
    await set_stage(shop)
    async with linked(shop) as (link, url), flow.visit(browser, DESK) as visited:
        page = visited.page
        await opened(page, shop, url)
        link.passes = False
        if outage > timedelta(hours=1):
            await page.clock.fast_forward(outage // timedelta(milliseconds=1))  # asleep: no tick at all
        else:
            await passed(page, outage)
        if outage >= timedelta(minutes=5):
            await expect(state(page)).to_have_text(re.compile("Reconnecting|As of"))
        await shop.orders(1, customer="missed")
        link.passes = True
        await passed(page, BACK_WITHIN)
        await expect(state(page)).to_have_text("Live")
        await expect(page.locator("[data-stream] .id").first).to_have_text("missed")


@pytest.mark.parametrize("outage", OUTAGES[1:4], ids=str)
async def test_a_page_comes_back_by_itself_after_an_edge_that_was_down(
    shop: Shop, browser: Browser, outage: timedelta
) -> None:
    """U1: an edge that is stopped and started again, and refuses connections in between."""
    await set_stage(shop)
    async with linked(shop) as (link, url), flow.visit(browser, DESK) as visited:
        page = visited.page
        await opened(page, shop, url)
        await page.context.set_offline(True)
        link.cut()
        await expect(state(page)).to_have_text("Reconnecting")
        await passed(page, outage)
        await expect(state(page)).to_have_text(
            re.compile("As of" if outage > timedelta(seconds=30) else "Reconnecting")
        )
        await shop.orders(1, customer="missed")
        await page.context.set_offline(False)
        await passed(page, BACK_WITHIN)
        await expect(state(page)).to_have_text("Live")
        await expect(page.locator("[data-stream] .id").first).to_have_text("missed")


@pytest.mark.parametrize("leap", [timedelta(hours=1), timedelta(hours=-1)], ids=["on", "back"])
async def test_a_page_stays_live_when_the_clock_of_a_laptop_is_set(
    shop: Shop, browser: Browser, leap: timedelta
) -> None:
    """U1: silence is counted by a clock that nobody sets."""
    await set_stage(shop)
    async with linked(shop) as (_, url), flow.visit(browser, DESK) as visited:
        page = visited.page
        await opened(page, shop, url)
        now = await page.evaluate("Date.now()")
        await page.clock.set_system_time(now + leap // timedelta(milliseconds=1))
        await passed(page, timedelta(seconds=3))
        await expect(state(page)).to_have_text("Live")
        await shop.orders(1, customer="leapt")
        await expect(page.locator("[data-stream] .id").first).to_have_text("leapt")


async def test_a_page_says_live_only_once_its_stream_is_open(shop: Shop, browser: Browser) -> None:
    """U1, X2: what was drawn while nobody follows it is no live page."""
    await set_stage(shop)
    async with linked(shop) as (_, url), flow.visit(browser, DESK) as visited:
        page = visited.page
        await opened(page, shop, url)
        await page.route("**/boardwalk.*js*", lambda route: route.abort())
        await page.reload()
        await expect(state(page)).to_have_text("Connecting")
        await page.unroute("**/boardwalk.*js*")
        await page.route("**/api/v1/live*", lambda route: route.abort())
        await page.reload()
        await expect(state(page)).to_have_text("Reconnecting")


async def test_eight_pages_of_one_browser_are_all_answered(shop: Shop, browser: Browser) -> None:
    """U10: a browser opens six connections to a server, and each page held one."""
    await set_stage(shop)
    async with linked(shop) as (_, url), flow.visit(browser, DESK) as visited:
        await opened(visited.page, shop, url)
        pages = [await visited.page.context.new_page() for _ in range(7)]
        for page in pages:
            # What a browser does to the pages behind the one that is looked at; headless ones are never hidden.
            await page.goto(url + "/")
            await expect(page.get_by_role("heading", name="Today", exact=True)).to_be_visible()
            await _hide(page, hidden=True)
        await _hide(pages[0], hidden=False)
        await expect(state(pages[0])).to_have_text("Live")


async def _hide(page: Page, *, hidden: bool) -> None:
    await page.evaluate(
        """hidden => {
          Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
          document.dispatchEvent(new Event("visibilitychange"));
        }""",
        hidden,
    )


async def test_a_link_that_keeps_the_focus_holds_no_page_up(shop: Shop, browser: Browser) -> None:
    """U9: "Live" stood over a page that stood still, after a link had been opened in another tab."""
    await set_stage(shop)
    async with linked(shop) as (_, url), flow.visit(browser, DESK) as visited:
        page = visited.page
        await opened(page, shop, url)
        await page.goto(url + "/rankings?name=orders")
        await expect(state(page)).to_have_text("Live")
        await page.locator("[data-fresh] a").first.click(modifiers=["ControlOrMeta"])
        assert await page.evaluate("document.activeElement.tagName") == "A"
        await page.mouse.move(2, 2)
        await shop.orders(300, customer="first of all")
        await passed(page, timedelta(seconds=4))
        await expect(page.locator("[data-fresh]")).to_contain_text("first of all")


async def test_a_page_that_is_held_says_so_and_a_pointer_that_was_left_there_holds_nothing(
    shop: Shop, browser: Browser
) -> None:
    """U9: what stands still says that it is paused, and not for longer than somebody acts."""
    await set_stage(shop)
    async with linked(shop) as (_, url), flow.visit(browser, DESK) as visited:
        page = visited.page
        await opened(page, shop, url)
        await page.goto(url + "/rankings?name=orders")
        await expect(state(page)).to_have_text("Live")
        await page.locator("[data-fresh] a").nth(3).hover()
        await shop.orders(300, customer="first of all")
        await passed(page, timedelta(seconds=4))
        await expect(state(page)).to_have_text("Paused")
        await expect(page.locator("[data-fresh]")).not_to_contain_text("first of all")
        await passed(page, timedelta(seconds=32))
        await expect(page.locator("[data-fresh]")).to_contain_text("first of all")
        await expect(state(page)).to_have_text("Live")
