"""Whoever posts an event finds it everywhere at the answer, and hot reads come from memory."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from server.clock import milliseconds
from server.settings import RankingSpec, Rule, Settings
from server.web.reads import READS
from tests.web.shop import Shop, open_shop

WINDOWS = ("all", "today", "7d", "30d")
SETTINGS = Settings(
    ranking=(
        RankingSpec(name="orders", kinds=("order.placed",), windows=WINDOWS),
        RankingSpec(name="spend", kinds=("order.placed",), score="sum:cents", windows=WINDOWS),
        RankingSpec(name="items", kinds=("order.placed",), key="item", windows=WINDOWS),
        RankingSpec(name="tills", kinds=("order.placed",), key="device", windows=WINDOWS),
    ),
    rule=(Rule(name="each", on="order.placed", to="ann@shop.example"),),
)
DEVICE = "http-web-shop"


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    async with open_shop(tmp_path, SETTINGS) as opened:
        yield opened


class Reader:
    """Asks the interface, and knows what the newest order is called."""

    def __init__(self, program: aiohttp.ClientSession, token: str) -> None:
        self._program = program
        self.headers = {"Authorization": f"Bearer {token}", "Accept": "text/html"}

    async def post(self, event: dict[str, Any]) -> None:
        async with self._program.post("/api/v1/events", json=event, headers=self.headers) as answer:
            assert (answer.status, (await answer.json())["accepted"]) == (200, 1)

    async def text(self, path: str) -> str:
        async with self._program.get(path, headers=self.headers) as answer:
            assert answer.status == 200, (path, await answer.text())
            return await answer.text()

    async def json(self, path: str) -> Any:
        return json.loads(await self.text("/api/v1/" + path))


@pytest.fixture
async def reader(shop: Shop, program: aiohttp.ClientSession) -> Reader:
    return Reader(program, await shop.token("admin", name="web-shop"))


async def test_an_order_is_found_by_every_way_of_reading_at_the_answer(reader: Reader) -> None:
    for number in range(1, 13):
        now, name = milliseconds(), f"Customer {number}"
        order = {
            "kind": "order.placed",
            "customer": name,
            "item": f"i{number}",
            "cents": 100,
            "note": f"n{number}.",
        }
        await reader.post(order)
        await _in_the_log(reader, name, number, now)
        await _in_the_rankings(reader, name, number)
        totals = [await reader.json(f"totals?by={by}") for by in ("hour", "day")]
        assert [sum(row["count"] for row in one["rows"]) for one in totals] == [number, number]
        await _as_a_customer(reader, name, number)
        mails = await reader.json("mails")
        assert (mails["rows"][0]["facts"]["customer"], mails["counts"]["pending"]) == (name, number)
        await _on_the_pages(reader, name, number)


async def _in_the_log(reader: Reader, name: str, number: int, now: int) -> None:
    for query in (
        "newest=true", f"customer={name}", f"kind=order.placed&after={number - 1}", f"since={now}&newest=true",
        f"device={DEVICE}&newest=true", f"text=n{number}.", f"until={now + 60_000}&newest=true",
    ):  # fmt: skip
        page = await reader.json(f"events?limit=1&{query}")
        assert page["rows"][0]["customer"] == name, query
    assert name in await reader.text(f"/api/v1/events.csv?customer={name}")
    assert name in (await reader.text("/api/v1/events.jsonl")).splitlines()[-1]
    assert name in await reader.text("/api/v1/events?format=csv")


async def _in_the_rankings(reader: Reader, name: str, number: int) -> None:
    for window in WINDOWS:
        for ranking, key, score in (("orders", name, 1), ("spend", name, 100), ("items", f"i{number}", 1)):
            top = await reader.json(f"rankings/{ranking}?window={window}&k=1000&against=day")
            assert key in [row["key"] for row in top["rows"]]
            one = await reader.json(f"rankings/{ranking}/{key}?window={window}")
            assert one["score"] == score
        assert (await reader.json(f"rankings/tills/{DEVICE}?window={window}"))["score"] == number


async def _as_a_customer(reader: Reader, name: str, number: int) -> None:
    assert (await reader.json(f"customers?after={number - 1}"))["rows"][0]["name"] == name
    assert (await reader.json(f"customers?text=MER {number}"))["rows"][0]["name"] == name
    assert (await reader.json(f"customers?name={name}"))["rows"][0]["id"] == number
    one = await reader.json(f"customers/{name}")
    assert (one["mails"], [place["score"] for place in one["places"]]) == (1, [1] * 4 + [100] * 4)


async def _on_the_pages(reader: Reader, name: str, number: int) -> None:
    for path in (
        "/",
        "/rankings?name=orders",
        f"/rankings?key={name}",
        "/customers",
        f"/customers?text={name}",
        f"/customers/{name}",
    ):
        assert f">{name}<" in await reader.text(path), path
    today = await reader.text("/")
    assert f'data-orders="count">{number}<' in today
    assert f'data-mail="waiting">{number}<' in today


async def test_a_device_is_listed_at_the_answer_to_whoever_added_it(
    shop: Shop, reader: Reader, program: aiohttp.ClientSession
) -> None:
    async with program.post("/api/v1/devices", json={"name": "till-1"}, headers=reader.headers) as answer:
        assert answer.status == 201
    assert [row["name"] for row in (await reader.json("devices"))["rows"]] == ["till-1"]
    shop.core.presence.told("till-1", b'{"online":true,"boot":3}', milliseconds())
    assert (await reader.json("devices"))["rows"][0]["online"] is True


async def test_hot_reads_come_from_memory_and_the_metrics_say_so(shop: Shop, reader: Reader) -> None:
    await reader.post({"kind": "order.placed", "customer": "a", "cents": 5})
    shop.app[READS].counts.clear()
    for path in (
        "/", "/rankings", "/rankings?key=a", "/api/v1/rankings", "/api/v1/rankings/orders?against=hour",
        "/api/v1/rankings/orders/a", "/api/v1/totals", "/api/v1/totals?by=hour&kind=order.placed", "/api/v1/devices",
        "/api/v1/events", "/customers/a",
    ):  # fmt: skip
        await reader.text(path)
    assert dict(shop.app[READS].counts) == {
        ("today", "memory"): 1, ("mails", "store"): 1, ("rankings", "memory"): 5, ("totals", "memory"): 2,
        ("devices", "memory"): 1, ("events", "store"): 1, ("customers", "store"): 1,
    }  # fmt: skip
    assert 'boardwalk_reads_total{from="memory",noun="rankings"} 5.0' in await reader.text("/metrics")
