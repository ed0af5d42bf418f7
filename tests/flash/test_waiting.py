"""Flashed, but no event comes: what is known of the board is told, and nothing else."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from server.errors import BoardwalkError
from tests.edge_process import EdgeProcess, edge_process
from tests.flash.boards import started
from tests.flash.run import flash, port_of
from tools.flash import board as flash_board
from tools.flash import waiting
from tools.flash.edge import edge_here
from tools.flash.flasher import Flasher
from tools.flash.line import Line
from tools.flash.request import FlashRequest
from tools.vboard.client import Fleet, VirtualBoard


@pytest_asyncio.fixture
async def edge(tmp_path: Path) -> AsyncIterator[EdgeProcess]:
    async with edge_process(tmp_path) as running:
        yield running


async def test_no_event_in_time_is_told_with_what_the_board_said(
    edge: EdgeProcess, vboards: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    board = await started(vboards, "blank", "till-1")
    monkeypatch.setattr(waiting, "PATIENCE_S", 4.0)
    line = Line(await port_of(board))
    request = FlashRequest("till-1", port=9)
    flasher = Flasher(
        flash_board.SerialBoard(line), edge_here(edge.settings()), request, lambda *_: None, lambda _: None
    )
    with pytest.raises(
        BoardwalkError, match=r"till-1 is flashed, but .* no edge at 127.0.0.1:9.* run the same command again"
    ):
        await asyncio.to_thread(flasher.run)
    line.close()
    assert (await flash(edge, board, "--name", "till-1")).code == 0


async def waited(edge: EdgeProcess, line: Line) -> str:
    """The sentence at the end of the patience."""
    here = edge_here(edge.settings())
    with pytest.raises(BoardwalkError) as refused:
        await asyncio.to_thread(waiting.wait_for_start, line, here, "till-1", 0, 0)
    return refused.value.sentence


@pytest_asyncio.fixture
async def silent(vboards: Fleet, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[VirtualBoard, Line]]:
    """A board without power, and the line to it."""
    monkeypatch.setattr(waiting, "PATIENCE_S", 2.0)
    board = await started(vboards, "blank", "till-1")
    await board.power_cut()
    line = Line(await port_of(board))
    line.open()
    yield board, line
    line.close()


async def test_a_board_that_prints_nothing_is_not_said_to_have_trouble_with_wifi(
    edge: EdgeProcess, silent: tuple[VirtualBoard, Line]
) -> None:
    assert await waited(edge, silent[1]) == (
        f"till-1 is flashed, but the edge on {edge.data} has no event of its start after 2 s; the board printed "
        "nothing after its reset. Press its reset button, or unplug it for a moment, and run the same command again."
    )


async def test_a_port_that_is_gone_is_told(edge: EdgeProcess, silent: tuple[VirtualBoard, Line]) -> None:
    board, line = silent
    await board.remove()
    assert await waited(edge, line) == (
        f"till-1 is flashed, but the edge on {edge.data} has no event of its start after 2 s; its port {line.port} "
        "is gone. Plug the board in again, and run the same command again."
    )
