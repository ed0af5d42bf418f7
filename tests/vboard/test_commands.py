"""Commands as a board takes them: on real MicroPython, published by a client of MQTT as it likes."""

import asyncio
import time

import pytest

from firmware.wire import command
from tests.patience import patience
from tests.vboard.edge import Edge
from tests.vboard.lamp import LED
from tests.vboard.mpremote import Image
from tests.vboard.operator import Operator
from tests.vboard.till import Till, settings
from tools.vboard.client import Fleet


@pytest.fixture
async def operator(fleet: Fleet, edge: Edge, broker) -> Operator:
    """Of a board that knows the time."""
    told = settings(
        broker.port, "till-1", wifi={"ssid": "shop", "password": "hush-hush"}, secret="top-secret"
    )
    one = Operator(edge, await fleet.up("till-1", told))
    await edge.until(lambda: one.device.cursor == 1)
    await asyncio.sleep(0.1)
    return one


async def test_identify_blinks_and_events_go_on(operator: Operator) -> None:
    told = await operator.tell("identify", seconds=3)
    assert (told.result, told.error) == ({"seconds": 3}, None)
    till = Till(operator.board)
    levels = set()
    work = asyncio.create_task(till.work(40, pace_s=0.02))
    async with patience():
        while len(levels) < 2 or not work.done():
            levels.add(await operator.board.pin(LED))
            await asyncio.sleep(0.05)
    await operator.edge.until(lambda: len(operator.device.events("order.placed")) == 40)
    async with patience():  # in the end it is dark
        dark = 0
        while dark < 20:
            dark = 0 if await operator.board.pin(LED) else dark + 1
            await asyncio.sleep(0.05)


async def test_a_board_tells_its_settings_without_its_secrets(operator: Operator) -> None:
    told = await operator.tell("settings")
    assert told.result is not None
    assert (told.result["device"], told.result["wifi"]) == ("till-1", {"ssid": "shop"})
    assert "secret" not in told.result
    assert not any("hush" in str(each) or "top-secret" in str(each) for each in told.result.values())


async def test_a_board_tells_its_facts_at_once(operator: Operator) -> None:
    told = await operator.tell("status")
    assert told.result is not None
    facts = {name: told.result[name] for name in ("boot", "firmware", "reset", "rssi", "log_level")}
    assert facts == {"boot": 1, "firmware": "0.1.0", "reset": "power", "rssi": -55, "log_level": "info"}


async def test_the_log_is_told_from_any_line_on_and_says_what_it_no_longer_has(operator: Operator) -> None:
    assert (await operator.tell("log-level", level="debug")).result == {"level": "debug"}
    till = Till(operator.board)
    await till.work(400)
    last = max(seq for _, seq in till.told.values())
    await operator.edge.until(lambda: operator.device.cursor >= last)
    for _ in range(60):
        operator.publish(b"[]")  # each is a line of the log
    told = (await operator.tell("log")).result
    assert told is not None
    first, lines = told["first"], told["lines"]
    assert first > 20 and 10 < len(lines) < 60 and sum(len(line[2]) for line in lines) <= 1400
    assert all(line[1] in ("debug", "info", "warning") for line in lines)
    more = (await operator.tell("log", after=first + len(lines) - 1)).result
    assert more is not None and more["first"] == first + len(lines)
    assert sum(len(line[2]) for line in lines + more["lines"]) <= 2048
    none = (await operator.tell("log", after=more["last"])).result
    assert none is not None and none["lines"] == [] and none["first"] == none["last"] + 1


async def test_a_command_that_comes_twice_runs_once_and_is_answered_twice(operator: Operator) -> None:
    until = int(time.time() * 1000) + 60_000
    payload = command.encode(command.Command("again", "log-level", until, {"level": "debug"}))
    operator.publish(payload)
    await operator.answers(1)
    assert (await operator.tell("log-level", level="info")).error is None
    operator.publish(payload)
    assert [one.result for one in (await operator.answers(3))[::2]] == [{"level": "debug"}] * 2
    assert (await operator.tell("status")).result["log_level"] == "info"  # type: ignore[index]


async def test_a_restart_keeps_what_was_taken_and_is_not_repeated_by_its_message(operator: Operator) -> None:
    till = Till(operator.board)
    await till.work(5)
    until = int(time.time() * 1000) + 60_000
    payload = command.encode(command.Command("reboot", "restart", until, {}))
    operator.publish(payload)
    operator.publish(payload)
    assert [(one.id, one.result) for one in await operator.answers(2)] == [("reboot", {})] * 2
    await operator.board.pin(4, 1)  # an event that is not on flash yet
    await operator.edge.until(lambda: len(operator.device.events("device.started")) == 2)
    assert len(operator.device.events("button.pressed")) == 1
    operator.publish(payload)
    assert (await operator.answers(3))[-1].result == {}
    await asyncio.sleep(1.5)  # it would have restarted by now
    stats = await operator.board.stats()
    assert (stats["boots"], stats["ending"]) == (2, "hard")
    assert [row.fields["quantity"] for row in operator.device.events("order.placed")] == [*range(5)]
    assert Image(operator.board).read("/restarted") == b"reboot"
    assert operator.device.events("device.started")[1].fields == {"reason": "soft"}


async def test_a_board_that_cannot_note_a_restart_does_not_restart(fleet: Fleet, edge: Edge, broker) -> None:
    board = await fleet.up(
        "till-1", settings(broker.port, "till-1"), files={"/restarted.new/x": b"in the way"}
    )
    operator = Operator(edge, board)
    await edge.until(lambda: operator.device.cursor == 1)
    await asyncio.sleep(0.1)
    told = await operator.tell("restart")
    assert (told.error, (await board.stats())["boots"]) == (command.FAILED, 1)
    assert (await operator.tell("status")).error is None


REFUSED = [
    ("explode", {}, command.UNKNOWN, "this board knows identify, log, log-level, restart, settings, status"),
    ("identify", {"seconds": 0}, command.BAD_ARGUMENTS, "seconds is a whole number from 1 to 60"),
    ("identify", {"seconds": True}, command.BAD_ARGUMENTS, "seconds is a whole number from 1 to 60"),
    ("identify", {"for": 3}, command.BAD_ARGUMENTS, "identify takes no for"),
    ("log-level", {"level": "loud"}, command.BAD_ARGUMENTS, "level is debug, info, warning"),
    ("log-level", {}, command.BAD_ARGUMENTS, "level is debug, info, warning"),
    ("log", {"after": -1}, command.BAD_ARGUMENTS, "after is a whole number from 0 to 9007199254740992"),
    ("restart", {"now": True}, command.BAD_ARGUMENTS, "restart takes no now"),
]


async def test_what_a_board_cannot_do_is_refused_in_words(operator: Operator) -> None:
    for name, arguments, code, text in REFUSED:
        told = await operator.tell(name, **arguments)
        assert (told.result, told.error, told.text) == (None, code, text)


async def test_a_late_command_is_refused(operator: Operator) -> None:
    told = await operator.tell("restart", within_ms=-5000)
    assert told.error == command.LATE and "after its deadline" in (told.text or "")
    assert (await operator.board.stats())["boots"] == 1


async def test_a_malformed_command_is_refused_by_its_id_or_only_logged(operator: Operator) -> None:
    operator.publish(b'{"id": "m1", "do": 7, "until": 5}')
    operator.publish(b'{"id": "m2", "do": "restart", "until": "soon"}')
    operator.publish(b'{"id": "m3", "do": "restart", "until": 5, "with": []}')
    for nonsense in (
        b"",
        b"\xff",
        b"[" * 500,
        b'{"do": "restart"}',
        b'{"id": 5}',
        b'{"id": "x' + b"x" * 600 + b'"}',
    ):
        operator.publish(nonsense)
    told = await operator.tell("log")
    errors = [(one.id, one.error) for one in operator.device.answers[:-1]]
    assert errors == [(number, command.MALFORMED) for number in ("m1", "m2", "m3")]
    lines = "\n".join(line[2] for line in told.result["lines"])  # type: ignore[index]
    assert lines.count("with an id") == 6 and lines.count("malformed") == 3


async def test_a_board_that_does_not_know_the_time_refuses(fleet: Fleet, edge: Edge, broker) -> None:
    edge.deaf = True  # and so tells no time
    operator = Operator(edge, await fleet.up("till-1", settings(broker.port, "till-1")))
    await edge.until(lambda: bool(operator.device.states))
    await asyncio.sleep(0.2)
    assert (await operator.tell("restart")).error == command.NO_CLOCK


async def test_what_is_over_4096_bytes_is_told_as_a_failure(fleet: Fleet, edge: Edge, broker) -> None:
    inputs = [{"type": "button", "pin": 4, "kind": "button.pressed", "fields": {"item": "x" * 250}}] * 13
    told = settings(broker.port, "till-1") | {"inputs": inputs}
    operator = Operator(edge, await fleet.up("till-1", told))
    await edge.until(lambda: operator.device.cursor == 1)
    await asyncio.sleep(0.1)
    answer = await operator.tell("settings")
    assert answer.error == command.FAILED and "4096 bytes" in (answer.text or "")


async def test_a_pico_takes_commands_while_it_delivers(fleet: Fleet, edge: Edge, broker) -> None:
    board = await fleet.up("till-1", settings(broker.port, "till-1"), profile="pico")
    operator = Operator(edge, board)
    await edge.until(lambda: operator.device.cursor == 1)
    till = Till(board)
    work = asyncio.create_task(till.work(1200))
    for _ in range(40):
        for name in ("log", "status", "settings"):
            assert (await operator.tell(name)).error is None
    await work
    last = max(seq for _, seq in till.told.values())
    await edge.until(lambda: operator.device.cursor >= last)
    assert "MemoryError" not in board.log() and board.log().count("link: online") == 1


async def test_the_same_firmware_takes_commands_on_cpython(tmp_path, edge: Edge, broker) -> None:
    async with Fleet.start(tmp_path / "fleet", cpython=True) as fleet:
        operator = Operator(edge, await fleet.up("till-1", settings(broker.port, "till-1")))
        await edge.until(lambda: operator.device.cursor == 1)
        await asyncio.sleep(0.1)
        assert (await operator.tell("status")).result["reset"] == "power"  # type: ignore[index]
        assert (await operator.tell("restart")).result == {}
        await edge.until(lambda: len(operator.device.events("device.started")) == 2)
        assert operator.device.events("device.started")[1].fields == {"reason": "hard"}
