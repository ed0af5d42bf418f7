"""The pages Rankings and Customers in a real browser: both themes, phone and desk."""

import re
import shutil
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser

from server import words
from server.store import staff
from tests.web import flow
from tests.web.flow import Look, Place, expect
from tests.web.shop import Shop
from tests.web.stage import set_stage

pytestmark = pytest.mark.skipif(shutil.which(flow.CHROMIUM) is None, reason="no chromium on this machine")
LOOKS = [Look("light", 1280), Look("dark", 1280), Look("light", 390), Look("dark", 390)]
HOSTILE = [
    "..",
    "50%/2 <b>&amp;?#",
    "\u202etxt.exe",
    "مقهى البحر",
    " ",
    "{x}",
    "a" * 128,
    "'\"\\",
    "%2F%252e",
]


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with flow.chromium() as opened:
        yield opened


async def place(shop: Shop) -> Place:
    number = await shop.database.write(staff.add, "visitor@shop.example", "viewer", 0)
    token = await shop.link(number, 10, quick=True)
    return Place(shop.url, f"{shop.url}/welcome/{token}")


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: look.name)
async def test_a_viewer_finds_a_customer_and_their_place(shop: Shop, browser: Browser, look: Look) -> None:
    await set_stage(shop)
    await shop.orders(40, customer="07592", quantity=3, cents=3845)
    for place_ in shop.core.folds.top("orders", "all", 12)[5::3]:
        await shop.orders(2, customer=place_.key, quantity=1, cents=20_000)
    async with flow.visit(browser, look) as visited:
        page = visited.page
        await flow.sign_in(page, await place(shop))
        await page.get_by_role("link", name="All rankings").click()
        await expect(page.get_by_role("heading", name="Rankings")).to_be_visible()
        await expect(page.locator(".ranks .move").first).to_have_text("new")
        await expect(page.locator(".ranks .move .vh").first).to_have_text(re.compile("up|down|as before"))
        await visited.keep("rankings")
        await page.get_by_role("searchbox").fill("07592")
        await page.keyboard.press("Enter")
        await expect(page.locator(".found .rank").first).to_be_visible()
        await visited.keep("rankings-found")
        await page.goto(shop.url + "/rankings?name=spend&against=hour")
        await expect(page.locator(".ranks li")).to_have_count(100)
        await visited.keep("ranking")
        await page.go_back()
        await page.get_by_role("link", name="The customer's page").click()
        await expect(page.locator(".history li")).to_have_count(25)
        await visited.keep("customer")
        await page.get_by_role("link", name="Older events").click()
        await expect(page).to_have_url(re.compile("after="))
        await page.wait_for_load_state()
        await page.get_by_role("link", name="Customers").locator("visible=true").first.click()
        await visited.keep("customers")
        await page.get_by_role("searchbox").fill("759")
        await page.keyboard.press("Enter")
        await expect(page.locator("tbody tr").first).to_be_visible()
        await visited.keep("customers-found")


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: look.name)
async def test_the_pages_of_a_new_shop_tell_what_will_be_there(
    shop: Shop, browser: Browser, look: Look
) -> None:
    async with flow.visit(browser, look) as visited:
        page = visited.page
        await flow.sign_in(page, await place(shop))
        for name, address, told in (
            ("rankings-empty", "/rankings", "opens this list"),
            ("rankings-nobody", "/rankings?key=nobody", "Not listed in any ranking"),
            ("customers-empty", "/customers", "No customers yet"),
            ("customers-nobody", "/customers?text=nobody", "No name has"),
        ):
            await page.goto(shop.url + address)
            await expect(page.get_by_text(told).first).to_be_visible()
            await visited.keep(name)


@pytest.mark.parametrize("name", HOSTILE)
async def test_any_name_has_a_page_that_is_reached_by_its_link(
    shop: Shop, browser: Browser, name: str
) -> None:
    await shop.orders(2, customer=name, note=name)
    async with flow.visit(browser, LOOKS[2]) as visited:
        page = visited.page
        await flow.sign_in(page, await place(shop))
        for start in ("/", "/rankings", "/customers", "/"):
            await page.goto(shop.url + start)
            await page.locator("a.id").locator("visible=true").first.click()
            await expect(page.locator(".history li")).to_have_count(2)
            assert await page.locator("h1 .id").text_content() == words.visible(name)
        await visited.keep("customer-hostile")


async def test_a_ranking_moves_on_the_page_while_somebody_watches(shop: Shop, browser: Browser) -> None:
    await shop.orders(2, customer="first")
    await shop.orders(1, customer="second")
    async with flow.visit(browser, LOOKS[0]) as visited:
        page = visited.page
        await flow.sign_in(page, await place(shop))
        await page.goto(shop.url + "/rankings?name=orders&key=second")
        await expect(page.locator(".found .rank b").first).to_have_text("2")
        await shop.orders(2, customer="second")
        await expect(page.locator(".found .rank b").first).to_have_text("1")
        await expect(page.locator(".ranks .id").first).to_have_text("second")
        assert await page.get_by_role("searchbox").input_value() == "second"
        assert visited.complaints == []


async def test_rankings_are_worked_with_the_keyboard_alone(shop: Shop, browser: Browser) -> None:
    await shop.orders(1, customer="14048")
    async with flow.visit(browser, LOOKS[0]) as visited:
        page = visited.page
        await flow.sign_in(page, await place(shop))
        await page.goto(shop.url + "/rankings")
        for _ in range(40):
            await page.keyboard.press("Tab")
            if await page.evaluate("document.activeElement.textContent") == "Today" and "window=today" in (
                await page.evaluate("document.activeElement.href") or ""
            ):
                break
        await page.keyboard.press("Enter")
        await expect(page.locator(".seg [aria-current]").first).to_have_text("Today")
        assert "window=today" in page.url


async def test_a_wrong_address_is_told_in_one_sentence(shop: Shop, browser: Browser) -> None:
    async with flow.visit(browser, LOOKS[2]) as visited:
        page = visited.page
        await flow.sign_in(page, await place(shop))
        for address, told in (
            ("/rankings?window=9d", "window is one of: all, today, 7d, 30d."),
            ("/rankings?name=nothing", "there are: orders, spend"),
            ("/rankings?against=week", "against is one of: day, hour."),
            ("/customers?after=x", "after is a whole number"),
            ("/customers?text=" + "x" * 257, "text has at most 256 characters"),
            ("/customers/nobody", "There is no customer"),
        ):
            await page.goto(shop.url + address)
            await expect(page.get_by_text(told)).to_be_visible()
