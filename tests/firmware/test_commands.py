"""Commands and the log ring of a board, on a clock that stands still; and their codec on anything."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware.clock import Clock
from firmware.commands import REMEMBERED, Commands
from firmware.log import RING_BYTES, Log
from firmware.settings import checked
from firmware.wire import command, event, reading
from firmware.wire.errors import WireError
from tests.firmware.fake_board import FakeBoard

NOW = event.EARLIEST_AT + 5_000_000
SETTINGS = {"site": "shop", "device": "till-1", "secret": "s", "host": "10.0.0.2"}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
BODIES = st.fixed_dictionaries(
    {},
    optional={
        "id": JSON | st.text(max_size=40), "do": JSON | st.just("restart"), "until": JSON | st.integers(0, 1 << 54),
        "with": JSON, "ok": st.booleans() | JSON, "result": JSON, "error": JSON | st.just("late"), "text": JSON,
    },
)  # fmt: skip
PAYLOADS = st.binary(max_size=600) | BODIES.map(lambda body: json.dumps(body).encode())


class Owner:
    boot = 3

    def facts(self) -> dict[str, object]:
        return {"boot": 3}


def size(line: list[object]) -> int:
    """What a line takes in the ring."""
    return len(" ".join(map(str, line)).encode())


class Rig:
    """A board's commands; `until` is 10 s from now unless told."""

    def __init__(self, board: FakeBoard | None = None) -> None:
        self.board = board or FakeBoard()
        self.clock = Clock(self.board, 0)
        self.log = Log(self.board)
        self.commands = Commands(self.board, checked(SETTINGS), self.clock, self.log, Owner())
        self.clock.learn(NOW, event.EDGE)

    def tell(self, number: str, name: str, until: int = NOW + 10_000, **arguments: object) -> reading.Result:
        payload = command.encode(command.Command(number, name, until, arguments))
        return reading.result(self.commands.take(payload) or b"")


@given(PAYLOADS)
def test_no_payload_throws_anything_but_wire_errors(payload: bytes) -> None:
    for decode in (command.decode, reading.result):
        try:
            decode(payload)
        except WireError as error:
            assert event.is_text(error.reason)


@given(PAYLOADS)
def test_a_board_answers_or_only_logs_whatever_comes(payload: bytes) -> None:
    rig = Rig()
    answer = rig.commands.take(payload)
    if answer is not None:
        assert reading.result(answer).id == command.decode(payload).id
    assert rig.commands.restart_at is None or b"restart" in payload


@given(st.text(min_size=1, max_size=32).filter(event.is_text), st.dictionaries(st.text(), JSON, max_size=3))
def test_a_command_is_read_as_it_was_written(number: str, arguments: dict[str, object]) -> None:
    try:
        payload = command.encode(command.Command(number, "log", 5, arguments))
    except WireError:
        return
    found = command.decode(payload)
    assert (found.id, found.name, found.until, found.wrong) == (number, "log", 5, None)
    assert json.dumps(found.arguments) == json.dumps(arguments)


@given(st.dictionaries(st.text(), JSON, max_size=4))
def test_a_result_that_is_taken_can_be_shown(result: dict[str, object]) -> None:
    try:
        found = reading.result(command.done("x", result)).result
    except WireError:
        return
    text = json.dumps(found, allow_nan=False, ensure_ascii=False)
    text.encode()
    assert not any(letter < " " or letter == "\x7f" for letter in text)


def test_the_latest_sixteen_that_acted_are_known_and_reads_push_none_out() -> None:
    rig = Rig()
    for number in range(REMEMBERED + 1):
        rig.tell(f"l{number}", "log-level", level="debug")
    for number in range(100):
        rig.tell(f"r{number}", "status")
    rig.log.level = 2
    rig.tell("l1", "log-level", level="debug")
    assert rig.log.level == 2
    rig.tell("l0", "log-level", level="debug")  # forgotten, so it is a new one
    assert rig.log.level == 0


def test_what_was_refused_may_be_done_when_it_comes_again() -> None:
    rig = Rig()
    rig.clock.quality = event.FLOOR
    assert rig.tell("a", "log-level", level="debug").error == command.NO_CLOCK
    rig.clock.quality = event.EDGE
    assert rig.tell("a", "log-level", level="debug").error is None


def test_a_deadline_is_kept_to_the_millisecond_and_follows_a_clock_that_is_set_back() -> None:
    rig = Rig()
    rig.board.now_ms += 10_000
    assert rig.tell("a", "status").error is None
    rig.board.now_ms += 1
    assert rig.tell("b", "status").error == command.LATE
    rig.clock.learn(NOW, event.EDGE)
    assert rig.tell("c", "status").error is None


def test_restarts_of_before_are_known_from_flash_and_at_most_sixteen() -> None:
    board = FakeBoard()
    for number in range(20):
        rig = Rig(board)
        assert rig.tell(f"r{number}", "restart").result == {}
        assert rig.commands.restart_at == board.now_ms + 500
    rig = Rig(board)
    assert rig.tell("r19", "restart").result == {} and rig.tell("r4", "restart").result == {}
    assert rig.commands.restart_at is None
    assert len(board.flash.read("restarted").split(b"\n")) == REMEMBERED


def test_a_note_of_restarts_that_is_damaged_does_not_stop_the_board() -> None:
    board = FakeBoard()
    board.flash.set("restarted", b"\xff\xfe")
    assert Rig(board).tell("a", "restart").result == {}


@given(
    st.lists(st.tuples(st.integers(0, 2), st.text(max_size=200)), max_size=60),
    st.integers(0, 70),
    st.integers(0, 3000),
)
def test_the_ring_is_bounded_and_its_numbers_have_no_hole(
    lines: list[tuple[int, str]], after: int, most: int
) -> None:
    log = Log(FakeBoard())
    said = []
    for level, text in lines:
        (log.debug, log.info, log.warning)[level](text)
        said += [level] if level >= log.level else []
    assert log.last == len(said)
    first, kept = log.after(0, 1 << 20)
    assert sum(map(size, kept)) <= RING_BYTES
    assert first + len(kept) == log.last + 1
    assert all(event.is_text(line[2]) for line in kept)
    begin, found = log.after(after, most)
    assert begin == max(first, min(after, log.last) + 1)
    assert found == kept[begin - first :][: len(found)]
    assert sum(map(size, found)) <= most


def test_a_full_ring_has_the_newest_lines() -> None:
    log = Log(FakeBoard())
    for number in range(200):
        log.info("ü" * number)
    first, kept = log.after(0, 1 << 20)
    assert first + len(kept) == log.last + 1 == 201
    assert sum(map(size, kept)) <= RING_BYTES < sum(map(size, kept)) + size(kept[-1])


def test_levels_below_the_one_that_is_set_are_neither_kept_nor_printed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    log = Log(FakeBoard())
    log.debug("no")
    log.info("a", 1, OSError("x"))  # noqa: PLE1205 - it is no logger of the standard library
    log.level = 0
    log.debug("line\nbreak \x1b[2J")
    assert log.after(0, 1000) == (1, [[0, "info", "a 1 x"], [0, "debug", "line?break ?[2J"]])
    assert capsys.readouterr().out == "0 info a 1 x\n0 debug line?break ?[2J\n"
