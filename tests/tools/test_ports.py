"""Finding the board among the serial ports of a machine."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from server.errors import BoardwalkError
from tools.ports import find


@dataclass
class Port:
    device: str
    vid: int | None = None
    pid: int | None = None


PICO = Port("/dev/ttyACM0", 0x2E8A, 0x0005)
ESP32 = Port("/dev/ttyUSB0", 0x10C4, 0xEA60)
MODEM, CONSOLE = Port("/dev/ttyUSB1", 0x12D1, 0x1506), Port("/dev/ttyS0")


def test_the_only_board_is_found_among_other_ports() -> None:
    assert find(None, [CONSOLE, MODEM, PICO]) == "/dev/ttyACM0"


def test_no_board_is_told_with_what_to_do() -> None:
    with pytest.raises(
        BoardwalkError, match=r"No board is on USB; connect one .* boardwalk flash /dev/ttyACM0"
    ):
        find(None, [CONSOLE, MODEM])


def test_several_boards_are_listed_with_what_to_type() -> None:
    with pytest.raises(BoardwalkError) as refused:
        find(None, [ESP32, PICO, MODEM])
    assert refused.value.sentence == (
        "There are several boards: /dev/ttyACM0 (Raspberry Pi), /dev/ttyUSB0 (CP210x); name one, as in "
        "boardwalk flash /dev/ttyACM0."
    )


def test_a_port_that_is_given_is_followed_to_where_it_leads(tmp_path: Path) -> None:
    (tmp_path / "till").symlink_to("/dev/null")
    assert find(str(tmp_path / "till")) == "/dev/null"
