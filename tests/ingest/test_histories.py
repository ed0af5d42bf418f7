"""Whatever arrives in whatever order, and wherever the edge is killed: the log is the boards' truth."""

import asyncio
from collections import Counter
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from server.calendar import Days, next_day
from server.core import open_core
from server.folds.checkpointer import Checkpointer
from server.ingest.arrival import UpArrival
from server.ingest.decode import record
from server.rights import THIS_MACHINE
from server.rules import mail_key
from server.settings import Rule, Settings
from server.store.database import Database
from tests.histories import folder
from tests.ingest.boards import NOW, Board, order
from tests.site import Site

SETTINGS = Settings(
    rule=(
        Rule(name="third", on="order.placed", every=3, to="customer"),  # nobody has an address
        Rule(name="told", on="order.placed", every=3, to="b@c.d"),
        Rule(name="each", on="order.cancelled", to="a@b.c"),
    )
)
EVENTS = st.lists(
    st.tuples(st.sampled_from("aab"), st.integers(0, 500), st.sampled_from(["order.placed", "order.cancelled"])),
    min_size=1, max_size=30,
)  # fmt: skip
STEPS = st.lists(
    st.one_of(
        st.tuples(
            st.just("send"), st.integers(0, 1), st.sampled_from([0, 0, 0, 0, 1, 3, -1]), st.integers(1, 12)
        ),
        st.tuples(st.just("kill"), st.just(0), st.just(0), st.just(0)),
        st.tuples(st.just("checkpoint"), st.just(0), st.just(0), st.just(0)),
    ),
    min_size=4,
    max_size=25,
)


@settings(max_examples=150)
@given(EVENTS, EVENTS, STEPS)
def test_log_rankings_and_mails_equal_brute_force_after_any_history(first, second, steps) -> None:  # type: ignore[no-untyped-def]
    boards = [Board("till-1", 7), Board("till-2", 9)]
    for board, events in zip(boards, (first, second), strict=True):
        for customer, cents, kind in events:
            board.emit(order(customer, cents, kind=kind))
    with folder() as made:
        asyncio.run(_history(made, boards, steps))


async def _history(folder: Path, boards: list[Board], steps: list[tuple[str, int, int, int]]) -> None:
    pending = list(steps)
    expected: list[tuple[str, int]] = []
    acked = {board.name: 0 for board in boards}
    while True:
        async with Database(folder) as database:
            site = Site(await open_core(SETTINGS, database))
            for board in boards:
                if board.name not in site.core.names.ids["device"]:
                    await site.core.registrar.add(THIS_MACHINE, board.name)
            _check_rankings(site, boards, acked)
            while pending:
                step, which, back, count = pending.pop(0)
                board = boards[which]
                start = max(1, acked[board.name] + 1 - back)
                if step == "kill":
                    break
                if step == "checkpoint":
                    writer = Checkpointer(site.core, Days(SETTINGS.zone), lambda: NOW)
                    await writer.write(always=True)
                elif board.emitted[start - 1 : start - 1 + count]:
                    await site.take(UpArrival(board.name, board.frame(start, count), NOW))
                    last = min(start + count - 1, len(board.emitted))
                    if start <= acked[board.name] + 1 and last > acked[board.name]:
                        expected += [(board.name, seq) for seq in range(acked[board.name] + 1, last + 1)]
                        acked[board.name] = last
                    assert site.acks[-1][1].acked == acked[board.name]
            rows = await site.query(
                "SELECT d.name, e.seq FROM event e JOIN device d ON d.id = e.device ORDER BY e.id"
            )
            assert rows == expected
            _check_rankings(site, boards, acked)
            await _check_mails(site, boards, expected)
            if not pending:
                return


def _happened(boards: list[Board], acked: dict[str, int]) -> list[tuple[str, int, str]]:

    return [
        (event.fields["customer"], event.fields["cents"], event.kind)  # type: ignore[misc]
        for board in boards
        for event in map(record, board.emitted[: acked[board.name]])
    ]


def _check_rankings(site: Site, boards: list[Board], acked: dict[str, int]) -> None:
    for name, weigh in (("orders", lambda cents: 1), ("spend", lambda cents: cents)):
        truth: Counter[str] = Counter()
        for customer, cents, kind in _happened(boards, acked):
            truth[customer] += weigh(cents) if kind == "order.placed" else -weigh(cents)
        listed = sorted(((-score, key) for key, score in truth.items() if score > 0))
        places = site.core.folds.top(name, "all", 100)
        assert [(-place.score, place.key) for place in places] == listed


async def _check_mails(site: Site, boards: list[Board], log: list[tuple[str, int]]) -> None:
    """One row per mail; those without an address (U12) in one row of the day, which counts each once."""
    placed: Counter[str] = Counter()
    truth: Counter[tuple[object, ...]] = Counter()
    end = next_day(NOW, lambda at: 0)
    by_name = {board.name: board for board in boards}
    for name, seq in log:
        event = record(by_name[name].emitted[seq - 1])
        identity = f"{name}/{by_name[name].epoch}/{seq}"
        if event.kind == "order.cancelled":
            truth["each", identity, "a@b.c"] += 1
            continue
        placed[event.fields["customer"]] += 1  # type: ignore[index]
        if placed[event.fields["customer"]] % 3 == 0:  # type: ignore[index]
            truth["told", identity, "b@c.d"] += 1
            truth["third", mail_key.nobody(end), ""] += 1
    rows = await site.query("SELECT rule, key, recipient, matches FROM mail")
    assert sorted(rows) == sorted((*mail, number) for mail, number in truth.items())
