"""Whatever happens to an edge: its rankings are what counting the log by hand gives."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.calendar import Days
from server.core import open_core
from server.folds.checkpointer import Checkpointer
from server.ingest.arrival import Posting
from server.rankings.window import DAYS
from server.settings import EdgeSection, RankingSpec, Settings
from server.store.database import Database
from tests.histories import count, folder
from tests.ingest.boards import NOW
from tests.site import Site

DAY, HOUR = 86_400_000, 3_600_000
REMEMBERED = 31  # days on which an id counts once: 30 whole ones
START = NOW + 3650 * DAY  # later than the clock of this machine, which a start looks at too
PLACED, CANCELLED = ("order.placed",), ("order.cancelled",)
RANKINGS = st.lists(
    st.sampled_from([
        RankingSpec(name="orders", kinds=PLACED, minus=CANCELLED, windows=("all", "today", "7d", "30d")),
        RankingSpec(name="orders", kinds=PLACED, windows=("30d", "all")),
        RankingSpec(name="dated", kinds=PLACED, windows=("7d", "today")),
        RankingSpec(name="spend", kinds=PLACED, minus=CANCELLED, score="sum:cents", windows=("all", "7d")),
        RankingSpec(name="sales", kinds=PLACED, minus=CANCELLED, score="sum:cents", windows=("all", "7d")),
        RankingSpec(name="items", kinds=PLACED, minus=CANCELLED, key="item", windows=("today", "all")),
        RankingSpec(name="tills", kinds=CANCELLED, key="device"),
    ]),
    min_size=1, max_size=4, unique_by=lambda spec: spec.name,
)  # fmt: skip
ZONES = st.sampled_from(["America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Pacific/Apia"])
EVENTS = st.fixed_dictionaries(
    {"kind": st.sampled_from(["order.placed", "order.placed", "order.cancelled", "door.opened"])},
    optional={
        "customer": st.sampled_from("abc"), "cents": st.sampled_from([-2, 0, 3, 500, 1.5]),
        "item": st.sampled_from(["tea", "pie"]), "late_h": st.integers(0, 45 * 24),
        "of_h": st.integers(-48, 45 * 24), "id": st.sampled_from(["1", "2", "3"]),
    },
)  # fmt: skip
POST = st.tuples(
    st.just("post"), st.sampled_from(["web", "till-1"]), st.lists(EVENTS, min_size=1, max_size=4)
)
STEP = st.one_of(
    POST, POST, POST, POST,
    st.tuples(st.just("hours"), st.integers(1, 30)),
    st.tuples(st.just("hours"), st.integers(24, 24 * 20)),
    st.just(("checkpoint",)), st.just(("checkpoint",)), st.just(("look",)),
    st.tuples(st.just("crash"), st.none(), st.none()),
    st.tuples(st.just("crash"), st.none() | RANKINGS, st.none() | ZONES),
)  # fmt: skip
STEPS = st.lists(STEP, min_size=3, max_size=20)


def test_rankings_are_what_counting_the_log_gives_after_any_history(pytestconfig: pytest.Config) -> None:
    @settings(max_examples=count(pytestconfig))
    @given(RANKINGS, ZONES, STEPS)
    def history(rankings: list[RankingSpec], zone: str, steps: list[Any]) -> None:
        with folder() as made:
            asyncio.run(_history(made, _Configured(tuple(rankings), zone), list(steps)))

    history()


@dataclass(frozen=True)
class _Configured:
    rankings: tuple[RankingSpec, ...]
    zone: str

    @property
    def settings(self) -> Settings:
        return Settings(edge=EdgeSection(timezone=self.zone), ranking=self.rankings)


async def _history(folder: Path, configured: _Configured, steps: list[Any]) -> None:
    truth = Truth(START, configured)
    while True:
        days = Days(configured.settings.zone)
        async with Database(folder) as database:
            site = Site(await open_core(configured.settings, database))
            site.core.folds.move(truth.now)
            writer = Checkpointer(site.core, days, lambda: truth.now)
            _check(site, truth)
            while steps and steps[0][0] != "crash":
                step, *rest = steps.pop(0)
                if step == "post":
                    events = [_written(event, truth.now) for event in rest[1]]
                    await site.take(Posting(rest[0], events, truth.now, lambda posted: None, trusted=True))
                    for event in events:
                        truth.happened(event, rest[0])
                elif step == "hours":
                    truth.now += rest[0] * HOUR
                    site.core.folds.move(truth.now)
                elif step == "checkpoint":
                    await writer.write()
                else:
                    _check(site, truth)
            _check(site, truth)
        if not steps:
            return
        _, rankings, zone = steps.pop(0)
        configured = _Configured(tuple(rankings or configured.rankings), zone or configured.zone)
        truth.configured = configured


def _written(event: dict[str, Any], now: int) -> dict[str, Any]:
    """The event as its sender writes it."""
    body = {key: value for key, value in event.items() if key not in ("late_h", "of_h")}
    if "late_h" in event:
        body["at"] = now - event["late_h"] * HOUR
    if "of_h" in event:
        body["of_at"] = now - event["of_h"] * HOUR
    return body


@dataclass
class Truth:
    """The log as a list, and every ranking counted anew whenever somebody looks."""

    now: int
    configured: _Configured
    log: list[tuple[str, dict[str, Any], int]] = field(default_factory=list)  # source, event, at
    seen: dict[tuple[str, str], int] = field(default_factory=dict)

    def happened(self, event: dict[str, Any], source: str) -> None:
        """An event was sent: it is stored unless it came before."""
        name = event.get("id")
        if name is not None and self.now // DAY - self.seen.get((source, name), -REMEMBERED) < REMEMBERED:
            return
        if name is not None:
            self.seen[(source, name)] = self.now // DAY
        self.log.append((source, event, min(event.get("at", self.now), self.now)))

    def listed(self, spec: RankingSpec, window: str) -> list[tuple[int, str]]:
        """(-score, key), the best first."""
        total = Counter[str]()
        for source, event, at in self.log:
            key = {"customer": event.get("customer"), "device": source, "item": event.get("item")}[spec.key]
            cents = event.get("cents", 0)
            weight = 1 if spec.score == "count" else cents if isinstance(cents, int) else 0
            if key is not None and self._counts(spec, window, event, at):
                total[key] += _sign(spec, event) * weight
        return sorted((-score, key) for key, score in total.items() if score > 0)

    def uncounted(self, spec: RankingSpec) -> int:
        """How many events have no whole number in the field that is summed."""
        if spec.score == "count":
            return 0
        return sum(bool(_sign(spec, event)) and event.get("cents") == 1.5 for _, event, _ in self.log)

    def _counts(self, spec: RankingSpec, window: str, event: dict[str, Any], at: int) -> bool:
        of_at = event.get("of_at")
        dated_at = of_at if event["kind"] in spec.minus and of_at is not None and of_at < at else at
        return not DAYS[window] or 0 <= (self._day(self.now) - self._day(dated_at)).days < DAYS[window]

    def _day(self, at: int) -> date:
        return datetime.fromtimestamp(at / 1000, UTC).astimezone(ZoneInfo(self.configured.zone)).date()


def _sign(spec: RankingSpec, event: dict[str, Any]) -> int:
    return (event["kind"] in spec.kinds) - (event["kind"] in spec.minus)


def _check(site: Site, truth: Truth) -> None:
    for spec in truth.configured.rankings:
        assert site.core.folds.skipped(spec.name) == truth.uncounted(spec), spec.name
        for window in spec.windows:
            listed = truth.listed(spec, window)
            places = site.core.folds.top(spec.name, window, 9)
            assert [(-place.score, place.key) for place in places] == listed, (spec.name, window)
            for rank, (below, key) in enumerate(listed, 1):
                assert site.core.folds.place(spec.name, window, key) == (rank, key, -below)
