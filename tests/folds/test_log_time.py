"""U5: a machine whose clock is behind its own log is not believed, and everything heals when it is set."""

import pytest

from firmware.clock import Clock
from firmware.wire import ack
from firmware.wire.event import EDGE, NO_CLOCK, NTP, Event
from server.folds.log_time import SLACK_MS, EdgeClock, LogTime, Now
from server.ingest.acks import Acks
from server.ingest.arrival import AckDue, Posting, UpArrival
from tests.firmware.fake_board import FakeBoard
from tests.ingest.boards import NOW, Board
from tests.site import Opener

DAY = 86_400_000
AT = "SELECT at FROM event ORDER BY id"


@pytest.fixture(autouse=True)
def synchronized(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether the kernel's clock follows a time server, as a test says."""
    said = [False]
    monkeypatch.setattr("server.folds.log_time.is_synchronized", lambda: said[0])
    return said


def log(newest: int) -> LogTime:
    made = LogTime()
    made.saw(newest)
    return made


def test_a_clock_is_wrong_while_it_is_behind_the_newest_event_by_more_than_a_minute() -> None:
    for said, known in ((NOW, True), (NOW - SLACK_MS, True), (NOW - SLACK_MS - 1, False), (0, False)):
        assert log(NOW).judge(said) == Now(said if known else NOW, known)
    assert log(0).judge(5) == Now(5)


def test_a_clock_that_follows_a_time_server_is_right_whatever_the_log_says(synchronized: list[bool]) -> None:
    synchronized[0] = True
    assert log(NOW + 3650 * DAY).judge(NOW) == Now(NOW)


def test_it_is_told_with_how_far_it_is_behind_and_boards_are_told_no_time_until_it_is_set() -> None:
    said = [NOW - 2 * DAY]
    clock = EdgeClock(log(NOW), lambda: said[0])
    sent: list[ack.Ack] = []
    acks = Acks("shop", lambda _, payload: sent.append(ack.decode(payload)), clock.told)
    acks.send([AckDue("till-1", 7, 1)])
    assert clock.wrong() == "The clock of this machine is 2 d behind the newest event that it has stored."
    assert (clock(), clock.told()) == (NOW, 0)
    said[0] = NOW + 5
    acks.send([AckDue("till-1", 7, 1)])
    assert (clock.wrong(), clock(), clock.told()) == (None, NOW + 5, NOW + 5)
    assert [one.now for one in sent] == [0, NOW + 5]


async def test_events_that_know_their_time_keep_it_and_others_come_after_the_log(site: Opener) -> None:
    """The clock is two days back, as on a machine without a battery for it."""
    behind = NOW - 2 * DAY
    board = Board("till-1", 7)
    board.emit(Event("door.opened", {}, 1, 1, NOW + 60_000, NTP))
    board.emit(Event("door.opened", {}, 1, 2, NOW + 61_000, EDGE))
    board.emit(Event("door.opened", {}, 2, 2, 0, NO_CLOCK))
    async with site() as edge:
        await edge.take(Posting("till-2", [{"kind": "a"}], NOW, lambda _: None))
        await edge.take(UpArrival("till-1", board.frame(1, 3), behind))
        foreign = {"kind": "a", "at": NOW + 62_000}
        await edge.take(Posting("till-2", [foreign, {"kind": "a"}], behind, lambda _: None))
        times = [at for (at,) in await edge.query(AT)]
    assert times == [NOW, NOW + 60_000, NOW + 61_000, NOW, NOW + 62_000, NOW]


async def test_the_log_of_a_clock_that_was_set_back_tells_so_after_a_restart_too(site: Opener) -> None:
    async with site() as edge:
        for at in (NOW, NOW - DAY, NOW - DAY + 1):
            await edge.take(Posting("till-2", [{"kind": "a"}], at, lambda _: None))
    async with site() as edge:
        assert edge.core.intake.time.newest == NOW


def test_a_board_takes_no_time_of_zero() -> None:
    board = FakeBoard()
    clock = Clock(board, 0)
    clock.learn(0, EDGE)
    assert clock.quality == NO_CLOCK
