"""Fixtures for tests with virtual boards: `fleet`, `vboards` and `board`.

pytest_plugins = ["tools.vboard.pytest_plugin"]

async def test_a_board_counts_its_starts(board):
    assert (await board.stats())["boots"] == 1
"""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from tools.vboard.client import Fleet, VirtualBoard
from tools.vboard.supervisor import hosted

NOWHERE = {"site": "shop", "device": "board", "secret": "none", "host": "127.0.0.1", "port": 1}


@pytest_asyncio.fixture
async def fleet(tmp_path: Path) -> AsyncIterator[Fleet]:
    """A host process of its own; its folder is `tmp_path / "fleet"`."""
    async with Fleet.start(tmp_path / "fleet") as running:
        yield running


@pytest.fixture(scope="session")
def vboard_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of a host process that serves the whole test run: what makes `board` fast."""
    folder = tmp_path_factory.mktemp("vboards")
    with hosted(folder):
        yield folder


@pytest_asyncio.fixture
async def vboards(vboard_folder: Path) -> AsyncIterator[Fleet]:
    """The fleet of that process. Boards of this test are removed at its end, with all that they leave."""
    async with Fleet.attach(vboard_folder) as running:
        yield running
        for each in await running.list():
            await running.board(each["name"]).remove()
            _clear(vboard_folder, each["name"])


def _clear(folder: Path, name: str) -> None:
    for left in folder.glob(f"{name}.*"):
        left.unlink()


@pytest_asyncio.fixture
async def board(vboards: Fleet) -> VirtualBoard:
    """A board with the firmware on a fresh flash, whose edge does not answer."""
    return await vboards.up("board", NOWHERE)
