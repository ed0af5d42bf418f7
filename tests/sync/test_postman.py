"""No mail goes out twice, whatever the answer was and wherever the edge stopped."""

import asyncio
import itertools
from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.core import Core
from server.errors import CloudError, Conflict, Throttled, Unreachable
from server.store.mail import MOVES, STATES, UNSETTLED, Mails, Move
from sync.mail.letter import Letter, Letters
from sync.mail.postman import MAX_ATTEMPTS, SETTLE_MS, Postman
from sync.token_bucket import TokenBucket
from tests.ingest.boards import NOW
from tests.patience import patience

MANY = TokenBucket(10_000, 10_000)


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """A postman that tries at once again; tests of its pauses are in test_faults_of_mail.py."""
    monkeypatch.setattr("sync.mail.postman.PAUSE_S", (0.0, 0.0))


class Box:
    """A mailer whose answers are scripted; `taken` is what it accepted. The wire is broken on purpose."""

    def __init__(self, answers: list[Exception | None]) -> None:
        self._answers = iter(answers)
        self.taken: Counter[str] = Counter()
        self.calls: Counter[str] = Counter()

    def send(self, letter: Letter) -> str:
        answer = next(self._answers, None)
        self.calls[letter.tag] += 1
        if answer is None or getattr(answer, "accepted", False) is None:
            self.taken[letter.tag] += 1
        if answer is not None:
            raise answer
        return f"m-{letter.tag}"


class Watched(Postman):
    """idle: that a round has found no mail which is due."""

    def __init__(self, core: Core, box: Box) -> None:
        super().__init__(Mails(core.database), box, Letters("shop@shop.example", "shop"), MANY)
        self.idle = asyncio.Event()

    async def _round(self, clock: Callable[[], int], generation: str) -> int:
        found = await super()._round(clock, generation)
        if not found:
            self.idle.set()
        return found


async def work(core: Core, box: Box, now: int = NOW) -> None:
    """Let a postman work until it finds nothing to do."""
    ticks = itertools.count(now)
    postman = Watched(core, box)
    task = asyncio.create_task(postman.run(lambda: next(ticks), "gen"))
    idle = asyncio.create_task(postman.idle.wait())
    async with patience():
        await asyncio.wait([task, idle], return_when=asyncio.FIRST_COMPLETED)
    idle.cancel()
    task.cancel()
    await asyncio.wait([task])
    if not task.cancelled():
        task.result()


async def test_every_mail_is_sent_once(core: Core) -> None:
    box = Box([])
    await work(core, box)
    await work(core, box)
    assert len(box.taken) == 12
    assert set(box.taken.values()) == {1}
    assert (await Mails(core.database).counts())["sent"] == 12


async def test_an_answer_that_never_came_is_unknown_and_not_sent_again(core: Core) -> None:
    box = Box([CloudError("SES did not answer", accepted=None)])
    await work(core, box)
    await work(core, box, now=NOW + 2 * SETTLE_MS)
    assert set(box.taken.values()) == {1}
    counts = await Mails(core.database).counts()
    assert (counts["sent"], counts["unknown"]) == (11, 1)


async def test_a_refusal_is_tried_again_later(core: Core) -> None:
    box = Box([Throttled("slower"), CloudError("no identity", accepted=False)])
    await work(core, box)
    assert (await Mails(core.database).counts())["pending"] == 2
    await work(core, box, now=NOW + 400_000)
    assert (await Mails(core.database).counts())["sent"] == 12
    assert set(box.taken.values()) == {1}


async def test_a_mail_found_in_sending_at_a_start_is_unknown(core: Core) -> None:
    mails = Mails(core.database)
    first = (await mails.due(NOW, 1))[0]
    await mails.move(first.id, Move("sending", NOW))
    box = Box([])
    await work(core, box)
    assert f"gen-{first.id}" not in box.calls
    assert [mail.id for mail in await mails.open("unknown")] == [first.id]


async def test_a_template_that_fails_fails_its_mail_only(core: Core) -> None:
    await core.database.write(lambda c: c.execute("UPDATE mail SET template = 'none' WHERE id = 1"))
    await work(core, Box([]))
    counts = await Mails(core.database).counts()
    assert (counts["sent"], counts["failed"]) == (11, 1)


@given(st.lists(st.sampled_from(STATES), max_size=8))
def test_states_only_move_along_the_table_and_sent_is_the_end(path: list[str]) -> None:
    state = "pending"
    for to in path:
        if to in MOVES[state]:
            state = to
    assert not MOVES["sent"]
    assert MOVES["failed"] == ("pending",)  # by hand
    assert "sent" not in MOVES["pending"]


async def test_a_move_that_the_table_forbids_changes_nothing(core: Core) -> None:
    mails = Mails(core.database)
    for to in ("sent", "unknown", "pending"):
        try:
            await mails.move(1, Move(to, NOW))
        except Conflict:
            continue
        raise AssertionError(to)
    assert (await mails.counts())["pending"] == 12


async def test_an_outage_of_days_fails_no_mail(core: Core) -> None:
    """Promise 4: what could not leave the site leaves it when the way is open again."""
    box = Box([Unreachable("SES is not reached")] * 12 * 25)
    ticks = itertools.count(NOW, 100_000)  # minutes pass at every look at the clock
    mails = Mails(core.database)
    postman = Postman(mails, box, Letters("shop@shop.example", "shop"), MANY)
    task = asyncio.create_task(postman.run(lambda: next(ticks), "gen"))
    async with patience():
        while (await mails.counts())["sent"] < 12:
            await asyncio.sleep(0.05)
    task.cancel()
    await asyncio.wait([task])
    assert max(box.calls.values()) > MAX_ATTEMPTS
    assert (len(box.taken), set(box.taken.values())) == (12, {1})


async def test_a_mail_that_somebody_else_moved_meanwhile_stops_nobody(core: Core) -> None:
    mails = Mails(core.database)

    class Meddler(Box):
        def send(self, letter: Letter) -> str:
            sent = super().send(letter)
            if len(self.calls) == 1:
                asyncio.run_coroutine_threadsafe(self.meddle(), loop).result()
            return sent

        async def meddle(self) -> None:
            due = await mails.due(NOW + 9_999, 50)
            await mails.move(due[0].id, Move("held", NOW))
            (sending,) = await mails.open("sending")
            await mails.move(sending.id, Move("unknown", NOW, reason="settled by staff"))

    loop = asyncio.get_running_loop()
    box = Meddler([])
    await work(core, box)
    counts = await mails.counts()
    assert (counts["sent"], counts["held"], sum(counts.values())) == (11, 1, 12)
    assert set(box.taken.values()) == {1}


async def test_a_mailer_that_breaks_makes_its_mail_unknown_and_the_others_go_out(core: Core) -> None:
    box = Box([RuntimeError("no answer that we know"), KeyError("MessageId")])
    await work(core, box)
    counts = await Mails(core.database).counts()
    assert (counts["sent"], counts["unknown"]) == (10, 2)


async def test_a_full_disk_at_the_start_does_not_end_the_postman(core: Core) -> None:
    mails = Mails(core.database)
    first = (await mails.due(NOW, 1))[0]
    await mails.move(first.id, Move("sending", NOW))
    await core.database.pragma("query_only = ON")
    box = Box([])
    postman = asyncio.create_task(work(core, box))
    await asyncio.sleep(0.3)
    await core.database.pragma("query_only = OFF")
    await postman
    counts = await mails.counts()
    assert (counts["sent"], counts["unknown"]) == (11, 1)


async def test_mails_of_a_clock_that_was_ahead_go_out_when_it_is_set_back(core: Core) -> None:
    box = Box([])
    await work(core, box, now=NOW - 10**9)
    assert len(box.taken) == 12


async def test_settled_mails_are_not_read_again_and_again(core: Core) -> None:
    plan = await core.database.read(
        lambda connection: connection.execute(f"EXPLAIN QUERY PLAN {UNSETTLED}", (NOW,)).fetchall()
    )
    assert ["mail_open" in str(row) for row in plan] == [True]


async def test_what_a_full_disk_did_not_take_of_an_answer_is_noted_when_there_is_room(core: Core) -> None:
    class Filler(Box):
        def send(self, letter: Letter) -> str:
            sent = super().send(letter)
            if len(self.calls) == 3:
                asyncio.run_coroutine_threadsafe(fill(), loop).result()
            return sent

    async def fill() -> None:
        await core.database.pragma("query_only = ON")
        loop.call_later(0.3, lambda: loop.create_task(empty()))

    async def empty() -> None:
        await core.database.pragma("query_only = OFF")

    loop = asyncio.get_running_loop()
    box = Filler([])
    await work(core, box)
    counts = await Mails(core.database).counts()
    assert (counts["sent"], set(box.taken.values())) == (12, {1})
