"""What counts as a start that went well, by the clock of the board and without waiting for it."""

import json
from pathlib import Path

import pytest

from firmware import starts
from firmware.app import WELL_MS, App
from firmware.host import HostBoard
from firmware.log import Log
from firmware.segment import MOST
from firmware.settings import checked
from firmware.wire.errors import WireError

SETTINGS = {"site": "shop", "device": "till-1", "secret": "s", "host": "127.0.0.1"}


class Desk(HostBoard):
    """A board whose time passes when it is told to, and that is only asked to restart."""

    now_ms = 0
    resets = 0

    def uptime_ms(self) -> int:
        return self.now_ms

    def reset(self) -> None:
        self.resets += 1


@pytest.fixture
def board(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setenv("FIRMWARE_CAUSE", "watchdog")
    monkeypatch.syspath_prepend("")  # so that the path which the board adds goes again
    return Desk(str(tmp_path))


def started(board: Desk, times: int = 1) -> App:
    """The application of the last of so many starts."""
    log = Log(board)
    for _ in range(times):
        number, is_safe = starts.begin(board, log)
    return App(board, checked(SETTINGS), log, number, is_safe)


def test_a_start_is_well_after_a_minute_and_that_is_written_once(board: Desk) -> None:
    app = started(board, 4)
    board.now_ms = WELL_MS - 1
    app.tick()
    assert board.flash.read(starts.PATH) == b"4 4"
    board.now_ms = WELL_MS
    app.tick()
    assert board.flash.read(starts.PATH) == b"4 0"
    board.flash.replace(starts.PATH, b"4 3")
    app.tick()
    assert board.flash.read(starts.PATH) == b"4 3"


def test_a_minute_in_safe_mode_proves_nothing(board: Desk) -> None:
    app = started(board, 6)
    board.now_ms = 10 * WELL_MS
    app.tick()
    assert board.flash.read(starts.PATH) == b"6 4"


@pytest.mark.parametrize(("how", "left"), [({}, b"4 0"), ({"safe": False}, b"4 0"), ({"safe": True}, b"4 5")])
def test_a_restart_by_command_is_no_failure(board: Desk, how: dict[str, bool], left: bytes) -> None:
    app = started(board, 4)
    now_ms = 1_900_000_000_000
    app.heard_time(now_ms)
    app.command(json.dumps({"id": "a", "do": "restart", "until": now_ms + 1000, "with": how}).encode())
    board.now_ms = 2000
    app.tick()
    assert (board.resets, board.flash.read(starts.PATH)) == (1, left)


def test_an_event_that_no_frame_has_room_for_is_refused_and_does_not_count_as_a_full_outbox(
    board: Desk,
) -> None:
    app = started(board)
    with pytest.raises(WireError, match=f"an event is at most {MOST} bytes"):
        app.emit("note.taken", {f"line{number}": "x" * 250 for number in range(8)})
    assert app.emit("note.taken", {"line": "x" * 250})
    assert app.facts()["refused"] == 0
    app.tick()
    assert not app.troubles.step()
