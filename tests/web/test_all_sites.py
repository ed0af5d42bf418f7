"""Rankings of all sites, asked for at any of them."""

import asyncio
from pathlib import Path

import aiohttp
import pytest

from server.calendar import Days
from server.folds.checkpointer import Checkpointer
from server.settings import CloudSection
from server.web.reads import READS
from sync.table.all_sites import AllSites
from sync.table.dynamo import Dynamo
from sync.table.scores import ScoreWriter
from sync.token_bucket import TokenBucket
from tests.ingest.boards import NOW
from tests.web.shop import Shop
from tools.demo.local_cloud import KEYS, local_cloud

PATH = "/api/v1/rankings/orders"


@pytest.fixture
async def auth(shop: Shop) -> dict[str, str]:
    return {"Authorization": f"Bearer {await shop.token('read')}"}


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)


@pytest.mark.usefixtures("keys")
async def test_scores_of_two_sites_are_added_up_and_say_how_old_they_are(
    shop: Shop, program: aiohttp.ClientSession, auth: dict[str, str], tmp_path: Path
) -> None:
    await shop.orders(3, customer="ann")
    await shop.orders(2, customer="bo")
    await Checkpointer(shop.core, Days(shop.settings.zone), lambda: NOW).write()
    async with local_cloud(tmp_path) as address:
        table = Dynamo(CloudSection(mode="aws", endpoint_url=address))
        await asyncio.to_thread(table.create)
        for site, at in (("north", NOW), ("south", NOW + 5)):
            bucket = TokenBucket(1e6, 1e6)
            await ScoreWriter(shop.database, table, site, {"orders": "customer"}, bucket).write(at)
        shop.cloud.sites = AllSites(table, lambda: 0)
        top = await (await program.get(f"{PATH}?scope=all-sites&k=1", headers=auth)).json()
        one = await (await program.get(f"{PATH}/bo?scope=all-sites", headers=auth)).json()
        row = await (await program.get(f"{PATH}?key=bo&k=1&scope=all-sites", headers=auth)).json()
        gone = await program.get(f"{PATH}/nobody?scope=all-sites", headers=auth)
        table_text = await (await program.get(f"{PATH}?scope=all-sites&format=csv", headers=auth)).text()
    sites = [{"site": "north", "as_of": NOW}, {"site": "south", "as_of": NOW + 5}]
    assert top == {
        "name": "orders", "window": "all", "as_of": NOW, "size": 2, "since": None, "sites": sites,
        "rows": [{"rank": 1, "key": "ann", "score": 6}],
    }  # fmt: skip
    assert (one["rank"], one["score"], one["sites"]) == (2, 4, sites)
    assert (gone.status, row["rows"]) == (404, [{"rank": 2, "key": "bo", "score": 4}])
    assert table_text.splitlines()[1:] == ["1,ann,6", "2,bo,4"]
    assert dict(shop.app[READS].counts) == {("rankings", "cloud"): 4}


async def test_what_cannot_be_told_of_all_sites_names_the_field_and_the_cure(
    shop: Shop, program: aiohttp.ClientSession, auth: dict[str, str]
) -> None:
    for query, field, cure in (
        ("scope=all-sites", "scope", '[cloud] mode = "aws"'),
        ("scope=all-sites&against=day", "against", "leave it out"),
        ("scope=everywhere", "scope", "one of: all-sites, site"),
    ):
        answer = await program.get(f"{PATH}?{query}", headers=auth)
        told = await answer.json()
        assert (answer.status, told["field"]) == (422, field), query
        assert cure in told["detail"]
    assert (await program.get("/api/v1/rankings/none?scope=all-sites", headers=auth)).status == 404


@pytest.mark.usefixtures("keys")
async def test_a_table_that_is_away_is_one_sentence(
    shop: Shop, program: aiohttp.ClientSession, auth: dict[str, str]
) -> None:
    shop.cloud.sites = AllSites(
        Dynamo(CloudSection(mode="aws", endpoint_url="http://127.0.0.1:9")), lambda: 0
    )
    answer = await program.get(f"{PATH}?scope=all-sites", headers=auth)
    told = await answer.json()
    assert (answer.status, told["type"]) == (503, "/problems/cloud")
    assert "DynamoDB" in told["detail"]
