"""Totals by hour and day equal a count over the log, on days of 23 and 25 hours too, over restarts."""

import asyncio
import json
from collections import Counter
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import aiohttp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.calendar import Days
from server.core import open_core
from server.folds.checkpointer import Checkpointer
from server.ingest.arrival import Posting
from server.settings import EdgeSection, Settings
from server.store.database import Database
from server.web.api import totals
from server.web.api.endpoint import Call
from server.web.api.totals import TotalsQuery
from server.web.parts import PARTS
from tests.histories import folder
from tests.site import Site
from tests.web.shop import Shop

HOUR = 3_600_000
ZONES = ("Europe/Berlin", "Asia/Kolkata", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC")
CHANGES = {  # when clocks are set, here and there, in UTC
    year_month: int(datetime(*year_month, tzinfo=ZoneInfo("UTC")).timestamp()) * 1000
    for year_month in (
        (2036, 3, 30),
        (2036, 10, 26),
        (2036, 3, 9),
        (2036, 11, 2),
        (2036, 4, 5),
        (2036, 10, 4),
    )
}
NOW = max(CHANGES.values()) + 5 * 24 * HOUR
EVENTS = st.tuples(
    st.sampled_from(("order.placed", "button.pressed")), st.sampled_from(sorted(CHANGES)),
    st.integers(-30 * 4, 50 * 4), st.integers(-1, 5),
)  # fmt: skip
STEPS = st.lists(st.one_of(EVENTS, st.sampled_from(("kill", "checkpoint", "move"))), min_size=3, max_size=30)


@settings(max_examples=60)
@given(STEPS, st.permutations(ZONES))
def test_every_hour_and_day_equals_brute_force(steps: list[Any], zones: list[str]) -> None:
    """`move` starts the edge in another time zone, over the same log."""
    with folder() as made:
        asyncio.run(_history(made, list(steps), list(zones)))


async def _history(folder: Path, steps: list[Any], zones: list[str]) -> None:
    log: list[tuple[str, int, int]] = []  # kind, at, cents
    while True:
        configured = Settings(edge=EdgeSection(timezone=zones[0]))
        async with Database(folder) as database:
            site = Site(await open_core(configured, database))
            writer = Checkpointer(site.core, Days(configured.zone), lambda: NOW)
            await _check(site, configured, log)
            while steps and steps[0] not in ("kill", "move"):
                step = steps.pop(0)
                if step == "checkpoint":
                    await writer.write()
                    continue
                kind, change, quarters, cents = step
                at = CHANGES[change] + quarters * HOUR // 4 + cents
                event = {"kind": kind, "at": at, "cents": cents}
                await site.take(Posting("http-a", [event], NOW, lambda posted: None, trusted=True))
                log.append((kind, at, cents))
            await _check(site, configured, log)
        if not steps:
            return
        if steps.pop(0) == "move":
            zones.append(zones.pop(0))


async def _check(site: Site, configured: Settings, log: list[tuple[str, int, int]]) -> None:
    parts = SimpleNamespace(settings=configured, totals=site.core.folds.totals)
    request: Any = SimpleNamespace(app={PARTS: parts})
    caller: Any = None
    for by in ("hour", "day"):
        for moment in CHANGES.values():
            asked = TotalsQuery(by=by, since=moment - 40 * HOUR, until=moment + 60 * HOUR)  # type: ignore[arg-type]
            told = await totals.totals(Call(request, caller, asked))
            truth: Counter[Any] = Counter()
            for kind, at, cents in log:
                if told.since <= at < told.until:
                    truth[(*_unit(at, by, configured.zone), kind, "count")] += 1
                    truth[(*_unit(at, by, configured.zone), kind, "cents")] += cents
            found: Counter[Any] = Counter()
            for row in told.rows:
                found[(*_unit(row.at, by, configured.zone), row.kind, "count")] += row.count
                found[(*_unit(row.at, by, configured.zone), row.kind, "cents")] += row.cents
            assert +found == +truth
            assert -found == -truth
            assert told.since <= moment - 40 * HOUR < moment + 60 * HOUR <= told.until


def _unit(at: int, by: str, zone: ZoneInfo) -> tuple[Any, ...]:
    """The hour or day that a moment lies in, by the calendar of the standard library."""
    there = datetime.fromtimestamp(at / 1000, zone)
    return (there.date(),) if by == "day" else (there.date(), there.hour, there.utcoffset())


@pytest.fixture
async def auth(shop: Shop) -> dict[str, str]:
    return {"Authorization": f"Bearer {await shop.token('read')}"}


async def ask(program: aiohttp.ClientSession, auth: dict[str, str], query: str) -> dict[str, Any]:
    async with program.get(f"/api/v1/totals?{query}", headers=auth) as answer:
        told: dict[str, Any] = json.loads(await answer.text())
        return told


async def test_the_last_days_and_hours_are_told_without_asking_for_more(
    shop: Shop, program: aiohttp.ClientSession, auth: dict[str, str]
) -> None:
    await shop.orders(3, cents=100)
    await shop.post("http-till", [{"kind": "button.pressed"}])
    for by, units in (("day", 30), ("hour", 24)):
        told = await ask(program, auth, f"by={by}")
        assert (told["by"], told["timezone"]) == (by, "UTC")
        assert (told["until"] - told["since"]) // (HOUR if by == "hour" else 24 * HOUR) == units
        rows = [(row["kind"], row["count"], row["cents"]) for row in told["rows"]]
        assert rows == [("button.pressed", 1, 0), ("order.placed", 3, 300)]
    one = await ask(program, auth, "kind=order.placed")
    assert [row["count"] for row in one["rows"]] == [3]
    assert (await ask(program, auth, "kind=nothing"))["rows"] == []


async def test_a_day_has_23_to_25_hours(shop: Shop) -> None:
    zone = Settings(edge=EdgeSection(timezone="Europe/Berlin"))
    for day, hours in (((2036, 3, 30), 23), ((2036, 10, 26), 25), ((2036, 10, 27), 24)):
        noon = int(datetime(*day, 12, tzinfo=zone.zone).timestamp()) * 1000
        edges = totals.edges_of(TotalsQuery(by="day", since=noon, until=noon + 1), Days(zone.zone), NOW)
        assert [(edges[1] - edges[0]) // HOUR, len(edges)] == [hours, 2]


async def test_hours_begin_with_the_clock_where_it_is_set_by_half_an_hour() -> None:
    zone = ZoneInfo("Australia/Lord_Howe")
    for day, begins in (
        (datetime(2036, 10, 5, 1), ["01:00", "02:30", "03:00"]),
        (datetime(2036, 4, 6, 1), ["01:00", "01:30", "02:00"]),
    ):
        at = int(day.replace(tzinfo=zone).timestamp()) * 1000
        edges = totals.edges_of(TotalsQuery(by="hour", since=at, until=at + 2 * HOUR), Days(zone), NOW)
        told = [datetime.fromtimestamp(edge / 1000, zone).strftime("%H:%M") for edge in edges]
        assert told[:3] == begins


@pytest.mark.parametrize("query, field", [
    ("since=10&until=10", "until"), ("since=20&until=10", "until"), ("by=week", "by"), ("since=-1", "since"),
    ("since=x", "since"), ("by=hour&since=0", "since"), (f"until={1 << 62}", "until"), ("days=3", "days"),
])  # fmt: skip
async def test_a_wrong_question_is_refused_and_the_field_named(
    shop: Shop, program: aiohttp.ClientSession, auth: dict[str, str], query: str, field: str
) -> None:
    told = await ask(program, auth, query)
    assert told["status"] == 422
    assert field in (told.get("field") or told["detail"])
