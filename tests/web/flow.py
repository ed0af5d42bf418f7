"""What a person does with the dashboard, in a real browser; against any edge.

async with chromium() as browser:
    await walk(browser, Place(url, link), order, Look("dark", 390))
"""

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, ConsoleMessage, Page, async_playwright, expect

from tests.patience import PATIENCE_S

CHROMIUM = os.environ.get("BOARDWALK_CHROMIUM", "/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--no-first-run", "--disable-dev-shm-usage",
]  # fmt: skip
SCREENSHOTS = Path(os.environ.get("BOARDWALK_SCREENSHOTS", "var/screenshots"))
HEIGHT = {390: 844}
Order = Callable[[], Awaitable[str]]


@dataclass(frozen=True)
class Place:
    """url: of the edge. link: the address of a quick link that signs in; it is used up."""

    url: str
    link: str


@dataclass(frozen=True)
class Look:
    """How the page is looked at. width: in CSS pixels."""

    theme: Literal["light", "dark"]
    width: int

    @property
    def name(self) -> str:
        """As in file names."""
        return f"{self.theme}-{self.width}"


@dataclass
class Visit:
    """A page in a browser, and everything that it complained of."""

    page: Page
    look: Look
    complaints: list[str] = field(default_factory=list)

    def listen(self) -> None:
        """Gather console errors, exceptions and requests to elsewhere."""
        self.page.on("console", self._on_console)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)

    async def keep(self, name: str) -> None:
        """A screenshot of the whole page, and what must hold of every page."""
        path = SCREENSHOTS / f"{name}-{self.look.name}.png"
        await self.page.screenshot(path=path, full_page=True, animations="disabled")
        wide = await self.page.evaluate("document.documentElement.scrollWidth")
        assert wide <= self.look.width, f"{name} scrolls sideways: {wide} px"
        found = await Axe().run(self.page)
        assert found.violations_count == 0, found.generate_report()
        assert self.complaints == []


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """A browser that sends nothing of its own."""
    expect.set_options(timeout=PATIENCE_S * 1000)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        await browser.close()


@asynccontextmanager
async def visit(browser: Browser, look: Look) -> AsyncIterator[Visit]:
    """A fresh browser window, as the look says; a phone has a finger and two pixels a point."""
    phone = look.width < 720
    context = await browser.new_context(
        color_scheme=look.theme, viewport={"width": look.width, "height": HEIGHT.get(look.width, 900)},
        has_touch=phone, is_mobile=phone, device_scale_factor=2 if phone else 1,
    )  # fmt: skip
    context.set_default_timeout(PATIENCE_S * 1000)
    visited = Visit(await context.new_page(), look)
    visited.listen()
    yield visited
    await context.close()


async def sign_in(page: Page, place: Place) -> None:
    """Open the link and press its button."""
    await page.goto(place.link)
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_role("heading", name="Today", exact=True)).to_be_visible()


async def walk(browser: Browser, place: Place, order: Order, look: Look) -> None:
    """Sign in, see Today, and see an order arrive without a reload.

    order: makes one happen and gives its customer.
    """
    async with visit(browser, look) as visited:
        page = visited.page
        await sign_in(page, place)
        told = page.locator("[data-conn]:visible b").first  # before the style is there, two are visible
        await expect(told).to_have_text("Live")
        counted = page.locator('[data-orders="count"]')
        before = int((await counted.inner_text()).replace(",", ""))
        customer = await order()
        first = page.locator("[data-stream] > li").first
        await expect(first.locator(".id")).to_have_text(customer)
        await expect(counted).to_have_text(f"{before + 1:,}")
        await page.wait_for_timeout(1200)  # the slow tiles, and the mark on the new row
        await visited.keep("today")
