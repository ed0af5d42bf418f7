"""The count of starts, on a flash that may be damaged, full or without power."""

import pytest

from firmware import starts
from firmware.log import Log
from tests.firmware.fake_board import FakeBoard


class Starts:
    """A board that starts again and again. flash: what it keeps."""

    def __init__(self) -> None:
        self.board = FakeBoard()
        self.flash = self.board.flash
        self.log = Log(self.board)

    def begin(self, cause: str = "watchdog") -> tuple[int, bool]:
        self.board.cause = cause
        return starts.begin(self.board, self.log)


@pytest.fixture
def rig() -> Starts:
    return Starts()


def test_five_starts_that_fail_make_the_sixth_a_safe_one_and_then_each_that_follows_a_failure(
    rig: Starts,
) -> None:
    found = [rig.begin("power"), *(rig.begin() for _ in range(8))]
    assert found == [(number, number in (6, 8)) for number in range(1, 10)]


@pytest.mark.parametrize("cause", ["power", "sleep"])
def test_power_and_deep_sleep_begin_a_new_row_of_five(rig: Starts, cause: str) -> None:
    for _ in range(6):
        rig.begin()
    assert [rig.begin(cause)[1], *(rig.begin()[1] for _ in range(5))] == [False] * 5 + [True]
    assert [rig.begin(cause)[1] for _ in range(9)] == [False] * 9


def test_a_start_that_went_well_begins_a_new_row_and_is_written_once(rig: Starts) -> None:
    for _ in range(4):
        rig.begin()
    rig.flash.log.clear()
    starts.well(rig.board, rig.log)
    assert rig.flash.read(starts.PATH) == b"4 0"
    rig.flash.writes_left = 0
    starts.well(rig.board, rig.log)  # there is nothing to write
    rig.flash.writes_left = None
    assert [rig.begin()[1] for _ in range(6)] == [False] * 5 + [True]


def test_safe_mode_that_is_asked_for_comes_with_the_next_start_but_not_with_the_power(rig: Starts) -> None:
    rig.begin()
    starts.ask_safe(rig.board, rig.log)
    assert rig.begin("soft") == (2, True)
    starts.ask_safe(rig.board, rig.log)
    assert rig.begin("power") == (3, False)


@pytest.mark.parametrize(
    "data", [b"", b"\xff\xfe", b"seven", b"7 x", b"7 8 9 10", b" \n", b"\0" * 4096, b"9" * 400]
)
def test_a_damaged_count_stops_no_board_and_five_failures_are_counted_again(rig: Starts, data: bytes) -> None:
    rig.flash.set(starts.PATH, data)
    rig.begin("power")
    assert [rig.begin()[1] for _ in range(5)] == [False] * 4 + [True]


def test_a_flash_that_takes_no_count_stops_no_board(rig: Starts) -> None:
    rig.begin()
    rig.flash.writes_left = 0
    assert rig.begin() == (2, False)
    starts.well(rig.board, rig.log)
    starts.ask_safe(rig.board, rig.log)
    assert rig.flash.read(starts.PATH) == b"1 1"
