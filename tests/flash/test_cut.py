"""Flashing that is cut anywhere is completed by the same command."""

import asyncio
import random
from pathlib import Path

import pytest

from tests.edge_process import EdgeProcess, edge_process
from tests.flash.boards import started
from tests.flash.run import begun, ended, flash, port_of
from tests.vboard.mpremote import Image
from tools.flash.board import SerialBoard
from tools.flash.edge import edge_here
from tools.flash.flasher import Flasher
from tools.flash.line import Line
from tools.flash.request import FlashRequest
from tools.release.slot import slot
from tools.vboard.client import Fleet, VirtualBoard

KILLS, SOAK_KILLS = 5, 40
WHOLE_S = 4.0  # about as long as one that is not cut


class Cut(Exception):
    """The moment has come."""


async def names(edge: EdgeProcess) -> list[str]:
    return [row["name"] for row in (await edge.ask("GET", "/api/v1/devices"))["rows"]]


def assert_whole(board: VirtualBoard, profile: str = "esp32") -> None:
    """All of the firmware is there, and nothing that flashing needs on its way."""
    image = Image(board, profile)
    for path, data in slot().items():
        assert image.read(path) == data, path
    assert not {name for name in image.names() if name.endswith((".off", ".new")) or name == "flash.json"}


async def test_a_kill_at_any_moment_is_mended_by_the_same_command(
    tmp_path: Path, fleet: Fleet, request: pytest.FixtureRequest
) -> None:
    seed = random.randrange(1 << 32)
    print("seed", seed)
    dice = random.Random(seed)
    async with edge_process(tmp_path) as edge:
        for number in range(SOAK_KILLS if request.config.getoption("--soak") else KILLS):
            name = f"till-{number}"
            board = await started(fleet, dice.choice(["blank", "prints", "watched"]), name)
            process = await begun(edge, await port_of(board), "--name", name)
            await asyncio.sleep(0.5 + dice.random() * WHOLE_S)
            if process.returncode is None:
                process.kill()
            await process.wait()
            done = await flash(edge, board, "--name", name)
            assert done.code == 0, (seed, number, done)
            assert_whole(board)
            assert (await names(edge)).count(name) == 1
            await board.remove()


class Brittle(Line):
    """A line that lets `left` pieces of code pass, and no more."""

    def __init__(self, port: str, left: int) -> None:
        super().__init__(port)
        self._left = left

    def run(self, code: str) -> str:
        self._left -= 1
        if self._left < 0:
            raise Cut
        return super().run(code)


def cut_after(edge: EdgeProcess, port: str, pieces: int) -> bool:
    """Flash till-1, but only so far that the board has run so many pieces of code; whether it takes so many."""
    line = Brittle(port, pieces)
    line.open()
    try:
        Flasher(
            SerialBoard(line),
            edge_here(edge.settings()),
            FlashRequest("till-1"),
            lambda *_: None,
            lambda _: None,
        ).run()
    except Cut:
        return True
    finally:
        line.close()
    return False


async def test_cuts_between_all_that_a_board_is_told_are_mended_by_the_same_command(
    tmp_path: Path, fleet: Fleet, request: pytest.FixtureRequest
) -> None:
    """Each cut comes to a board that the one before left behind, so the last, whole one finds them all."""
    async with edge_process(tmp_path) as edge:
        board = await started(fleet, "prints", "till-1")
        port, pieces = await port_of(board), 0
        while await asyncio.to_thread(cut_after, edge, port, pieces):
            pieces += 1 if request.config.getoption("--soak") else 3
        assert pieces > 20
        assert_whole(board)
        assert await names(edge) == ["till-1"]


async def test_a_secret_that_was_lost_between_edge_and_board_is_no_dead_end(
    tmp_path: Path, fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with edge_process(tmp_path) as edge:
        board = await started(fleet, "blank", "till-1")
        put = SerialBoard.put

        def cut(self: SerialBoard, path: str, data: bytes) -> None:
            if path == "/settings.json":
                raise Cut
            put(self, path, data)

        monkeypatch.setattr(SerialBoard, "put", cut)
        await asyncio.to_thread(cut_after, edge, await port_of(board), 1000)
        assert await names(edge) == ["till-1"]
        done = await flash(edge, board, "--name", "till-1")
        assert done.code == 0, done.err
        assert await names(edge) == ["till-1"]


async def test_the_power_of_a_board_that_fails_while_it_is_flashed_costs_nothing(
    tmp_path: Path, fleet: Fleet
) -> None:
    async with edge_process(tmp_path) as edge:
        board = await started(fleet, "blank", "till-1")
        flashing = await begun(edge, await port_of(board), "--name", "till-1")
        for _ in range(3):
            before = (await board.stats())["written"]
            while (await board.stats())["written"] < before + 8000:
                await asyncio.sleep(0.005)
            await board.power_cut(after_bytes=3000)
            await board.off()
            await board.boot()
        done = await ended(flashing)
        assert done.code == 0, done.err
        assert_whole(board)


async def test_a_second_flash_copies_nothing_and_a_changed_file_alone(tmp_path: Path, fleet: Fleet) -> None:
    async with edge_process(tmp_path) as edge:
        board = await started(fleet, "blank", "till-1", "pico")
        assert (
            f"{len(slot())} files ({len(slot())} copied)"
            in (await flash(edge, board, "--name", "till-1")).out
        )
        assert "(0 copied)" in (await flash(edge, board, "--name", "till-1")).out
        await board.remove()
        damaged = {"/slot_a/firmware/link.mpy": b"old", "/slot_a/firmware/left.mpy": b"stale"}
        board = await fleet.up("till-1", None, "pico", files=damaged)
        assert "(1 copied)" in (await flash(edge, board, "--name", "till-1")).out
        assert_whole(board, "pico")
        assert "left.mpy" not in Image(board, "pico").names("/slot_a/firmware")
