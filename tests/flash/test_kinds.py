"""Boards of every kind are flashed, whatever they do when the developer comes."""

import asyncio
import random
import re
from pathlib import Path

import pytest

from tests.edge_process import EdgeProcess, edge_process
from tests.flash.boards import HANGS, KINDS, started
from tests.flash.run import flash
from tools.release.slot import slot
from tools.vboard.client import Fleet

AT_ONCE = 3
ROUNDS, SOAK_ROUNDS = 1, 5


async def flashed(edge: EdgeProcess, fleet: Fleet, kind: str, name: str, profile: str) -> str | None:
    """What went wrong with one board, None when it works."""
    board = await started(fleet, kind, name, profile)
    await asyncio.sleep(random.random())
    while kind == "full" and "the flash is full" not in board.log():
        await asyncio.sleep(0.05)
    done = await flash(edge, board, "--name", name)
    line = (
        rf"{name} works: MicroPython 1\.29\.0, {len(slot())} files \(\d+ copied\), first event committed .*\n"
    )
    if done.code or not re.fullmatch(line, done.out):
        return f"{kind} {profile}: {done.code} {done.out} {done.err} {board.log()[-500:]}"
    await board.remove()
    return None


@pytest.mark.parametrize("profile", ["esp32", "pico"])
async def test_boards_of_every_kind_are_flashed(
    tmp_path: Path, fleet: Fleet, profile: str, request: pytest.FixtureRequest
) -> None:
    rounds = SOAK_ROUNDS if request.config.getoption("--soak") else ROUNDS
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(kind: str, name: str) -> str | None:
        async with gate:
            return await flashed(edge, fleet, kind, name, profile)

    async with edge_process(tmp_path) as edge:
        todo = [(kind, f"{kind}-{number}") for number in range(rounds) for kind in KINDS]
        failed = [wrong for wrong in await asyncio.gather(*(one(*each) for each in todo)) if wrong]
        assert not failed, f"{len(failed)} of {len(todo)}:\n" + "\n".join(failed)
        rows = (await edge.ask("GET", "/api/v1/devices"))["rows"]
        assert sorted(row["name"] for row in rows) == sorted(name for _, name in todo)


async def test_a_board_that_comes_back_late_from_its_reset_is_flashed(tmp_path: Path, fleet: Fleet) -> None:
    async with edge_process(tmp_path) as edge:
        board = await started(fleet, "loops", "till-1")
        flashing = asyncio.create_task(flash(edge, board, "--name", "till-1"))
        for boots in (2, 3):
            while (await board.stats())["boots"] < boots + 1 and not flashing.done():
                await asyncio.sleep(0.01)
            await board.power_cut()
            await asyncio.sleep(3)
            await board.boot()
        done = await flashing
        assert done.code == 0, done.err


async def test_a_board_that_hears_nothing_is_flashed_when_somebody_presses_reset(
    tmp_path: Path, fleet: Fleet
) -> None:
    async with edge_process(tmp_path) as edge:
        board = await fleet.up("till-1", None, files=HANGS)
        flashing = asyncio.create_task(flash(edge, board, "--name", "till-1"))
        await asyncio.sleep(6)
        assert not flashing.done()
        await board.reset()
        done = await flashing
        assert done.code == 0, done.err
