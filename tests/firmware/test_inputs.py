"""Buttons and serial lines at a desk; their way to the edge is in tests/vboard."""

import pytest

from firmware import inputs
from firmware.outbox import Outbox
from tests.firmware.fake_board import FakeBoard


def presses(levels: str, **config: object) -> int:
    """How many events a pin with these levels, one a poll, makes."""
    board = FakeBoard()
    board.levels[4] = int(levels[0])
    made: list[tuple[object, ...]] = []
    button = inputs.build(
        {"type": "button", "pin": 4, "kind": "button.pressed", **config},
        board,
        lambda *event: made.append(event),
        None,
    )
    for level in levels[1:]:
        board.levels[4] = int(level)
        button.poll()
    assert made == [("button.pressed", {}, False)] * len(made)
    return len(made)


@pytest.mark.parametrize(
    ("levels", "count"),
    [("0000", 0), ("00111100", 1), ("0110110", 1), ("0101010", 0), ("01011101", 1), ("0011001100", 2), ("1100", 0)],
)  # fmt: skip
def test_a_press_counts_once_when_two_readings_in_a_row_agree(levels: str, count: int) -> None:
    assert presses(levels) == count


def test_a_button_may_be_active_low() -> None:
    assert presses("1100110011", active=0) == 2


def serial(board: FakeBoard, box: Outbox, **config: object) -> inputs.Serial:
    told = {"type": "serial", "uart": 1, "kind": "order.placed", "fields": ["item", "quantity:int"]}
    return inputs.build({**told, **config}, board, lambda _, fields: box.add(repr(fields).encode()), box)


def test_lines_are_answered_in_their_order_and_only_once_durable() -> None:
    board = FakeBoard()
    box = Outbox(board, 65536)
    port = serial(board, box)
    port.take(b"a,1\nb,2\nc\nd,")
    assert port.ready() == b""
    box.flush()
    assert port.ready() == b"ok %d 1\nok %d 2\nno 1 values, want 2\n" % (box.epoch, box.epoch)
    port.take(b"4\n")
    box.flush()
    assert port.ready() == b"ok %d 3\n" % box.epoch


def test_critical_lines_that_come_together_share_one_flush() -> None:
    board = FakeBoard()
    box = Outbox(board, 65536)
    port = serial(board, box, critical=True)
    port.take(b"a,1\nb,2\nc,3\n")
    assert (box.durable, board.flash.log) == (3, ["sync"])
