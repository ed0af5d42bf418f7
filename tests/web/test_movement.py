"""What the interface tells of how rankings moved."""

import json
from urllib.parse import quote

import aiohttp
import pytest
from yarl import URL

from server.clock import milliseconds
from tests.web.shop import Shop

HOUR = 3_600_000


@pytest.fixture
async def auth(shop: Shop) -> dict[str, str]:
    return {"Authorization": f"Bearer {await shop.token('read')}"}


async def ask(program: aiohttp.ClientSession, auth: dict[str, str], path: str) -> dict[str, object]:
    async with program.get(f"/api/v1/rankings/{path}", headers=auth) as answer:
        told: dict[str, object] = json.loads(await answer.text())
        return told


async def test_rows_tell_the_place_of_before_only_when_asked_for(
    shop: Shop, program: aiohttp.ClientSession, auth: dict[str, str]
) -> None:
    now = milliseconds()
    await shop.orders(2, customer="a")
    await shop.orders(1, customer="b")
    for moment in (now, now + 2 * HOUR):
        await shop.core.standings.look(moment, shop.database)
    hour = now + 2 * HOUR - (now + 2 * HOUR) % HOUR
    await shop.orders(2, customer="b")
    await shop.orders(1, customer="c")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("server.web.api.rankings.milliseconds", lambda: now + 3 * HOUR)
        told = await ask(program, auth, "orders?against=hour")
        assert (told["before_at"], told["rows"]) == (hour, [
            {"rank": 1, "key": "b", "score": 3, "rank_before": 2},
            {"rank": 2, "key": "a", "score": 2, "rank_before": 1},
            {"rank": 3, "key": "c", "score": 1, "rank_before": None},
        ])  # fmt: skip
        one = await ask(program, auth, "orders/b?against=hour")
        assert (one["rank"], one["rank_before"], one["before_at"]) == (1, 2, hour)
        table = await program.get("/api/v1/rankings/orders?against=hour&format=csv", headers=auth)
        assert (await table.text("utf-8-sig")).splitlines()[:2] == ["rank,key,score,rank_before", "1,b,3,2"]
    plain = await ask(program, auth, "orders")
    assert list(plain) == ["name", "window", "as_of", "size", "rows", "since", "uncounted"]
    assert plain["rows"][0] == {"rank": 1, "key": "b", "score": 3}  # type: ignore[index]
    assert list(await ask(program, auth, "orders/b")) == [
        "name",
        "window",
        "as_of",
        "rank",
        "key",
        "score",
        "since",
    ]


async def test_nothing_noted_is_told_as_null(
    shop: Shop, program: aiohttp.ClientSession, auth: dict[str, str]
) -> None:
    await shop.orders(1, customer="a")
    shop.core.standings.kept.clear()
    for against in ("hour", "day"):
        told = await ask(program, auth, f"orders?against={against}")
        assert told["before_at"] is None
        assert told["rows"] == [{"rank": 1, "key": "a", "score": 1, "rank_before": None}]


async def test_a_wrong_against_is_refused_with_what_there_is(
    shop: Shop, program: aiohttp.ClientSession, auth: dict[str, str]
) -> None:
    told = await ask(program, auth, "orders?against=week")
    assert (told["status"], told["field"]) == (422, "against")


@pytest.mark.parametrize("key", ["{x}", "a/b", "50%", "%2F", "..."])
async def test_any_key_but_dots_can_be_in_the_path(
    shop: Shop, program: aiohttp.ClientSession, auth: dict[str, str], key: str
) -> None:
    await shop.orders(1, customer=key)
    for path in (
        f"/api/v1/rankings/orders/{quote(key, safe='')}",
        f"/api/v1/customers/{quote(key, safe='')}",
    ):
        async with program.get(URL(shop.url + path, encoded=True), headers=auth) as answer:
            told = json.loads(await answer.text())
            assert told.get("key", told.get("name")) == key


async def test_what_a_ranking_could_not_count_is_told_by_the_interface_and_the_page(
    shop: Shop, program: aiohttp.ClientSession, auth: dict[str, str]
) -> None:
    await shop.orders(1, customer="a")
    assert (await ask(program, auth, "orders"))["since"] is None
    shop.core.folds.begun["ranking:orders"] = 1_700_000_000_000
    assert (await ask(program, auth, "orders"))["since"] == 1_700_000_000_000
    assert (await ask(program, auth, "orders/a"))["since"] == 1_700_000_000_000
    assert (await ask(program, auth, "orders?window=today"))["since"] is None
    for path, words in (
        ("/rankings", "Counts from 14 Nov"),
        ("/", "since 14 Nov"),
        ("/customers/a", "from 14 Nov"),
    ):
        async with program.get(path, headers=auth) as page:
            assert words in await page.text()
