"""Whatever happens, and whenever the edge stops: each entry into a top k makes its mail, once."""

import asyncio
import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.calendar import Days
from server.core import open_core
from server.folds.checkpointer import Checkpointer
from server.ingest.arrival import Posting
from server.rights import THIS_MACHINE
from server.settings import MailSection, RankingSpec, Rule, Settings
from server.store.database import Database
from tests.histories import count, folder
from tests.ingest.boards import NOW
from tests.site import Site

RANKINGS = {
    "orders": RankingSpec(name="orders", kinds=("order.placed",), minus=("order.cancelled",)),
    "spend": RankingSpec(name="spend", kinds=("order.placed",), minus=("order.cancelled",), score="sum:cents"),
    "tills": RankingSpec(name="tills", kinds=("order.placed", "order.cancelled"), key="device", windows=("today", "all")),
    "items": RankingSpec(name="items", kinds=("order.placed",), key="item", score="sum:cents", windows=("all",)),
}  # fmt: skip
DEVICES = ["till-1", "till-2", "till-3"]
Written = tuple[str, int]  # ranking, k
CONFIGURED = st.lists(st.tuples(st.sampled_from(sorted(RANKINGS)), st.integers(1, 3)), min_size=1, max_size=4)
EVENTS = st.fixed_dictionaries(
    {"kind": st.sampled_from(["order.placed", "order.placed", "order.cancelled", "reading.taken"]),
     "id": st.integers(0, 25).map(str), "cents": st.sampled_from([1, 1, 2, 3, 0, -1, 1.5])},
    optional={
        "customer": st.sampled_from("abcde"), "item": st.sampled_from(["x", "y", 1]),
        "at": st.integers(NOW - 3 * 86_400_000, NOW), "of_at": st.integers(NOW - 3 * 86_400_000, NOW),
    },
)  # fmt: skip
POSTS = st.lists(
    st.tuples(st.sampled_from(DEVICES), st.lists(EVENTS, min_size=1, max_size=5)), min_size=1, max_size=3
)
STEP = st.one_of(
    st.tuples(st.just("post"), POSTS),
    st.tuples(st.just("post"), POSTS),
    st.just(("checkpoint", None)),
    st.tuples(st.sampled_from(["disk refuses", "dies before its commit", "dies after its commit"]), POSTS),
    st.just(("restart", None)),
    st.tuples(st.just("restart"), CONFIGURED),
)
STEPS = st.lists(STEP, min_size=2, max_size=16)


def test_every_entry_makes_one_mail_after_any_history(pytestconfig: pytest.Config) -> None:
    @settings(max_examples=count(pytestconfig))
    @given(CONFIGURED, STEPS)
    def history(configured: list[Written], steps: list[Any]) -> None:
        with folder() as made:
            asyncio.run(_history(made, configured, steps))

    history()


async def _history(folder: Path, configured: list[Written], steps: list[Any]) -> None:
    truth, pending = Truth(), list(steps)
    while True:
        truth.tops = configured
        async with Database(folder) as database:
            site = Site(await open_core(_settings(configured), database))
            for name in DEVICES:
                if name not in site.core.names.ids["device"]:
                    await site.core.registrar.add(THIS_MACHINE, name)
            while pending and pending[0][0] != "restart":
                step, rest = pending.pop(0)
                if step != "checkpoint":
                    await _post(site, truth, step, rest)
                    dies = [("restart", None)] if step.startswith("dies") else []
                    pending[:0] = (
                        [] if step == "post" else [*dies, ("post", rest)]
                    )  # who got no answer repeats
                else:
                    writer = Checkpointer(site.core, Days(Settings().zone), lambda: NOW)
                    await writer.write(always=True)
            assert await _mails(site) == sorted(truth.mails)
        if not pending:
            return
        configured = configured if pending[0][1] is None else pending[0][1]
        pending.pop(0)


async def _post(site: Site, truth: "Truth", step: str, posts: list[tuple[str, list[Any]]]) -> None:
    arrivals = [
        Posting(device, [dict(one) for one in events], NOW, lambda posted: None) for device, events in posts
    ]
    if step in ("disk refuses", "dies before its commit"):
        with pytest.raises(ZeroDivisionError):
            await site.core.database.write(lambda store: site.core.intake.work(store, arrivals) and 1 / 0)
        return
    if step == "dies after its commit":
        await site.core.database.write(site.core.intake.work, arrivals)
    else:
        await site.take(*arrivals)
    for device, events in _in_turns(posts) if step == "post" else posts:
        for event in events:
            truth.came(device, event)


def _in_turns(posts: list[tuple[str, list[Any]]]) -> Iterable[tuple[str, list[Any]]]:
    """In the order in which waiting postings are taken: the sources take turns."""
    queues: dict[str, list[list[Any]]] = {}
    for device, events in posts:
        queues.setdefault(device, []).append(events)
    while queues:
        for device in list(queues):
            yield device, queues[device].pop(0)
            if not queues[device]:
                del queues[device]


class Truth:
    """What brute force says: after each event all scores anew, sorted; who was not among them before enters."""

    def __init__(self) -> None:
        self.tops: list[Written] = []
        self.mails: list[tuple[str, str, str, int, int]] = []  # rule, key, recipient, rank, score
        self._log: list[dict[str, Any]] = []
        self._seen: set[tuple[str, str]] = set()
        self._seqs: Counter[str] = Counter()

    def came(self, device: str, event: dict[str, Any]) -> None:
        """An event was committed, for the first time or again."""
        mark = device, event["id"]
        if mark in self._seen:
            return
        self._seen.add(mark)
        self._seqs[device] += 1
        before = [set(self._best(*top)) for top in self.tops]
        self._log.append(event | {"device": device})
        for number, (name, k) in enumerate(self.tops):
            for rank, (key, score) in enumerate(self._best(name, k).items(), 1):
                if key not in before[number]:
                    recipient = (
                        f"{key}@shop.example" if RANKINGS[name].key == "customer" else "ann@shop.example"
                    )
                    identity = f"{device}/{self._seqs[device]} {key}"
                    self.mails.append((f"rule-{number}", identity, recipient, rank, score))

    def _best(self, name: str, k: int) -> dict[str, int]:
        spec, scores = RANKINGS[name], Counter[str]()
        for event in self._log:
            sign = (event["kind"] in spec.kinds) - (event["kind"] in spec.minus)
            worth = 1 if spec.score == "count" else event["cents"] if event["cents"] != 1.5 else 0
            if sign and event.get(spec.key) is not None:
                scores[str(event[spec.key])] += sign * worth
        listed = sorted((-score, key) for key, score in scores.items() if score > 0)
        return {key: -below for below, key in listed[:k]}


def _settings(configured: list[Written]) -> Settings:
    rules = [
        Rule(
            name=f"rule-{number}", entered=f"top-{k} of {name}",
            to="customer" if RANKINGS[name].key == "customer" else "ann@shop.example",
        )
        for number, (name, k) in enumerate(configured)
    ]  # fmt: skip
    used = tuple(RANKINGS[name] for name in dict.fromkeys(name for name, _ in configured))
    return Settings(
        ranking=used, rule=tuple(rules), mail=MailSection(customer_address="{customer}@shop.example")
    )


async def _mails(site: Site) -> list[tuple[str, str, str, int, int]]:
    found = []
    for rule, key, recipient, facts in await site.query("SELECT rule, key, recipient, facts FROM mail"):
        identity, _, entered = str(key).partition(" ")
        device, _, seq = identity.split("/")
        told = json.loads(str(facts))
        assert told["key"] == entered
        found.append((str(rule), f"{device}/{seq} {entered}", str(recipient), told["rank"], told["score"]))
    return sorted(found)
