"""The board's best time and its quality."""

from firmware.clock import Clock
from firmware.wire import event
from tests.firmware.fake_board import FakeBoard

T = 1_893_456_000_000


def test_a_board_that_knows_nothing_says_so() -> None:
    clock = Clock(FakeBoard(), 0)
    assert (clock.now(), clock.quality) == (0, event.NO_CLOCK)


def test_the_floor_of_the_settings_runs_on_and_sets_the_rtc_for_tls() -> None:
    board = FakeBoard()
    clock = Clock(board, T)
    board.now_ms += 5_000
    assert (clock.now(), clock.quality, board.rtc) == (T + 5_000, event.FLOOR, T)


def test_an_rtc_that_survived_the_reset_is_better_than_an_older_floor() -> None:
    board = FakeBoard()
    board.rtc = T + 9
    assert Clock(board, T).now() == T + 9


def test_the_edge_gives_time_and_small_errors_do_not_move_it() -> None:
    board = FakeBoard()
    clock = Clock(board, 0)
    clock.learn(T, event.EDGE)
    assert (clock.now(), clock.quality) == (T, event.EDGE)
    clock.learn(T + 900, event.EDGE)
    assert clock.now() == T
    clock.learn(T + 1_500, event.EDGE)
    assert clock.now() == T + 1_500


def test_time_never_runs_backwards_within_a_boot() -> None:
    board = FakeBoard()
    clock = Clock(board, 0)
    clock.learn(T + 60_000, event.EDGE)
    assert clock.now() == T + 60_000
    clock.learn(T, event.EDGE)
    assert clock.now() == T + 60_000
    board.now_ms += 60_500
    assert clock.now() == T + 60_500


def test_a_worse_source_does_not_replace_a_better_one() -> None:
    clock = Clock(FakeBoard(), 0)
    clock.learn(T, event.NTP)
    clock.learn(T + 99_000, event.EDGE)
    assert (clock.now(), clock.quality) == (T, event.NTP)


def test_a_time_before_the_protocol_existed_is_no_time() -> None:
    clock = Clock(FakeBoard(), 0)
    clock.learn(1_000, event.EDGE)
    assert clock.quality == event.NO_CLOCK


def test_a_known_time_is_the_floor_of_the_next_start() -> None:
    board = FakeBoard()
    clock = Clock(board, 0)
    clock.tick()
    clock.learn(T, event.EDGE)
    clock.tick()
    board.rtc = 0
    assert (Clock(board, 0).now(), Clock(board, 0).quality) == (T, event.FLOOR)
