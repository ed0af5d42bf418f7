"""A board that only starts and fails comes to rest in safe mode, and out of it again."""

import asyncio
from pathlib import Path

import pytest

from firmware.troubles import CODES
from tests.patience import patience
from tests.vboard.edge import Device, Edge
from tests.vboard.lamp import blinks
from tests.vboard.mpremote import Image, mpremote
from tests.vboard.operator import Operator
from tests.vboard.till import Till, settings
from tools.vboard.client import Fleet, VirtualBoard

GOOD = b"def setup(board):\n    board.emit('app.started', {})\n"
HANGS = b"while True:\n    pass\n"
STARVES = b"import time\ndef setup(board):\n    time.sleep(3600)\n"
HOGS = b"""
hog = []
def setup(board):
    try:
        while True:
            hog.append(bytearray(64))
    except MemoryError:
        board.every(0.01, lambda: hog.append(bytearray(64)))
"""
HANGS_AFTER_AN_ORDER = b"""
def setup(board):
    board.emit('order.placed', {}, critical=True)
    while True:
        pass
"""
EXITS_IN_A_TASK = b"""
import asyncio, sys
async def leave():
    sys.exit()
async def main(board):
    asyncio.create_task(leave())
    await asyncio.sleep(3600)
"""
SLEEPS = b"""
import machine
def setup(board):
    board.emit("woken.up", {}, critical=True)
    machine.deepsleep(100)
"""
WATCHED = {"watchdog_ms": 1000}


async def fallen(edge: Edge, device: Device) -> None:
    """Wait until the board is in safe mode."""
    await edge.until(lambda: device.states and (device.states[-1] or {}).get("mode") == "safe")


async def restart(operator: Operator, **how: object) -> None:
    await operator.knows_the_time()
    assert (await operator.tell("restart", **how)).error is None


async def up(fleet: Fleet, port: int, program: bytes, profile: str = "esp32", **more: object) -> VirtualBoard:
    return await fleet.up("till-1", settings(port, "till-1", **more), profile, files={"/app.py": program})


@pytest.mark.parametrize("profile", ["esp32", "pico"])
@pytest.mark.parametrize("program", [HANGS, STARVES], ids=["import", "setup"])
async def test_a_program_that_hangs_ends_in_safe_mode_after_five_starts(
    fleet: Fleet, edge: Edge, broker, program: bytes, profile: str
) -> None:
    board = await up(fleet, broker.port, program, profile, **WATCHED)
    device = edge.device("till-1")
    await fallen(edge, device)
    await edge.until(lambda: len(device.events("device.started")) == 1)  # others had no time to be durable
    (start,) = device.events("device.started")
    assert (start.boot, start.fields) == (6, {"reason": "watchdog", "mode": "safe"})
    assert (await board.stats())["boots"] == 6
    assert await blinks(board) == {1 + CODES.index("safe-mode")}
    assert "safe mode: 5 starts failed" in board.log()


async def test_a_program_that_takes_all_memory_ends_in_safe_mode(fleet: Fleet, edge: Edge, broker) -> None:
    board = await up(fleet, broker.port, HOGS, **WATCHED)
    await fallen(edge, edge.device("till-1"))
    assert (await board.stats())["boots"] == 6


async def test_a_task_of_a_program_that_exits_ends_in_safe_mode_and_not_in_a_fast_loop(
    fleet: Fleet, edge: Edge, broker
) -> None:
    board = await up(fleet, broker.port, EXITS_IN_A_TASK)
    await fallen(edge, edge.device("till-1"))
    assert (await board.stats())["boots"] == 6
    assert "app: SystemExit" in board.log()


async def test_in_safe_mode_there_is_the_way_to_the_edge_and_the_prompt_and_nothing_else(
    fleet: Fleet, edge: Edge, broker
) -> None:
    board = await up(fleet, broker.port, HANGS_AFTER_AN_ORDER, **WATCHED)
    device = edge.device("till-1")
    await fallen(edge, device)
    await edge.until(lambda: len(device.events("order.placed")) == 5)  # what waited is delivered
    till = Till(board)
    await till.work(1, silence_s=4)
    assert (till.told, till.refused) == ({}, [])  # no inputs
    await mpremote(board, "resume", "exec", "import time; time.sleep(3)")  # no watchdog
    assert (await board.stats())["boots"] == 6


async def test_deep_sleep_is_no_loop(fleet: Fleet, edge: Edge, broker) -> None:
    board = await up(fleet, broker.port, SLEEPS)
    device = edge.device("till-1")
    async with patience():
        while (await board.stats())["boots"] < 8:
            await asyncio.sleep(0.05)
    await mpremote(board, "rm", ":app.py")
    await mpremote(board, "reset")
    await edge.until(lambda: len(device.events("woken.up")) >= 7)
    assert all("mode" not in event.fields for event in device.events("device.started"))


async def test_starts_that_only_show_that_the_settings_are_wrong_are_no_loop(
    fleet: Fleet, edge: Edge, broker, tmp_path: Path
) -> None:
    board = await fleet.up("till-1", settings(broker.port, "till-1"))
    await mpremote(board, "cp", ":settings.json", "good.json", cwd=tmp_path)
    await mpremote(board, "rm", ":settings.json")
    for count in range(1, 8):
        await mpremote(board, "reset")
        async with patience():
            while board.log().count("settings: /settings.json is missing") < count:
                await asyncio.sleep(0.05)
    await mpremote(board, "cp", "good.json", ":settings.json", cwd=tmp_path)
    await mpremote(board, "reset")
    device = edge.device("till-1")
    await edge.until(lambda: device.states and device.states[-1])
    assert "mode" not in device.states[-1]


async def test_a_good_program_that_mpremote_brings_in_safe_mode_runs_after_the_reset(
    fleet: Fleet, edge: Edge, broker, tmp_path: Path
) -> None:
    board = await up(fleet, broker.port, HANGS, **WATCHED)
    device = edge.device("till-1")
    await fallen(edge, device)
    (tmp_path / "good.py").write_bytes(GOOD)
    await mpremote(board, "cp", "good.py", ":app.py", cwd=tmp_path)
    await mpremote(board, "reset")
    await edge.until(lambda: len(device.events("app.started")) == 1)
    await edge.until(lambda: device.states and device.states[-1] and "mode" not in device.states[-1])


async def test_a_restart_leaves_safe_mode_and_a_failure_leads_straight_back(
    fleet: Fleet, edge: Edge, broker
) -> None:
    board = await up(fleet, broker.port, HANGS, **WATCHED)
    operator = Operator(edge, board)
    await fallen(edge, operator.device)
    await restart(operator)
    safe = [6, 8]
    await edge.until(lambda: [row.boot for row in operator.device.events("device.started")] == safe)


async def test_a_board_goes_to_safe_mode_by_command_and_back(fleet: Fleet, edge: Edge, broker) -> None:
    operator = Operator(edge, await up(fleet, broker.port, GOOD))
    await edge.until(lambda: len(operator.device.events("app.started")) == 1)
    await operator.knows_the_time()
    assert (await operator.tell("restart", safe="perhaps")).error == "bad-arguments"
    await restart(operator, safe=True)
    await fallen(edge, operator.device)
    await restart(operator)
    await edge.until(lambda: len(operator.device.events("app.started")) == 2)


async def test_power_that_comes_and_goes_is_no_loop(fleet: Fleet, edge: Edge, broker) -> None:
    board = await up(fleet, broker.port, GOOD)
    device = edge.device("till-1")
    for count in range(1, 8):
        await edge.until(lambda count=count: len(device.events("app.started")) == count)
        await board.power_cut()
        await board.boot()
    assert all("mode" not in event.fields for event in device.events("device.started"))


async def test_resets_that_somebody_asks_for_are_no_loop(fleet: Fleet, edge: Edge, broker) -> None:
    board = await up(fleet, broker.port, GOOD)
    device = edge.device("till-1")
    for count in range(1, 8):
        await edge.until(lambda count=count: len(device.events("app.started")) == count)
        await mpremote(board, "reset")
    assert all("mode" not in event.fields for event in device.events("device.started"))


async def test_a_failure_of_the_firmware_itself_ends_at_the_prompt(fleet: Fleet, broker) -> None:
    board = await fleet.up("till-1", settings(broker.port, "till-1"), files={"/outbox": b"no folder"})
    async with patience():
        while (await board.stats())["state"] != "ended":
            await asyncio.sleep(0.05)
    assert (await board.stats())["boots"] == 6
    assert await mpremote(board, "eval", "6 * 7") == "42\n"


async def test_before_a_board_that_failed_restarts_somebody_may_come_to_the_prompt(
    fleet: Fleet, broker
) -> None:
    board = await fleet.up("till-1", settings(broker.port, "till-1"), files={"/outbox": b"no folder"})
    async with patience():
        while "warning app: OSError" not in board.log():
            await asyncio.sleep(0.05)
    assert await mpremote(board, "resume", "eval", "6 * 7") == "42\n"
    assert (await board.stats())["boots"] == 1
    assert Image(board).read("/boot_count") == b"1 0"  # who was at the prompt makes no loop


async def test_firmware_that_cannot_be_imported_leaves_the_prompt(fleet: Fleet, broker) -> None:
    board = await fleet.up("till-1", settings(broker.port, "till-1"))
    await mpremote(board, "rm", ":slot_a/firmware/app.mpy")
    await mpremote(board, "reset")
    async with patience():
        while "no module named 'firmware.app'" not in board.log():
            await asyncio.sleep(0.05)
    boots = (await board.stats())["boots"]
    await asyncio.sleep(1)  # time enough for another start, if there were one
    assert (await board.stats())["boots"] == boots
    assert await mpremote(board, "eval", "6 * 7") == "42\n"


async def test_a_start_in_safe_mode_leaves_one_attempt_on_flash(fleet: Fleet, edge: Edge, broker) -> None:
    board = await up(fleet, broker.port, HANGS, **WATCHED)
    await fallen(edge, edge.device("till-1"))
    assert Image(board).read("/boot_count") == b"6 4"
