"""Windows of days equal brute force, however late events are, whatever day it is, over restarts."""

import asyncio
import shutil
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from server.core import open_core
from server.ingest.arrival import Posting
from server.ingest.checkpointer import Checkpointer
from server.ingest.days import Days
from server.rankings.window import DAYS
from server.settings import Edge, Ranking, Settings
from server.store.database import Database
from tests.ingest.boards import NOW
from tests.site import Site

DAY = 86_400_000
START = NOW + 3650 * DAY  # later than the clock of this machine, which a start looks at too
SETTINGS = Settings(
    edge=Edge(timezone="America/New_York"),
    ranking=(
        Ranking(name="orders", kinds=("order.placed",), minus=("order.cancelled",), windows=("all", "today", "7d", "30d")),
        Ranking(name="dated", kinds=("order.placed",), windows=("7d", "today")),
    ),
)  # fmt: skip
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("place"), st.sampled_from("abc"), st.integers(0, 45 * 24)),
        st.tuples(st.just("cancel"), st.sampled_from("abc"), st.integers(-48, 45 * 24)),
        st.tuples(st.just("day"), st.just(""), st.integers(1, 40)),
        st.tuples(st.just("checkpoint"), st.just(""), st.just(0)),
        st.tuples(st.just("kill"), st.just(""), st.just(0)),
    ),
    min_size=3, max_size=30,
)  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(STEPS)
def test_every_window_equals_brute_force(steps: list[tuple[str, str, int]]) -> None:
    folder = Path(tempfile.mkdtemp())
    try:
        asyncio.run(_history(folder, list(steps)))
    finally:
        shutil.rmtree(folder)


async def _history(folder: Path, steps: list[tuple[str, str, int]]) -> None:
    clock = [START]
    log: list[tuple[str, str, int]] = []  # kind, customer, day
    days = Days(SETTINGS.zone)
    while True:
        async with Database(folder) as database:
            site = Site(await open_core(SETTINGS, database))
            folds = site.core.folds
            folds.move(clock[0])
            writer = Checkpointer(site.core, days, lambda: clock[0])
            _check(site, log, days.day(clock[0]))
            while steps:
                step, customer, number = steps.pop(0)
                if step == "kill":
                    break
                if step == "checkpoint":
                    await writer.write()
                elif step == "day":
                    clock[0] += number * DAY // 2
                    folds.move(clock[0])
                else:
                    log.append(await _post(site, (step, customer, number), clock[0], days))
                _check(site, log, days.day(clock[0]))
            if not steps:
                return


async def _post(site: Site, what: tuple[str, str, int], now: int, days: Days) -> tuple[str, str, int]:
    step, customer, hours = what
    at = now - hours * 3_600_000
    event: dict[str, Any] = {"kind": "order.placed", "customer": customer, "at": at}
    if step == "cancel":
        event = {"kind": "order.cancelled", "customer": customer, "of_at": at}
    await site.take(Posting("http-a", [event], now, lambda posted: None, trusted=True))
    return event["kind"], customer, days.day(min(at, now))


def _check(site: Site, log: list[tuple[str, str, int]], today: int) -> None:
    for spec in SETTINGS.ranking:
        for window in spec.windows:
            truth: Counter[str] = Counter()
            for kind, customer, day in log:
                if DAYS[window] and not today - DAYS[window] < day <= today:
                    continue
                truth[customer] += (kind in spec.kinds) - (kind in spec.minus)
            listed = sorted((-score, key) for key, score in truth.items() if score > 0)
            places = site.core.folds.top(spec.name, window, 9)
            assert [(-place.score, place.key) for place in places] == listed, (spec.name, window)
