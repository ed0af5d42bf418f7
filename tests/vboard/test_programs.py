"""The owner's program on the board, /app.py: what it may do, and what it cannot break."""

import asyncio
import itertools
from pathlib import Path

import pytest

import firmware
from tests.vboard.edge import Device, Edge
from tests.vboard.mpremote import mpremote
from tests.vboard.till import Till, settings
from tools.release.slot import slot
from tools.vboard.client import Fleet, VirtualBoard

EXAMPLES = Path(firmware.__file__).parent / "examples"
PLAIN = {"site": "shop", "device": "till-1", "secret": "s", "host": "127.0.0.1"}

FAILS_NOW_AND_THEN = b"""
def setup(board):
    calls = []
    def call():
        calls.append(1)
        if len(calls) % 2:
            raise ValueError("no \\x07 sensor " + "y" * 300)
        board.emit("app.worked", {"calls": len(calls)})
    board.every(0.2, call)
"""
FAILS_IN_MAIN = b"""
import asyncio
async def main(board):
    board.emit("app.started", {})
    await asyncio.sleep(0.1)
    {}["missing"]
"""
STRAY = b"""
import asyncio
async def lost():
    raise OSError("nobody waits")
async def main(board):
    asyncio.create_task(lost())
    await asyncio.sleep(1000)
"""
RAISES_WHAT_IS_NO_EXCEPTION = b"""
class Odd(BaseException):
    pass
def setup(board):
    def fail():
        raise Odd("at all")
    board.every(0.2, fail)
"""
PRESSED = b"""
async def pressed():
    raise RuntimeError("at the press")
def setup(board):
    board.on_press(4, pressed)
    board.log("ready")
"""


async def up(fleet: Fleet, port: int, program: bytes, **more: object) -> VirtualBoard:
    return await fleet.up("till-1", settings(port, "till-1", **more), files={"/app.py": program})


async def failures(edge: Edge, device: Device) -> list[dict[str, object]]:
    await edge.until(lambda: device.events("app.failed"))
    return [event.fields for event in device.events("app.failed")]


@pytest.mark.parametrize(
    "program, reason",
    [
        (b"def setup(board)\n", "SyntaxError: invalid syntax"),
        (b"import nothing_there\n", "ImportError: no module named 'nothing_there'"),
        (b"x = 1\n", "ValueError: it defines neither setup(board) nor main(board)"),
        (b"def setup(board):\n    1 // 0\n", "app.py line 2 in setup: ZeroDivisionError: divide by zero"),
        (b"def setup(board):\n    board.emit('Bad Kind', {})\n", "app.py line 2 in setup: WireError: kind is"),
        (b"def setup(board):\n    raise SystemExit\n", "app.py line 2 in setup: SystemExit"),
        (b"def setup(board):\n    bytearray(10**7)\n", "app.py line 2 in setup: MemoryError"),
        (b"def setup(board):\n    setup(board)\n", "app.py line 2 in setup: RuntimeError"),
        (FAILS_IN_MAIN, "app.py line 6 in main: KeyError: missing"),
        (STRAY, "app.py line 4 in lost: OSError: nobody waits"),
        (RAISES_WHAT_IS_NO_EXCEPTION, "app.py line 6 in fail: Odd: at all"),
        (b"def setup(board):\n    board.every(5, None)\n", "app.py line 2 in setup: TypeError: a function is"),
        (b"def setup(board):\n    board.emit(['x'], {})\n", "app.py line 2 in setup: WireError: kind is"),
        (b"def setup(board):\n    board.emit('x', [])\n", "app.py line 2 in setup: WireError: fields are"),
    ],
    ids=[
        "syntax", "import", "no entry", "setup", "bad event", "exit", "memory", "depth", "main", "stray",
        "odd", "no function", "list as kind", "list as fields",
    ],
)  # fmt: skip
async def test_an_exception_is_told_to_the_edge_and_delivery_goes_on(
    fleet: Fleet, edge: Edge, broker, program: bytes, reason: str
) -> None:
    board = await up(fleet, broker.port, program)
    device = edge.device("till-1")
    (told,) = await failures(edge, device)
    assert str(told["reason"]).replace(",", "").startswith(reason) or reason in str(told["reason"])
    assert told["count"] == 1
    till = Till(board)
    await till.work(20)
    await edge.until(lambda: len(device.events("order.placed")) == 20)
    assert (await board.stats())["boots"] == 1
    assert f"app.py: {told['reason']}" in board.log()


async def test_a_timer_that_fails_is_called_again_and_told_of_once_a_minute(
    fleet: Fleet, edge: Edge, broker
) -> None:
    board = await up(fleet, broker.port, FAILS_NOW_AND_THEN)
    device = edge.device("till-1")
    await edge.until(lambda: len(device.events("app.worked")) >= 5)
    (told,) = await failures(edge, device)
    assert "no ? sensor yyy" in str(told["reason"]) and len(str(told["reason"])) <= 120
    assert board.log().count("app.py:") == 1


async def test_a_program_whose_main_fails_starts_anew_more_and_more_slowly(
    fleet: Fleet, edge: Edge, broker
) -> None:
    await up(fleet, broker.port, FAILS_IN_MAIN)
    device = edge.device("till-1")
    await edge.until(lambda: len(device.events("app.started")) >= 4)
    at = [event.uptime_ms for event in device.events("app.started")]
    pauses = [later - earlier for earlier, later in itertools.pairwise(at)]
    assert pauses[0] >= 1000 and pauses[1] >= 2000 and pauses[2] >= 4000


async def test_a_button_that_fails_at_a_press_hears_the_next_one(fleet: Fleet, edge: Edge, broker) -> None:
    board = await up(fleet, broker.port, PRESSED, inputs=[])
    device = edge.device("till-1")
    await edge.until(lambda: "ready" in board.log())
    for _ in range(2):
        for level in (1, 0):
            await board.pin(4, level)
            await asyncio.sleep(0.1)
    assert "app.py line 3, in pressed" in str((await failures(edge, device))[0]["reason"])
    assert (await board.stats())["boots"] == 1


async def test_a_program_tells_the_charge_of_its_battery(fleet: Fleet, edge: Edge, broker) -> None:
    await up(fleet, broker.port, b"def setup(board):\n    board.battery(64.4)\n")
    states = edge.device("till-1").states
    await edge.until(lambda: any(told is not None and told.get("battery") == 64 for told in states))


async def test_a_board_without_a_program_has_none_of_its_code_in_memory(
    fleet: Fleet, edge: Edge, broker
) -> None:
    board = await fleet.up("till-1", {**PLAIN, "port": broker.port})
    await edge.until(lambda: edge.device("till-1").cursor == 1)
    told = await mpremote(board, "resume", "exec", "import sys; print(sorted(sys.modules))")
    for name in ("program", "inputs", "settings", "starts", "causes"):
        assert f"'firmware.{name}'" not in told


EXITS_ONCE = b"""
import asyncio, os, sys
async def leave():
    sys.exit()
async def main(board):
    board.emit("app.started", {}, critical=True)
    if os.environ["FIRMWARE_CAUSE"] == "power":
        asyncio.create_task(leave())
    await asyncio.sleep(3600)
"""


async def test_the_same_program_runs_on_cpython_and_its_till_works_after_a_restart(
    tmp_path: Path, edge: Edge, broker
) -> None:
    async with Fleet.start(tmp_path / "fleet", cpython=True) as fleet:
        board = await up(fleet, broker.port, EXITS_ONCE)
        device = edge.device("till-1")
        await edge.until(lambda: len(device.events("app.started")) == 2)
        assert [event.fields for event in device.events("device.started")][-1] == {"reason": "hard"}
        till = Till(board)
        await till.work(5)
        await edge.until(lambda: len(device.events("order.placed")) == 5)


# --- the examples


async def example(board: VirtualBoard, name: str) -> None:
    """As docs/boards.md has it."""
    await mpremote(board, "cp", str(EXAMPLES / f"{name}.py"), ":app.py")
    await mpremote(board, "reset")


async def started(edge: Edge, device: Device, count: int) -> None:
    await edge.until(lambda: len(device.events("device.started")) == count)


@pytest.fixture
async def board(fleet: Fleet, edge: Edge, broker) -> VirtualBoard:
    one = await fleet.up("till-1", {**PLAIN, "port": broker.port}, "pico")
    await started(edge, edge.device("till-1"), 1)
    return one


async def test_the_till_makes_orders_of_barcodes(board: VirtualBoard, edge: Edge) -> None:
    _reader, writer = await board.uart()
    await example(board, "till")
    device = edge.device("till-1")
    await started(edge, device, 2)
    for line in (b"4006381333931\r\n", b"what?\n", b"\n", b"12345", b"678\n", b"1" * 15 + b"\n", b"9780\r\n"):
        writer.write(line)
    await edge.until(lambda: len(device.events("order.placed")) == 3)
    items = [event.fields for event in device.events("order.placed")]
    assert items == [{"item": item, "quantity": 1} for item in ("4006381333931", "12345678", "9780")]
    await edge.until(lambda: "no barcode: b'what?'" in board.log())
    writer.close()


async def test_the_button_makes_one_order_of_a_press(board: VirtualBoard, edge: Edge) -> None:
    await board.pin(4, 1)  # pulled up
    await example(board, "order_button")
    device = edge.device("till-1")
    await started(edge, device, 2)
    for level in (0, 1, 0, 1):
        await board.pin(4, level)
        await asyncio.sleep(0.1)
    await edge.until(lambda: len(device.events("order.placed")) == 2)
    fields = [event.fields for event in device.events("order.placed")]
    assert fields == [{"item": "coffee", "quantity": 1}] * 2


async def test_the_thermometer_tells_at_once_when_it_moves_by_a_degree(
    board: VirtualBoard, edge: Edge
) -> None:
    await board.adc(26, 14298)  # 720 mV
    await example(board, "temperature")
    device = edge.device("till-1")
    await edge.until(lambda: len(device.events("reading.taken")) == 1)
    await board.adc(26, 14400)
    await asyncio.sleep(6)  # one more look
    await board.adc(26, 15290)
    await edge.until(lambda: len(device.events("reading.taken")) == 2)
    told = [event.fields for event in device.events("reading.taken")]
    assert told == [{"item": "shop", "value": value, "unit": "C"} for value in (22.0, 27.0)]


def test_examples_are_not_in_the_firmware() -> None:
    names = [path.stem for path in EXAMPLES.glob("*.py")]
    assert sorted(names) == ["order_button", "temperature", "till"]
    assert not [path for path in slot() if "examples" in path]
