"""Whatever the rules are and whenever the edge starts anew: a rule counts exactly what it accepts."""

import asyncio
from collections import Counter
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
from server.settings import Rule, Settings
from server.store.database import Database
from tests.histories import count, folder
from tests.ingest.boards import NOW
from tests.site import Opener, Site

Condition = tuple[str, str, Any]
Written = tuple[str, str, int, tuple[Condition, ...]]  # name, on, every, where

KINDS = ["order.placed", "order.cancelled"]
VALUES = st.sampled_from([-1, 0, 1, 2, 1.0, 1.5, "", "1", "a", "b", True, False])
ORDERED = ["=", "!=", "<", "<=", ">", ">="]
CONDITIONS = st.one_of(
    st.tuples(st.sampled_from(["cents", "unit"]), st.sampled_from(ORDERED), VALUES).filter(
        lambda one: not isinstance(one[2], bool) or one[1] in ("=", "!=")
    ),
    st.tuples(st.just("customer"), st.sampled_from(ORDERED), st.sampled_from(["", "a", "b"])),
    st.tuples(st.just("device"), st.sampled_from(ORDERED), st.sampled_from(["till-1", "till-2"])),
)
RULES = st.lists(
    st.tuples(
        st.sampled_from(["one", "two", "three"]), st.sampled_from(KINDS), st.integers(1, 3),
        st.lists(CONDITIONS, max_size=2).map(tuple),
    ),
    max_size=3,
    unique_by=lambda rule: rule[0],
)  # fmt: skip
EVENTS = st.fixed_dictionaries(
    {"kind": st.sampled_from(KINDS)},
    optional={"customer": st.sampled_from("ab"), "cents": VALUES | st.none(), "unit": VALUES | st.none()},
)
POST = st.tuples(
    st.just("post"), st.sampled_from(["till-1", "till-2"]), st.lists(EVENTS, min_size=1, max_size=5)
)
STEP = st.one_of(
    POST,
    POST,
    POST,
    st.just(("checkpoint",)),
    st.just(("restart", None)),
    st.tuples(st.just("restart"), RULES),
)
STEPS = st.lists(STEP, min_size=3, max_size=20)


def test_a_rule_counts_what_it_accepts_after_any_history(pytestconfig: pytest.Config) -> None:
    @settings(max_examples=count(pytestconfig))
    @given(RULES, STEPS)
    def history(rules: list[Written], steps: list[Any]) -> None:
        with folder() as made:
            asyncio.run(_history(made, rules, steps))

    history()


async def test_a_rule_without_where_is_the_rule_that_older_stores_know(site: Opener) -> None:
    plain = Rule(name="plain", on="order.placed", to="a@b.c", every=3)
    large = Rule(name="large", on="order.placed", to="a@b.c", where=("cents>=5", "unit = 'a'", "cents >= 5"))
    async with site(Settings(rule=(plain, large))) as edge:
        rows = await edge.query("SELECT name, spec FROM fold WHERE name LIKE 'rule:%' ORDER BY name")
    assert rows == [
        ("rule:large", r'{"on": "order.placed", "where": ["cents >= 5", "unit = \"a\""]}'),
        ("rule:plain", '{"on": "order.placed"}'),
    ]


async def _history(folder: Path, rules: list[Written], steps: list[Any]) -> None:
    truth, pending = Truth(), list(steps)
    while True:
        truth.begin(rules)
        configured = Settings(ranking=(), rule=tuple(_rule(*written) for written in rules))
        async with Database(folder) as database:
            site = Site(await open_core(configured, database))
            for name in ("till-1", "till-2"):
                if name not in site.core.names.ids["device"]:
                    await site.core.registrar.add(THIS_MACHINE, name)
            assert _counts(site) == truth.counts()
            while pending and pending[0][0] != "restart":
                step, *rest = pending.pop(0)
                if step == "checkpoint":
                    writer = Checkpointer(site.core, Days(configured.zone), lambda: NOW)
                    await writer.write(always=True)
                else:
                    await site.take(Posting(rest[0], rest[1], NOW, lambda posted: None))
                    for event in rest[1]:
                        truth.happened(event, rest[0])
            assert _counts(site) == truth.counts()
            rows = await site.query("SELECT rule, key FROM mail ORDER BY id")
            assert [(rule, *_parts(str(key))) for rule, key in rows] == truth.mails
        if not pending:
            return
        rules = rules if pending[0][1] is None else pending[0][1]
        pending.pop(0)


class Truth:
    """What brute force says: every event against every rule, with no more than a counter of each."""

    def __init__(self) -> None:
        self.mails: list[tuple[str, str, int]] = []
        self._rules: dict[str, Written] = {}
        self._counts: Counter[tuple[str, str]] = Counter()
        self._seqs: Counter[str] = Counter()

    def begin(self, rules: list[Written]) -> None:
        """A start: rules that accept other events than before begin anew."""
        before, self._rules = self._rules, {rule[0]: rule for rule in rules}
        same = {
            name
            for name, rule in self._rules.items()
            if name in before and _sense(before[name]) == _sense(rule)
        }
        self._counts = Counter({key: count for key, count in self._counts.items() if key[0] in same})

    def happened(self, event: dict[str, Any], device: str) -> None:
        """An event was committed."""
        self._seqs[device] += 1
        for name, on, every, where in self._rules.values():
            if on == event["kind"] and all(_holds(one, event | {"device": device}) for one in where):
                key = (name, event.get("customer", ""))
                self._counts[key] += 1
                if self._counts[key] % every == 0:
                    self.mails.append((name, device, self._seqs[device]))

    def counts(self) -> dict[tuple[str, str], int]:
        """(rule, customer) to the number of events that it accepted."""
        return dict(self._counts)


def _sense(rule: Written) -> object:
    return rule[1], {(field, op, type(value), value) for field, op, value in rule[3]}


def _holds(one: Condition, event: dict[str, Any]) -> bool:
    field, op, wanted = one
    value = event.get(field)
    if value is None or any(isinstance(value, sort) != isinstance(wanted, sort) for sort in (str, bool)):
        return False
    order = (value > wanted) - (value < wanted)
    return order in {"=": [0], "!=": [-1, 1], "<": [-1], "<=": [-1, 0], ">": [1], ">=": [0, 1]}[op]


def _rule(name: str, on: str, every: int, where: tuple[Condition, ...]) -> Rule:
    texts = []
    for field, op, value in where:
        shown = str(value).lower() if isinstance(value, bool) else repr(value)
        texts.append(f"{field} {op} {shown}")
    return Rule(name=name, on=on, every=every, to="a@b.c", where=tuple(texts))


def _counts(site: Site) -> dict[tuple[str, str], int]:
    names = site.core.names.names["customer"]
    return {
        (rule, names[customer] if customer else ""): count
        for rule, counted in site.core.folds.counts.items()
        for customer, count in counted.items()
    }


def _parts(key: str) -> tuple[str, int]:
    device, _, seq = key.split("/")
    return device, int(seq)
