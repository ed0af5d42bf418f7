"""A shop, and clients of it."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from server.web.api.endpoint import Endpoint
from server.web.errors import kind_of
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


@pytest.fixture(autouse=True)
def only_declared_problems(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No endpoint is answered with a problem that it does not declare, and the OpenAPI document with it."""
    undeclared: set[tuple[str, str, str]] = set()
    original = Endpoint.__call__

    async def call(self: Endpoint, request: web.Request) -> web.StreamResponse:
        try:
            return await original(self, request)
        except web.HTTPException:
            raise
        except Exception as error:
            kind = kind_of(error)
            if kind not in self.may_answer:
                undeclared.add((self.method, self.path, kind))
            raise

    monkeypatch.setattr(Endpoint, "__call__", call)
    yield
    assert undeclared - {one for one in undeclared if one[2] == "internal"} == set()
