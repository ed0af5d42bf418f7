"""What the LED and the log of a board say, on a clock that stands still."""

import pytest

from firmware.log import Log
from firmware.troubles import CODES, PAUSE, REPEAT_MS, Troubles
from tests.firmware.fake_board import FakeBoard


@pytest.fixture
def board() -> FakeBoard:
    return FakeBoard()


@pytest.fixture
def log(board: FakeBoard) -> Log:
    return Log(board)


@pytest.fixture
def troubles(board: FakeBoard, log: Log) -> Troubles:
    return Troubles(board, log)


def shown(troubles: Troubles, steps: int) -> str:
    return "".join("*" if troubles.step() else "." for _ in range(steps))


@pytest.mark.parametrize("code", CODES)
def test_the_led_blinks_as_often_as_the_place_of_its_code_says(troubles: Troubles, code: str) -> None:
    troubles.begin(code)
    pattern = "*." * (CODES.index(code) + 1) + "." * PAUSE
    assert shown(troubles, 2 * len(pattern)) == 2 * pattern
    troubles.end(code)
    assert shown(troubles, 20) == "." * 20


def test_several_troubles_take_turns(troubles: Troubles) -> None:
    troubles.begin("no-wifi")
    troubles.begin("wifi-password")  # of the way to the edge there is one at a time
    troubles.begin("outbox-full")
    two, six = "*.*." + "." * PAUSE, "*." * 6 + "." * PAUSE
    assert shown(troubles, 2 * len(two + six)) == 2 * (two + six)


def test_a_trouble_that_lasts_is_printed_every_30_s_and_kept_once(
    troubles: Troubles, board: FakeBoard, log: Log, capsys: pytest.CaptureFixture[str]
) -> None:
    for now_ms in range(0, 3 * REPEAT_MS, 500):
        board.now_ms = now_ms
        troubles.begin("no-wifi", "shop")
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(" ", 2)[0] for line in lines] == ["0", "30000", "60000"]
    assert {line.split(" ", 2)[2] for line in lines} == {
        "no Wi-Fi shop: switch the access point on, or bring the board nearer"
    }
    assert log.last == 1


def test_the_edge_is_told_of_the_present_trouble_else_of_the_last(
    troubles: Troubles, board: FakeBoard
) -> None:
    def told() -> dict[str, object]:
        facts: dict[str, object] = {}
        troubles.tell(facts)
        return {name: value for name, value in facts.items() if value is not None}

    assert told() == {}
    troubles.begin("no-edge")
    board.now_ms = 7000
    assert told() == {"trouble": "no-edge", "trouble_ms": 7000}
    troubles.end("no-edge")
    board.now_ms = 9000
    assert told() == {"trouble": "no-edge", "trouble_ms": 7000, "trouble_end_ms": 7000}
    troubles.begin("safe-mode")  # which is told as the mode
    assert told() == {"trouble": "no-edge", "trouble_ms": 7000, "trouble_end_ms": 7000}
