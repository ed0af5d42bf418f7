"""Fixtures for tests with virtual boards: `fleet`."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from tools.vboard.client import Fleet


@pytest_asyncio.fixture
async def fleet(tmp_path: Path) -> AsyncIterator[Fleet]:
    """A host process of its own; its folder is `tmp_path / "fleet"`."""
    async with Fleet.start(tmp_path / "fleet") as running:
        yield running
