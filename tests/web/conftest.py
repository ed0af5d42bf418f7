"""A shop, and clients of it."""

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from tests.web.shop import Client, Shop, open_shop


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    """A shop with the settings that hold without a file."""
    async with open_shop(tmp_path) as opened:
        yield opened


@pytest.fixture
async def browser(shop: Shop) -> AsyncIterator[Client]:
    """A client that keeps cookies."""
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(cookie_jar=jar) as session:
        yield Client(session, shop.url)


@pytest.fixture
async def program(shop: Shop) -> AsyncIterator[aiohttp.ClientSession]:
    """A session without cookies; its base is the shop."""
    async with aiohttp.ClientSession(shop.url, cookie_jar=aiohttp.DummyCookieJar()) as session:
        yield session
