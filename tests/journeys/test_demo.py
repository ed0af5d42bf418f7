"""The demo replays real orders through virtual boards, and its own audit finds every promise kept."""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path

import pytest

from tests.patience import PATIENCE_S, patience


async def command(*words: str) -> tuple[int, str, str]:
    """Exit code, output and errors of `boardwalk ...`."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tools.cli", *words,
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        out, err = await asyncio.wait_for(process.communicate(), 2 * PATIENCE_S)
    finally:
        if process.returncode is None:
            process.kill()
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


async def test_it_keeps_every_promise_and_says_so(pytestconfig: pytest.Config) -> None:
    whole = pytestconfig.getoption("--soak")
    count, mails = (69_659, 14_578) if whole else (5_000, 54)
    limit = "all" if whole else "5000"
    code, out, err = await command("demo", "--orders", limit, "--exit", "--json")
    assert code == 0, err
    told = json.loads(out)
    assert (told["orders"], told["kept"]) == (count, True)
    found = {one["promise"]: (one["expected"], one["found"]) for one in told["findings"]}
    assert found["events in SQLite = events that tills were told are kept"] == (count, count)
    assert found["mail rows = matches of the rule"] == (mails, mails)
    assert found["mails accepted by SES, each once"] == (mails, mails)
    assert "Sign in, once" in err


async def test_ctrl_c_closes_the_shop_and_leaves_nothing_running() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tools.cli", "demo", "--boards", "2", "--rate", "10",
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stderr is not None
    await _until_it_sells(process.stderr)
    children = await _children(process.pid)
    assert len(children) >= 3  # local cloud, edge, boards
    process.send_signal(2)
    await asyncio.wait_for(process.wait(), PATIENCE_S)
    assert process.returncode == 0
    async with patience():
        while any([await _alive(pid) for pid in children]):
            await asyncio.sleep(0.05)


async def _until_it_sells(errors: asyncio.StreamReader) -> bytes:
    """What a demo says until its first line of progress."""
    said = b""
    async with patience():
        while b"orders," not in said:
            said += await errors.readline()
    return said


async def _children(pid: int) -> list[int]:
    process = await asyncio.create_subprocess_exec(
        "ps", "-o", "pid=", "--ppid", str(pid), stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()
    return [int(word) for word in out.split()]


async def _alive(pid: int) -> bool:
    process = await asyncio.create_subprocess_exec("kill", "-0", str(pid), stderr=asyncio.subprocess.DEVNULL)
    return await process.wait() == 0


async def test_an_edge_that_dies_ends_the_demo_with_a_sentence() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tools.cli", "demo", "--boards", "2", "--orders", "5000", "--exit",
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stderr is not None
    said = await _until_it_sells(process.stderr)
    (edge,) = [pid for pid in await _children(process.pid) if "server\0--config" in _words(pid)]
    os.kill(edge, signal.SIGKILL)
    said += await asyncio.wait_for(process.stderr.read(), PATIENCE_S)
    assert await process.wait() == 1
    assert said.decode().endswith("boardwalk: The edge ended by itself, with exit code -9.\n")


def _words(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_text()
