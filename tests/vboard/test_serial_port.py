"""A board's serial port as a person at a terminal sees it."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import serial

from tests.patience import PATIENCE_S
from tests.vboard.test_mpremote_programs import logged
from tools.vboard.client import Fleet, VirtualBoard

HERE = {"host": "127.0.0.1"}
COUNTS = b"import time\nn = 0\nwhile True:\n    n += 1\n    print('n is', n)\n    time.sleep_ms(20)\n"
PROMPT = b">>> "


@contextmanager
def terminal(port: str) -> Iterator[serial.Serial]:
    """The port, opened as terminal programs do it."""
    with serial.Serial(port, 115200, timeout=PATIENCE_S, exclusive=True) as line:
        yield line


async def heard(line: serial.Serial, text: bytes) -> bytes:
    """What comes in up to this text. Fails when it does not come."""
    got = await asyncio.to_thread(line.read_until, text)
    assert got.endswith(text), got
    return bytes(got)


async def port_of(board: VirtualBoard) -> str:
    return str((await board.stats())["port"])


async def test_the_output_of_the_program_is_seen_and_ctrl_c_ends_it(vboards: Fleet) -> None:
    board = await vboards.up("till", HERE, files={"/main.py": COUNTS})
    with terminal(await port_of(board)) as line:
        await heard(line, b"n is")
        line.write(b"\x03")
        assert b"KeyboardInterrupt" in await heard(line, PROMPT)
        line.write(b"n > 0, 'still there'\r")  # the prompt has the names of main.py
        await heard(line, b"(True, 'still there')\n" + PROMPT)


async def test_ctrl_d_starts_the_same_files_with_fresh_memory(vboards: Fleet) -> None:
    board = await vboards.up("till", HERE, files={"/main.py": b"print('main', 'x' in globals())\n"})
    with terminal(await port_of(board)) as line:
        await logged(board, PROMPT.decode())
        line.write(b"x = 1\rwith open('note', 'w') as f: print(f.write('abc'))\r\r")
        await heard(line, b"3\n" + PROMPT)
        line.write(b"\x04")
        assert b"MPY: soft reboot\r\nmain False\n" in await heard(line, b"for more information.\r\n" + PROMPT)
        line.write(b"open('note').read()\r")
        await heard(line, b"'abc'\n" + PROMPT)


async def test_resets_by_the_program_come_back_on_the_same_port(vboards: Fleet) -> None:
    board = await vboards.up("till", HERE, files={"/main.py": b"print('here again')\n"})
    await logged(board, PROMPT.decode())
    with terminal(await port_of(board)) as line:
        for name, ending in (("soft_reset", "soft"), ("reset", "hard")):
            line.write(b"import machine; machine.%s()\r" % name.encode())
            await heard(line, b"here again\n")
            assert (await board.stats())["ending"] == ending
            await heard(line, PROMPT)


async def test_the_port_outlives_its_clients_and_the_power(vboards: Fleet) -> None:
    board = await vboards.up("till", HERE, files={"/main.py": COUNTS})
    port = await port_of(board)
    for _ in range(3):
        with terminal(port) as line:
            await heard(line, b"n is")
    with terminal(port) as line:
        await board.power_cut()
        line.write(b"\x03print('nobody hears this')\r")
        await asyncio.sleep(0.1)
        await board.boot()
        await heard(line, b"n is 1\n")
    assert "nobody" not in board.log()


async def test_a_port_that_nobody_reads_does_not_stop_the_program(vboards: Fleet) -> None:
    main = b"for i in range(30000):\n    print('line', i)\nprint('done')\n"
    board = await vboards.up("till", HERE, files={"/main.py": main})
    await logged(board, "line 29999\ndone")  # hours, if each line waited for a reader
    assert (await board.stats())["state"] == "ended"


async def test_a_slow_reader_gets_every_byte(vboards: Fleet) -> None:
    main = b"input()\nfor i in range(3000):\n    print('line', i)\nprint('done')\n"
    board = await vboards.up("till", HERE, files={"/main.py": main})
    with terminal(await port_of(board)) as line:
        line.write(b"\r")
        got = b""
        while not got.endswith(PROMPT):
            got += await asyncio.to_thread(line.read, max(1, min(499, line.in_waiting)))
            await asyncio.sleep(0.002)
    lines = got[got.index(b"line 0") :].split(b"\n")
    assert lines[:3000] == [b"line %d" % number for number in range(3000)]


async def test_ctrl_c_reaches_a_program_that_never_reads_what_was_typed(vboards: Fleet) -> None:
    board = await vboards.up("till", HERE, files={"/main.py": b"while True: pass\n"})
    with terminal(await port_of(board)) as line:
        await asyncio.to_thread(line.write, b"x" * 20_000)
        await asyncio.to_thread(line.write, b"\x03")
        assert b"KeyboardInterrupt" in await heard(line, PROMPT)


async def test_a_program_may_take_ctrl_c_as_a_byte(vboards: Fleet) -> None:
    main = (
        b"import micropython, sys\nmicropython.kbd_intr(-1)\nprint('ready')\n"
        b"print('got', sys.stdin.buffer.read(3))\nmicropython.kbd_intr(3)\n"
    )
    board = await vboards.up("till", HERE, files={"/main.py": main})
    await logged(board, "ready")
    with terminal(await port_of(board)) as line:
        line.write(b"a\x03b")
        await heard(line, b"got b'a\\x03b'\n")
