"""What a profile imitates, as a program on the board sees it."""

import ast
import asyncio
import os
import re
import signal

import pytest
import serial

from tests.patience import PATIENCE_S, patience
from tests.vboard.mpremote import MpremoteFailed, mpremote
from tools.vboard.client import Fleet, VboardError, VirtualBoard

HERE = {"host": "127.0.0.1"}
TELLS = b"import machine\nprint('cause', machine.reset_cause())\n"


async def causes(board: VirtualBoard, count: int) -> list[int]:
    """The reset causes of the board's lives, once there were so many."""
    async with patience():
        while len(told := re.findall(r"cause (\d)", board.log())) < count:
            await asyncio.sleep(0.01)
    return [int(number) for number in told]


async def prompt(line: serial.Serial) -> None:
    """Ask for the prompt until it comes: what a board printed while nobody had its port open is gone."""
    line.timeout = 0.2
    async with patience():
        while not (await asyncio.to_thread(line.read_until, b">>> ")).endswith(b">>> "):
            line.write(b"\r")


@pytest.mark.parametrize(
    "profile, expected",
    [
        # power, button, machine.reset(), watchdog, deep sleep; after each but the last, a soft reset
        ("esp32", [1, 1, 1, 1, 5, 5, 3, 3, 4]),
        ("pico", [1, 1, 1, 1, 3, 3, 3, 3, 3]),
    ],
)
async def test_reset_causes_are_those_of_the_chip(vboards: Fleet, profile: str, expected: list[int]) -> None:
    board = await vboards.up("till", HERE, profile, files={"/main.py": TELLS})
    with serial.Serial((await board.stats())["port"], timeout=PATIENCE_S) as line:
        for number, action in enumerate(("", "reset()", "WDT(timeout=1000)", "deepsleep(10)")):
            await prompt(line)
            line.write(b"\x04")
            await causes(board, 2 * number + 2)
            await prompt(line)
            if action:
                line.write(f"machine.{action}\r".encode())
            else:
                await board.reset()
            await causes(board, 2 * number + 3)
    assert await causes(board, len(expected)) == expected


@pytest.mark.parametrize(
    "profile, names",
    [
        ("esp32", ["DEEPSLEEP_RESET", "HARD_RESET", "PWRON_RESET", "SOFT_RESET", "WDT_RESET"]),
        ("pico", ["PWRON_RESET", "WDT_RESET"]),
    ],
)
async def test_only_the_causes_that_a_chip_knows_have_a_name(
    vboards: Fleet, profile: str, names: list[str]
) -> None:
    board = await vboards.up("till", HERE, profile)
    told = await mpremote(board, "exec", "import machine; print([n for n in dir(machine) if 'RESET' in n])")
    assert sorted(ast.literal_eval(told)) == names


async def test_a_pico_refuses_a_watchdog_of_more_than_8388_ms(vboards: Fleet) -> None:
    pico = await vboards.up("till", HERE, "pico")
    with pytest.raises(MpremoteFailed, match="timeout exceeds 8388"):
        await mpremote(pico, "exec", "import machine; machine.WDT(timeout=8389)")
    await mpremote(pico, "exec", "import machine; machine.WDT(timeout=8388)")
    esp32 = await vboards.up("bell", HERE, "esp32")
    await mpremote(esp32, "exec", "import machine; machine.WDT(timeout=60000)")


async def test_a_watchdog_stays_armed_over_a_soft_reset(vboards: Fleet) -> None:
    main = b"import machine\nif machine.reset_cause() != 3:\n    machine.WDT(timeout=1000)\nprint('up')\n"
    board = await vboards.up("till", HERE, files={"/main.py": main})
    await mpremote(board, "soft-reset")
    async with patience():
        while (await board.stats())["ending"] != "reset":
            await asyncio.sleep(0.02)


@pytest.mark.parametrize(
    "profile, name, blocks, hertz, unique",
    [("esp32", "esp32", 512, 160_000_000, 6), ("pico", "rp2", 212, 125_000_000, 8)],
)
async def test_a_program_can_tell_the_boards_apart(
    vboards: Fleet, profile: str, name: str, blocks: int, hertz: int, unique: int
) -> None:
    board = await vboards.up("till", HERE, profile)
    asked = (
        "os.uname().sysname, os.statvfs('/')[0], os.statvfs('/')[2], machine.freq(), len(machine.unique_id())"
    )
    told = await mpremote(board, "exec", f"import os, machine; print(({asked}))")
    assert ast.literal_eval(told) == (name, 4096, blocks, hertz, unique)


async def test_tls_takes_30_kib_of_a_picos_heap(vboards: Fleet) -> None:
    free = []
    for profile in ("esp32", "pico"):
        board = await vboards.up(profile, HERE, profile, files={"/boot.py": b"", "/main.py": b""})
        free.append(int(await mpremote(board, "exec", "import gc; gc.collect(); print(gc.mem_free())")))
    assert 30 << 10 <= free[0] - free[1] <= 33 << 10, "the larger buffers of littlefs come on top"


async def test_a_write_programs_what_the_chips_littlefs_programs_at_once(vboards: Fleet) -> None:
    written = []
    for profile in ("esp32", "pico"):
        board = await vboards.up(profile, HERE, profile, files={"/boot.py": b"", "/main.py": b""})
        before = (await board.stats())["written"]
        await mpremote(board, "exec", "with open('a', 'wb') as f: f.write(b'x')")
        written.append((await board.stats())["written"] - before)
    assert all(count % unit == 0 for count, unit in zip(written, (32, 256), strict=True))
    assert 0 < written[0] < written[1]


async def test_a_board_that_is_stopped_starves_its_watchdog(vboards: Fleet) -> None:
    main = b"import machine, time\nw = machine.WDT(timeout=1000)\nwhile True:\n    w.feed()\n    time.sleep_ms(50)\n"
    board = await vboards.up("till", HERE, "pico", files={"/main.py": TELLS + main})
    await causes(board, 1)
    await asyncio.sleep(1.5)
    assert (await board.stats())["boots"] == 1
    os.kill((await board.stats())["pid"], signal.SIGSTOP)
    assert await causes(board, 2) == [1, 3]


async def test_an_unknown_profile_is_refused_by_name(vboards: Fleet) -> None:
    with pytest.raises(VboardError, match="no profile 'teensy'; there are esp32 and pico"):
        await vboards.up("till", HERE, "teensy")
