"""A start gives the same folds again, whatever was changed in the settings and whenever the edge stopped."""

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest

from server.calendar import Days
from server.folds import checkpointer
from server.folds.checkpointer import Checkpointer
from server.ingest.arrival import Posting, UpArrival
from server.settings import EdgeSection, RankingSpec, Rule, Settings
from server.store import checkpoints
from tests.ingest.boards import NOW, Board, order
from tests.patience import patience
from tests.site import Opener, Site

ORDERS = RankingSpec(name="orders", kinds=("order.placed",))
SPEND = RankingSpec(name="spend", kinds=("order.placed",), score="sum:cents")
ITEMS = RankingSpec(name="items", kinds=("order.placed",), key="item")


def top(site: Site, name: str, window: str = "all") -> list[tuple[str, int]]:
    return [(place.key, place.score) for place in site.core.folds.top(name, window, 10)]


async def post(site: Site, *events: dict[str, Any]) -> None:
    await site.take(Posting("till-1", list(events), NOW, lambda posted: None))


async def checkpoint(site: Site) -> None:
    writer = Checkpointer(site.core, Days(Settings().zone), lambda: NOW)
    await writer.write(always=True)


async def test_a_ranking_that_was_added_stays_after_the_next_restart(site: Opener) -> None:
    async with site(Settings(ranking=(ORDERS,))) as edge:
        await post(edge, {"kind": "order.placed", "customer": "a", "cents": 3})
        await checkpoint(edge)
    for _ in range(3):
        async with site(Settings(ranking=(ORDERS, SPEND))) as edge:
            assert (top(edge, "orders"), top(edge, "spend")) == ([("a", 1)], [("a", 3)])


async def test_a_ranking_that_was_changed_removed_or_named_anew_is_made_of_the_log(site: Opener) -> None:
    cancelled = RankingSpec(name="orders", kinds=("order.cancelled",))
    renamed = RankingSpec(name="sales", kinds=("order.placed",))
    async with site(Settings(ranking=(ORDERS,))) as edge:
        await post(
            edge, {"kind": "order.placed", "customer": "a"}, {"kind": "order.cancelled", "customer": "b"}
        )
    for specs, wanted in (
        ((cancelled,), {"orders": [("b", 1)]}), ((renamed,), {"sales": [("a", 1)]}),
        ((ORDERS, renamed), {"orders": [("a", 1)], "sales": [("a", 1)]}), ((ORDERS,), {"orders": [("a", 1)]}),
    ):  # fmt: skip
        for _ in range(2):
            async with site(Settings(ranking=specs)) as edge:
                assert {spec.name: top(edge, spec.name) for spec in specs} == wanted


async def test_another_time_zone_puts_events_into_its_own_days(site: Opener) -> None:
    day = 86_400_000
    at = NOW // day * day + 1_000  # a second after midnight in UTC, the day before in New York
    for zone, today in (("UTC", [("a", 1)]), ("America/New_York", [("a", 1)]), ("UTC", [("a", 1)])):
        async with site(Settings(edge=EdgeSection(timezone=zone), ranking=(ORDERS,))) as edge:
            if not await edge.query("SELECT * FROM event"):
                await post(edge, {"kind": "order.placed", "customer": "a", "at": at})
            edge.core.folds.move(at)
            assert top(edge, "orders", "today") == today
            edge.core.folds.move(at + (day // 2))
            assert top(edge, "orders", "today") == (today if zone == "UTC" else [])
            await checkpoint(edge)


async def test_an_event_that_a_later_ranking_cannot_sum_still_counts_where_it_counted(site: Opener) -> None:
    async with site(Settings(ranking=(ORDERS,))) as edge:
        await post(
            edge, {"kind": "order.placed", "customer": "a", "cents": 1.5},
            {"kind": "order.placed", "customer": "a", "cents": 2},
        )  # fmt: skip
        assert top(edge, "orders") == [("a", 2)]
    for _ in range(2):
        async with site(Settings(ranking=(SPEND, ORDERS))) as edge:
            assert (top(edge, "orders"), top(edge, "spend")) == ([("a", 2)], [("a", 2)])
    async with site(Settings(ranking=(SPEND, ORDERS, ITEMS))) as edge:
        assert (top(edge, "orders"), top(edge, "items")) == ([("a", 2)], [])


async def test_a_rule_that_was_added_counts_from_then_on_over_restarts(site: Opener) -> None:
    rule = Rule(name="second", on="order.placed", every=2, to="a@shop.example")
    placed = {"kind": "order.placed", "customer": "a"}
    async with site() as edge:
        await post(edge, placed, placed, placed)
    async with site(Settings(rule=(rule,))) as edge:
        await post(edge, placed)
        assert await edge.query("SELECT id FROM mail") == []
    async with site(Settings(rule=(rule,))) as edge:
        await checkpoint(edge)
        await post(edge, placed)
        assert len(await edge.query("SELECT id FROM mail")) == 1


async def test_many_new_terms_are_replayed_in_time_that_grows_with_their_number_only(
    site: Opener, tmp_path: Path
) -> None:
    took = {}
    for terms in (2000, 12_000):
        folder = tmp_path / str(terms)
        async with site(Settings(ranking=(ORDERS,)), folder) as edge:
            for start in range(0, terms, 1000):
                numbers = range(start, start + 1000)
                await post(edge, *({"kind": "order.placed", "item": f"i{number}"} for number in numbers))
        began = time.process_time()
        async with site(Settings(ranking=(ORDERS, ITEMS)), folder) as edge:
            took[terms] = time.process_time() - began
            assert edge.core.folds.size("items", "all") == terms
    print(took)
    assert took[12_000] < 3 * 6 * took[2000]  # 36 times, if each were compared with all others


async def test_a_commit_that_a_stop_interrupts_is_taken_over_before_the_last_one(site: Opener) -> None:
    """Else its repeat would be committed again, and the checkpoint would skip it."""
    one = Board("till-1", 7)
    for number in range(6):
        one.emit(order("a", number))
    async with site(Settings(ranking=(ORDERS,))) as edge:
        for _ in range(20):
            running = asyncio.create_task(edge.consumer.run())
            edge.consumer.put(UpArrival("till-1", one.frame(1, 3), NOW))
            for _ in range(3):
                await asyncio.sleep(0)  # the commit is under way
            edge.consumer.put(UpArrival("till-1", one.frame(1, 6), NOW))
            running.cancel()
            await asyncio.wait([running])
            break
        await edge.consumer.drain()
        await checkpoint(edge)
        assert await edge.query("SELECT seq FROM event ORDER BY id") == [(seq,) for seq in range(1, 7)]
        assert top(edge, "orders") == [("a", 6)]
    async with site(Settings(ranking=(ORDERS,))) as edge:
        assert top(edge, "orders") == [("a", 6)]


async def test_what_a_start_had_to_replay_is_not_replayed_by_the_next(
    site: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else an edge that ends again and again within seconds takes longer for each start."""
    monkeypatch.setattr(checkpointer, "AT_ONCE", 3)
    monkeypatch.setattr(checkpointer, "STEP_S", 0.01)
    async with site() as edge:
        await post(edge, *({"kind": "order.placed", "customer": "ann"} for _ in range(3)))
    async with site() as edge:
        writer = asyncio.create_task(Checkpointer(edge.core, Days(Settings().zone), lambda: NOW).run())
        async with patience():
            while await edge.core.database.read(checkpoints.through) < 3:
                await asyncio.sleep(0.01)
        writer.cancel()
        await asyncio.wait([writer])
    async with site() as edge:
        assert edge.core.checkpointed == 3
        assert edge.core.folds.top("orders", "all", 1)[0].score == 3
