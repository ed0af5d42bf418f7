"""Standings of an hour ago and of yesterday equal brute force over the log, over restarts and clock changes."""

import asyncio
import shutil
import tempfile
from collections import Counter
from datetime import datetime
from functools import partial
from pathlib import Path
from unittest.mock import patch
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.calendar import Days
from server.core import open_core
from server.folds import standings
from server.folds.checkpointer import Checkpointer
from server.folds.standings import Standings
from server.ingest.arrival import Posting
from server.rankings.window import DAYS
from server.settings import EdgeSection, RankingSpec, Settings
from server.store.database import Database
from tests.patience import patience
from tests.site import Opener, Site

HOUR, MINUTE = 3_600_000, 60_000
ZONES = ("Europe/Berlin", "Asia/Kolkata", "America/New_York")
WINDOWS = ("all", "today", "7d")
SPECS = (
    RankingSpec(name="orders", kinds=("order.placed",), minus=("order.cancelled",), windows=WINDOWS),
    RankingSpec(name="items", kinds=("order.placed",), key="item", windows=("today", "all")),
)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("place"), st.sampled_from("abcd"), st.integers(0, 60)),
        st.tuples(st.just("cancel"), st.sampled_from("abcd"), st.integers(0, 60)),
        st.tuples(st.just("wait"), st.just(""), st.integers(1, 40 * 60)),  # minutes that the edge works
        st.tuples(st.just("off"), st.just(""), st.integers(1, 60 * 60)),  # minutes that it is off
    ),
    min_size=4, max_size=40,
)  # fmt: skip


class Truth:
    """The log as it was committed, and what a window listed at each of its moments."""

    def __init__(self, zone: ZoneInfo) -> None:
        self.days = Days(zone)
        self.log: list[tuple[int, str, int, int]] = []  # committed at, customer, delta, day

    def ranks(self, window: str, at: int) -> dict[str, int]:
        """Who stood where just before `at`."""
        today, scores = self.days.day(at - 1), Counter[str]()
        for committed_at, customer, delta, day in self.log:
            if committed_at < at and (not DAYS[window] or today - DAYS[window] < day <= today):
                scores[customer] += delta
        listed = sorted((-score, key) for key, score in scores.items() if score > 0)
        return {key: rank for rank, (_, key) in enumerate(listed, 1)}


@pytest.mark.slow
@settings(max_examples=60)
@given(STEPS, st.sampled_from(ZONES), st.integers(0, 10 * 24 * 60))
def test_places_of_before_equal_brute_force(steps: list[tuple[str, str, int]], zone: str, start: int) -> None:
    folder = Path(tempfile.mkdtemp())
    try:
        asyncio.run(_history(folder, list(steps), zone, start))
    finally:
        shutil.rmtree(folder)


async def _history(folder: Path, steps: list[tuple[str, str, int]], zone: str, start: int) -> None:
    """From some days before clocks change in Europe; each minute the edge looks."""
    now = int(datetime(2036, 10, 22, tzinfo=ZoneInfo(zone)).timestamp()) * 1000 + start * MINUTE + 7
    configured = Settings(edge=EdgeSection(timezone=zone), ranking=SPECS)
    truth = Truth(configured.zone)
    while steps:
        async with Database(folder) as database:
            with patch("server.core.milliseconds", partial(int, now)):
                site = Site(await open_core(configured, database))
            noted = site.core.standings
            while steps and steps[0][0] != "off":
                step, customer, number = steps.pop(0)
                if step == "wait":
                    for _ in range(number):
                        now += MINUTE
                        await noted.look(now, database)
                else:
                    now += 1
                    await _post(site, truth, (step, customer, number), now)
                _check(noted, truth, now)
            if steps:
                now += steps.pop(0)[2] * MINUTE


async def _post(site: Site, truth: Truth, what: tuple[str, str, int], now: int) -> None:
    step, customer, hours = what
    at = now - hours * HOUR
    sign = 1 if step == "place" else -1
    event = {"kind": "order.placed", "customer": customer, "item": customer, "at": at}
    if sign < 0:
        event = {"kind": "order.cancelled", "customer": customer, "of_at": at}
    await site.take(Posting("http-a", [event], now, lambda posted: None, trusted=True))
    truth.log.append((now, customer, sign, truth.days.day(at)))


def _check(noted: Standings, truth: Truth, now: int) -> None:
    midnight = truth.days.begin(truth.days.day(now))
    for against, latest in (("hour", now - HOUR), ("day", midnight)):
        for window in WINDOWS:
            before = noted.before("orders", window, against, now)  # type: ignore[arg-type]
            if before is None:
                continue
            assert before.at <= latest
            if against == "hour" and truth.log and truth.log[0][0] < now - 3 * HOUR:
                assert now - before.at < 2 * HOUR
            if against == "day":
                assert before.at == midnight or midnight < truth.log[0][0]
            found = {key: before.rank(key) for key in "abcd" if before.rank(key)}
            assert found == truth.ranks(window, before.at), (window, against, before.at)


@pytest.fixture
def berlin() -> Settings:
    return Settings(edge=EdgeSection(timezone="Europe/Berlin"), ranking=SPECS)


def at(day: int, hour: int, minute: int = 0) -> int:
    """A moment of October 2036 in Berlin; clocks go back on the 26th."""
    return int(datetime(2036, 10, day, hour, minute, tzinfo=ZoneInfo("Europe/Berlin")).timestamp()) * 1000


async def order(site: Site, customer: str, now: int) -> None:
    event = {"kind": "order.placed", "customer": customer, "item": customer}
    await site.take(Posting("http-a", [event], now, lambda posted: None, trusted=True))


@pytest.fixture(autouse=True)
def wall(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """What the clock says at a start: what it said at the last look."""
    now = [at(20, 0)]
    monkeypatch.setattr("server.core.milliseconds", lambda: now[0])
    return now


async def look(site: Site, *moments: int) -> None:
    for moment in moments:
        await site.core.standings.look(moment, site.core.database)


async def test_an_hour_ago_is_the_newest_full_hour_that_is_an_hour_old(
    site: Opener, berlin: Settings
) -> None:
    async with site(berlin) as edge:
        await look(edge, at(20, 9, 59))
        await order(edge, "a", at(20, 9, 59))
        await look(edge, at(20, 10) + 400)
        await order(edge, "b", at(20, 10, 10))
        await order(edge, "b", at(20, 10, 10))
        await look(edge, at(20, 10, 30), at(20, 11) + 499)
        for minute, wanted in ((0, at(20, 10)), (59, at(20, 10))):
            before = edge.core.standings.before("orders", "all", "hour", at(20, 11, minute) + 500)
            assert before is not None
            assert (before.at, before.rank("a"), before.rank("b")) == (wanted, 1, None)
        before = edge.core.standings.before("orders", "all", "hour", at(20, 12))
        assert before is not None
        assert (before.at, before.rank("a"), before.rank("b")) == (at(20, 11), 2, 1)


async def test_yesterday_is_the_closing_standing_of_its_day_also_after_a_night_off(
    site: Opener, berlin: Settings
) -> None:
    async with site(berlin) as edge:
        await look(edge, at(25, 20))
        for customer in ("a", "b", "b"):
            await order(edge, customer, at(25, 20, 1))
        await look(edge, at(25, 20, 2))
    async with site(berlin) as edge:
        await look(edge, at(26, 9, 5))  # a night of nine hours later: clocks went back
        await order(edge, "a", at(26, 9, 6))
        for window in ("all", "today"):
            before = edge.core.standings.before("orders", window, "day", at(26, 9, 7))
            assert before is not None
            assert (before.at, before.rank("a"), before.rank("b")) == (at(26, 0), 2, 1), window
        assert edge.core.folds.top("orders", "today", 9)[0].key == "a"


async def test_what_is_noted_late_says_when(site: Opener, berlin: Settings) -> None:
    async with site(berlin) as edge:
        await look(edge, at(20, 10, 30))
        await order(edge, "a", at(20, 13, 35))
        await look(edge, at(20, 13, 40))
        await look(edge, at(20, 14))
        before = edge.core.standings.before("orders", "all", "hour", at(20, 14, 45))
        assert before is not None
        assert before.at == at(20, 13, 40)


async def test_standings_stay_26_hours_and_the_closing_one_of_yesterday(
    site: Opener, berlin: Settings
) -> None:
    async with site(berlin) as edge:
        for hours in range(100):
            await look(edge, at(20, 0) + hours * HOUR + 300)
        rows = await edge.query(
            "SELECT count(*), min(at) FROM standing WHERE ranking = 'orders' AND window = 'all'"
        )
        newest = at(20, 0) + 99 * HOUR
        assert rows == [(26, newest - 25 * HOUR)]
        kept = await edge.query("SELECT count(*) FROM standing")
        assert kept == [(26 * 5,)]
    async with site(berlin) as edge:
        assert edge.core.standings.before("orders", "all", "day", newest) is not None


async def test_a_ranking_that_is_removed_takes_its_standings_along_and_begins_anew_when_it_comes_back(
    site: Opener, berlin: Settings, wall: list[int]
) -> None:
    without = Settings(edge=berlin.edge, ranking=(SPECS[0],))
    async with site(berlin) as edge:
        await order(edge, "a", at(20, 9, 30))
        await look(edge, at(20, 10), at(20, 12))
    wall[0] = at(20, 12, 30)
    async with site(without) as edge:
        assert await edge.query("SELECT DISTINCT ranking FROM standing") == [("orders",)]
        assert edge.core.standings.before("items", "all", "day", at(20, 12, 30)) is None
        await order(edge, "b", at(20, 12, 31))
    wall[0] = at(20, 12, 40)
    async with site(berlin) as edge:
        for name, wanted in (("orders", at(20, 12)), ("items", at(20, 12, 40))):
            before = edge.core.standings.before(name, "all", "hour", at(20, 13, 45))
            assert before is not None
            assert (before.at, before.rank("a")) == (wanted, 1)
        assert edge.core.standings.before("items", "all", "day", at(20, 13, 45)) is None


async def test_a_clock_that_was_wrong_leaves_nothing_behind(site: Opener, berlin: Settings) -> None:
    async with site(berlin) as edge:
        await look(edge, at(28, 12), at(20, 9), at(20, 10), at(20, 11))
        before = edge.core.standings.before("orders", "all", "hour", at(20, 12, 30))
        assert before is not None
        assert before.at == at(20, 11)
        assert await edge.query(f"SELECT 1 FROM standing WHERE at > {at(20, 23)}") == []


async def test_the_checkpointer_notes_and_moves_the_day_on(
    site: Opener, berlin: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.folds.checkpointer.STEP_S", 0.01)
    async with site(berlin) as edge:
        clock = [at(20, 23, 59)]
        working = asyncio.create_task(Checkpointer(edge.core, Days(berlin.zone), lambda: clock[0]).run())
        await asyncio.sleep(0.1)
        await order(edge, "a", clock[0])
        clock[0] = at(21, 0) + 200
        async with patience():
            while edge.core.folds.size("orders", "today"):
                await asyncio.sleep(0.01)
        working.cancel()
        await asyncio.wait([working])
        before = edge.core.standings.before("orders", "today", "day", clock[0])
        assert before is not None
        assert (before.at, before.rank("a")) == (at(21, 0), 1)


async def test_a_thousand_keys_are_noted_and_no_more(site: Opener, berlin: Settings) -> None:
    async with site(berlin) as edge:
        for start in range(0, standings.NOTED + 50, 350):
            events = [
                {"kind": "order.placed", "customer": f"c{number:05d}"} for number in range(start, start + 350)
            ]
            await edge.take(Posting("http-a", events, at(20, 9), lambda posted: None, trusted=True))
        await look(edge, at(20, 10), at(20, 11))
        before = edge.core.standings.before("orders", "all", "hour", at(20, 12))
        assert before is not None
        assert (before.rank("c00000"), before.rank("c00999"), before.rank("c01000")) == (1, 1000, None)
