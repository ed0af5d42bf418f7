"""No mail goes out twice, whatever the answer was and wherever the edge stopped."""

import asyncio
import itertools
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from server.core import Core
from server.errors import CloudError, Conflict, Throttled
from server.store.mail import MOVES, STATES, Mails, Move
from sync.budget import Bucket
from sync.letter import Letter, Letters
from sync.postman import SETTLE_MS, Postman
from tests.ingest.boards import NOW

MANY = Bucket(10_000, 10_000)


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


async def work(core: Core, box: Box, until: float = 0.3, now: int = NOW) -> None:
    ticks = itertools.count(now)
    postman = Postman(Mails(core.database), box, Letters("shop@shop.example", "shop"), MANY)
    task = asyncio.create_task(postman.run(lambda: next(ticks), "gen"))
    await asyncio.sleep(until)
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
    assert not MOVES["failed"]
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
