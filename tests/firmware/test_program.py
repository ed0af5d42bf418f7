"""The interface of /app.py, and how its failures are counted, at a desk; on boards it is in tests/vboard."""

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from firmware import program
from firmware.log import Log
from tests.firmware.fake_board import FakeBoard
from tests.patience import patience


class Desk(FakeBoard):
    """A board that notes which hardware it was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[object] = []

    def pin(self, number: int, pull_up: bool):
        self.asked.append((number, pull_up))
        return super().pin(number, pull_up)

    async def uart(self, number: int, baud: int, **more: object) -> tuple[str, str]:
        self.asked.append((number, baud, more))
        return "reader", "writer"


class Rig:
    """A program on a board. room: what the outbox answers. events: what it was handed."""

    def __init__(self) -> None:
        self.board = Desk()
        self.log = Log(self.board)
        self.room = 1
        self.events: list[tuple[object, ...]] = []
        self.program = program.Program(self.board, self.log, self._record)
        self.interface = self.program.interface

    def _record(self, *event: object) -> int:
        self.events.append(event)
        return self.room

    def fail(self, error: BaseException, after_ms: int = 0) -> None:
        self.board.now_ms += after_ms
        self.program.failed(error)

    def reported(self) -> list[dict[str, object]]:
        return [event[1] for event in self.events if event[0] == program.KIND]  # type: ignore[misc]


@pytest.fixture
def rig() -> Rig:
    return Rig()


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Write /app.py."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.setitem(sys.modules, "app", None)
    return lambda text: (tmp_path / "app.py").write_text(text) and None


async def ran(rig: Rig, holds: Callable[[], bool]) -> None:
    """Run the program until `holds()`."""
    task = asyncio.create_task(rig.program.run())
    async with patience():
        while not holds():
            await asyncio.sleep(0)
    task.cancel()


def test_emit_hands_over_what_is_critical_and_says_whether_there_was_room(rig: Rig) -> None:
    assert rig.interface.emit("order.placed", {"cents": 1}, critical=True) is True
    rig.room = 0
    assert rig.interface.emit("order.placed", {"cents": 2}) is False
    assert rig.events == [("order.placed", {"cents": 1}, True), ("order.placed", {"cents": 2}, False)]


@pytest.mark.parametrize(("told", "percent"), [(64.9, 64), (-3, 0), (101, 100), (0, 0), (100, 100)])
def test_the_charge_of_a_battery_is_0_to_100(rig: Rig, told: float, percent: int) -> None:
    rig.interface.battery(told)  # type: ignore[arg-type]
    assert rig.board.battery == percent


async def test_hardware_is_asked_for_as_the_program_says(rig: Rig) -> None:
    assert rig.interface.pin(5)() == 0
    assert rig.interface.pin(6, True)() == 1
    rig.interface.on_press(7, print)
    rig.interface.on_press(8, print, active=0)  # to ground, so it is pulled up
    assert await rig.interface.uart(1, 9600, tx=4, rx=5) == ("reader", "writer")
    assert rig.board.asked == [(5, False), (6, True), (7, False), (8, True), (1, 9600, {"tx": 4, "rx": 5})]


def test_what_a_program_says_is_kept_for_the_monitor(rig: Rig) -> None:
    rig.interface.log("barcode", 4006)
    assert rig.log.after(0, 1000) == (1, [[0, "info", "barcode 4006"]])


@pytest.mark.parametrize("function", [None, "look", 5])
def test_what_is_no_function_is_refused_where_it_is_handed_over(rig: Rig, function: object) -> None:
    for hand_over in (rig.interface.every, rig.interface.on_press):
        with pytest.raises(TypeError, match="a function is wanted, without"):
            hand_over(4, function)  # type: ignore[operator]


def test_a_span_that_is_no_number_is_refused_where_it_is_handed_over(rig: Rig) -> None:
    with pytest.raises(ValueError, match="soon"):
        rig.interface.every("soon", print)  # type: ignore[arg-type]


def test_a_report_has_the_number_of_failures_since_the_last_one(rig: Rig) -> None:
    for after_ms in (0, 10_000, 49_999, 1, 1, 60_000):
        rig.fail(ValueError("no sensor"), after_ms)
    assert [report["count"] for report in rig.reported()] == [1, 3, 2]


def test_a_report_that_found_no_room_is_counted_in_the_next(rig: Rig) -> None:
    rig.room = 0
    rig.fail(ValueError("no sensor"))
    rig.room = 1
    rig.fail(ValueError("no sensor"), 60_000)
    assert [report["count"] for report in rig.reported()] == [1, 2]


def test_a_report_makes_way_for_orders(rig: Rig) -> None:
    rig.fail(ValueError("no sensor"))
    assert rig.events == [(program.KIND, {"reason": "ValueError: no sensor", "count": 1}, False, True)]


class Mute(Exception):
    def __str__(self) -> str:
        raise RuntimeError("it has no text")


def test_an_exception_that_has_no_text_is_told_by_its_name(rig: Rig) -> None:
    rig.fail(Mute())
    assert rig.reported() == [{"reason": "Mute", "count": 1}]


class Ticking(SimpleNamespace):
    """asyncio for a program; time passes only while it sleeps."""

    def __init__(self, board: FakeBoard) -> None:
        super().__init__(**vars(asyncio))
        self.board = board
        self.slept: list[float] = []
        self.sleep = self._sleep

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.board.now_ms += int(seconds * 1000)
        await asyncio.sleep(0)


async def test_a_program_that_fails_starts_anew_after_pauses_that_double_to_a_minute(
    rig: Rig, app: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    app("def setup(board):\n    board.log('again')\n    raise ValueError\n")
    time = Ticking(rig.board)
    monkeypatch.setattr(program, "asyncio", time)
    await ran(rig, lambda: len(time.slept) >= 9)
    assert time.slept[:9] == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert "again" in str(rig.log.after(0, 4000))


async def test_a_timer_is_called_at_once_and_again_after_its_seconds(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(program, "asyncio", Ticking(rig.board))
    called: list[int] = []
    rig.interface.every(5, lambda: called.append(rig.board.now_ms))
    while len(called) < 3:
        await asyncio.sleep(0)
    rig.program.tasks[0].cancel()
    assert called == [0, 5000, 10_000]


async def test_a_program_that_ran_for_more_than_a_minute_starts_anew_after_a_second(
    rig: Rig, app: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    app(
        "import asyncio\n"
        "async def main(board):\n"
        "    await board._board.asyncio.sleep(61)\n"
        "    raise ValueError\n"
    )  # fmt: skip
    time = rig.board.asyncio = Ticking(rig.board)  # type: ignore[attr-defined]
    monkeypatch.setattr(program, "asyncio", time)
    await ran(rig, lambda: len(time.slept) >= 6)
    assert time.slept[:6] == [61, 1] * 3


async def test_timers_of_a_program_end_when_it_starts_anew(
    rig: Rig, app: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    app(
        "import asyncio\n"
        "async def main(board):\n"
        "    board.every(3600, lambda: board.emit('ran', {}))\n"
        "    await asyncio.sleep(0.01)\n"
        "    raise ValueError\n"
    )  # fmt: skip
    monkeypatch.setattr(program, "PAUSE_S", 0)
    await ran(rig, lambda: [event[0] for event in rig.events].count("ran") == 5)
    assert len([task for task in asyncio.all_tasks() if "_repeat" in repr(task.get_coro())]) == 1


ORDER = """
import asyncio
async def setup(board):
    await asyncio.sleep(0)
    board.emit("setup", {})
    async def look():
        await asyncio.sleep(0)
        board.emit("look", {})
    board.every(3600, look)
async def main(board):
    board.emit("main", {})
    await asyncio.sleep(0.05)
    board.emit("end", {})
"""


async def test_setup_is_done_before_main_begins_and_timers_are_called_at_once(
    rig: Rig, app: Callable[[str], None]
) -> None:
    app(ORDER)
    await ran(rig, lambda: len(rig.events) == 4)
    assert [event[0] for event in rig.events] == ["setup", "main", "look", "end"]


@pytest.mark.parametrize("error", ["error = type('Odd', (BaseException,), {})", "error = SystemExit"])
async def test_whatever_a_program_raises_is_reported_and_it_goes_on(
    rig: Rig, app: Callable[[str], None], error: str
) -> None:
    app(
        f"{error}\n"
        "def setup(board):\n"
        "    def fail():\n"
        "        board.emit('called', {})\n"
        "        raise error('odd')\n"
        "    board.every(0, fail)\n"
    )  # fmt: skip
    await ran(rig, lambda: len([event for event in rig.events if event[0] == "called"]) >= 3)
    (report,) = rig.reported()
    assert "app.py line 5 in fail: " in str(report["reason"]).replace(",", "")
