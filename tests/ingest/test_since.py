"""A ranking that is added later counts the log that is kept, and states since when."""

import sqlite3

from server.calendar import Days
from server.folds.checkpointer import Checkpointer
from server.ingest.arrival import Posting
from server.settings import RankingSpec, Settings
from tests.ingest.boards import NOW
from tests.site import Opener, Site

DAY = 86_400_000
ORDERS = RankingSpec(name="orders", kinds=("order.placed",), windows=("all", "today", "7d"))
SALES = RankingSpec(name="sales", kinds=("order.placed",), windows=("all", "today", "7d"))


async def order(site: Site, customer: str, now: int) -> None:
    event = {"kind": "order.placed", "customer": customer}
    await site.take(Posting("http-a", [event], now, lambda posted: None, trusted=True))


def told(site: Site, name: str, now: int) -> dict[str, tuple[list[str], int | None]]:
    """By window: who is listed, and since when it counts."""
    folds = site.core.folds
    folds.move(now)
    windows = folds.rankings[name].windows()
    return {
        one: ([place.key for place in folds.top(name, one, 9)], folds.since(name, one)) for one in windows
    }


async def _drop_the_oldest(site: Site) -> None:
    """What a store does that keeps only the newest events: they are in a checkpoint first."""
    writer = Checkpointer(site.core, Days(Settings().zone), lambda: NOW)
    await writer.write(always=True)
    await site.core.database.write(_forget)


def _forget(connection: sqlite3.Connection) -> None:
    connection.execute("DELETE FROM event WHERE id <= 2")
    for noun in ("device", "kind", "customer"):
        connection.execute(f"DELETE FROM event_by_{noun} WHERE id <= 2")


async def test_a_ranking_over_a_whole_log_has_everything_whenever_it_was_added(site: Opener) -> None:
    async with site(Settings(ranking=(ORDERS,))) as edge:
        for customer in "abc":
            await order(edge, customer, NOW)
        assert told(edge, "orders", NOW)["all"] == (["a", "b", "c"], None)
    for specs in ((ORDERS, SALES), (SALES,), (SALES, ORDERS)):  # added, removed, added again
        for _ in range(2):
            async with site(Settings(ranking=specs)) as edge:
                assert list(edge.core.folds.rankings) == [spec.name for spec in specs]
                for spec in specs:
                    assert told(edge, spec.name, NOW)["all"] == (["a", "b", "c"], None)


async def test_a_ranking_over_a_log_that_begins_later_states_since_when(site: Opener) -> None:
    async with site(Settings(ranking=(ORDERS,))) as edge:
        for days, customer in ((20, "a"), (19, "b"), (3, "c"), (0, "d")):
            await order(edge, customer, NOW - days * DAY)
        await _drop_the_oldest(edge)
    since = NOW - 3 * DAY
    for _ in range(2):
        async with site(Settings(ranking=(ORDERS, SALES))) as edge:
            assert told(edge, "orders", NOW)["all"] == (["a", "b", "c", "d"], None)
            assert told(edge, "sales", NOW) == {
                "all": (["c", "d"], since), "today": (["d"], None), "7d": (["c", "d"], since),
            }  # fmt: skip
    async with site(Settings(ranking=(SALES,))) as edge:  # one that is removed and comes back has less then
        assert told(edge, "sales", NOW)["all"] == (["c", "d"], since)
    async with site(Settings(ranking=(SALES, ORDERS))) as edge:
        assert told(edge, "orders", NOW)["all"] == (["c", "d"], since)
        assert told(edge, "orders", NOW + 3 * DAY)["7d"] == (["c", "d"], since)
        assert told(edge, "orders", NOW + 4 * DAY)["7d"] == (["d"], None)


async def test_what_counts_a_part_of_the_log_goes_on_with_everything_that_comes(site: Opener) -> None:
    async with site(Settings(ranking=(ORDERS,))) as edge:
        for customer in "abc":
            await order(edge, customer, NOW - DAY)
        await _drop_the_oldest(edge)
    async with site(Settings(ranking=(SALES,))) as edge:
        await order(edge, "d", NOW)
        assert told(edge, "sales", NOW)["all"] == (["c", "d"], NOW - DAY)
    async with site(Settings(ranking=(SALES,))) as edge:
        assert told(edge, "sales", NOW)["all"] == (["c", "d"], NOW - DAY)
