"""The store with events that the tests of the way to the cloud have; and the command, as a process."""

import asyncio
import os
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from server.store.database import Database
from tests.patience import PATIENCE_S
from tests.sync.conftest import core as core
from tools.children import free_port

ROOT = Path(__file__).parents[2]
Boardwalk = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def store(tmp_path: Path) -> None:
    """An empty store in that folder, as an edge leaves it."""

    async def made() -> None:
        async with Database(tmp_path / "var"):
            pass

    asyncio.run(made())


@pytest.fixture
def boardwalk(tmp_path: Path) -> Iterator[Boardwalk]:
    """The command, in an empty folder whose edge does not run."""
    environment = os.environ | {
        "PYTHONPATH": str(ROOT),
        "BOARDWALK_MQTT_LISTEN": f"127.0.0.1:{free_port()}",
        "BOARDWALK_HTTP_LISTEN": f"127.0.0.1:{free_port()}",
    }

    def command(*words: str, room: int | None = None, **more: str) -> subprocess.CompletedProcess[str]:
        """room: bytes that a file may have at most. more: environment."""

        def cramp() -> None:
            if room is not None:
                resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))

        return subprocess.run(
            [sys.executable, "-m", "tools.cli", *words], cwd=tmp_path, env=environment | more,
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE_S, preexec_fn=cramp,
        )  # fmt: skip

    yield command
    command("vboard", "down")
