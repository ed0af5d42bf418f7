"""Each command of the stock mpremote that runs, mounts, resets or sets something on a board."""

import asyncio
import datetime
import re
from pathlib import Path

import pytest

from tests.patience import patience
from tests.vboard.mpremote import Image, MpremoteFailed, mpremote
from tools.vboard.client import Fleet, VirtualBoard

HERE = {"host": "127.0.0.1"}


async def logged(board: VirtualBoard, text: str) -> None:
    """Wait until the board has printed this. Raises TimeoutError."""
    async with patience():
        while text not in board.log():
            await asyncio.sleep(0.01)


async def test_eval_prints_a_value(board: VirtualBoard) -> None:
    assert await mpremote(board, "eval", "2 ** 70") == f"{2**70}\n"
    assert await mpremote(board, "eval", "'für ' + '€'") == "für €\n"


async def test_exec_interrupts_the_firmware_and_runs_a_program(board: VirtualBoard) -> None:
    assert (await board.stats())["state"] == "on"
    program = "import sys\nfor i in range(3):\n    print(i, 'größer')\n    sys.stdout.write('x')"
    assert await mpremote(board, "exec", program) == "0 größer\nx1 größer\nx2 größer\nx"
    assert (await board.stats())["state"] == "ended"


async def test_exec_tells_what_went_wrong_on_the_board(board: VirtualBoard) -> None:
    with pytest.raises(MpremoteFailed, match="ZeroDivisionError"):
        await mpremote(board, "exec", "1 / 0")


async def test_run_runs_a_file_of_this_computer(board: VirtualBoard, tmp_path: Path) -> None:
    lines = "".join(f"print({number}, 'äöü')\n" for number in range(300))  # more than one window of raw-paste
    (tmp_path / "job.py").write_text(lines)
    printed = await mpremote(board, "run", "job.py", cwd=tmp_path)
    assert printed == "".join(f"{number} äöü\n" for number in range(300))
    assert "job.py" not in Image(board).names()


async def test_mount_lets_the_board_read_and_write_a_folder_of_this_computer(
    board: VirtualBoard, tmp_path: Path
) -> None:
    (tmp_path / "every").write_bytes(bytes(range(256)) * 8)
    (tmp_path / "shelf.py").write_text("planks = 7\n")
    program = (
        "import shelf; print(shelf.planks); data = open('every', 'rb').read()\n"
        "with open('copy', 'wb') as f: f.write(data)\n"
        "print(len(data))"
    )
    assert "7\n2048\n" in await mpremote(board, "mount", ".", "exec", program, cwd=tmp_path)
    assert (tmp_path / "copy").read_bytes() == bytes(range(256)) * 8
    assert {"copy", "every"}.isdisjoint(Image(board).names())


async def test_rtc_sets_and_tells_the_clock(board: VirtualBoard) -> None:
    assert (await mpremote(board, "rtc")).startswith("(2000, 1, 1, 5,")
    before = datetime.datetime.now().replace(microsecond=0)
    await mpremote(board, "rtc", "--set")
    told = [int(word) for word in re.findall(r"\d+", await mpremote(board, "rtc"))]
    clock = datetime.datetime(told[0], told[1], told[2], told[4], told[5], told[6])
    assert before <= clock <= datetime.datetime.now()
    assert told[3] == clock.weekday()


async def test_soft_reset_runs_boot_and_not_main_as_on_any_board(vboards: Fleet) -> None:
    files = {"/boot.py": b"print('boot')\n", "/main.py": b"print('main')\n"}
    board = await vboards.up("till", HERE, files=files)
    await logged(board, "main")
    await mpremote(board, "soft-reset")
    printed = board.log()
    stats = await board.stats()
    assert stats["ending"] == "soft"
    assert printed.count("\nboot\n") + 1 == stats["boots"] > 1 and printed.count("main\n") == 1


async def test_reset_starts_the_firmware_anew(board: VirtualBoard) -> None:
    await mpremote(board, "exec", "print('hello')")
    await mpremote(board, "reset")
    async with patience():
        while (await board.stats())["ending"] != "hard":
            await asyncio.sleep(0.02)
    assert (await board.stats())["state"] == "on"


async def test_resume_goes_on_with_the_ram_of_the_command_before(board: VirtualBoard) -> None:
    await mpremote(board, "exec", "kept = 'in RAM'")
    assert await mpremote(board, "resume", "eval", "kept") == "in RAM\n"
    with pytest.raises(MpremoteFailed, match="NameError"):
        await mpremote(board, "eval", "kept")  # without resume, mpremote resets first


async def test_several_commands_follow_each_other_with_plus(board: VirtualBoard) -> None:
    told = await mpremote(board, "exec", "a = 1", "+", "sleep", "0.1", "+", "eval", "a + 1")
    assert told == "2\n"


async def test_a_program_that_catches_everything_but_interrupts_is_interrupted(vboards: Fleet) -> None:
    main = b"import time\nwhile True:\n    try:\n        time.sleep(9)\n    except Exception:\n        pass\n"
    board = await vboards.up("till", HERE, files={"/main.py": main})
    assert await mpremote(board, "eval", "6 * 7") == "42\n"


async def test_a_program_that_is_busy_is_interrupted(vboards: Fleet) -> None:
    board = await vboards.up("till", HERE, files={"/main.py": b"while True: pass\n"})
    assert await mpremote(board, "eval", "6 * 7") == "42\n"


async def test_interrupts_in_the_middle_of_flash_writes_leave_the_file_system_whole(
    vboards: Fleet,
) -> None:
    main = (
        b"n = 0\nwhile True:\n    n += 1\n"
        b"    with open('note', 'wb') as f:\n        f.write(b'%08d' % n * 600)\n"
    )
    board = await vboards.up("till", HERE, files={"/main.py": main})
    for _ in range(12):
        await mpremote(board, "exec", "open('sum', 'w').write('fine')")  # the collector has to close it
        assert await mpremote(board, "fs", "cat", ":sum") == "fine"
        await board.reset()
        await asyncio.sleep(0.05)
    assert "_vboot" not in board.log() and "MemoryError" not in board.log()
    await board.power_cut()
    held = Image(board)
    note = held.read("/note")
    assert held.read("/sum") == b"fine"
    assert note == b"" or note == note[:8] * 600
