"""`boardwalk flash` as a process, and what becomes of it."""

import asyncio
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.edge_process import ROOT, EdgeProcess
from tests.patience import PATIENCE_S
from tools.vboard.client import VirtualBoard


@dataclass(frozen=True)
class Done:
    """code: its exit code. out, err: what it printed."""

    code: int
    out: str
    err: str


async def begun(
    edge: EdgeProcess, *words: str, more: Mapping[str, str] | None = None
) -> asyncio.subprocess.Process:
    """The command, started beside an edge; its input is no terminal."""
    environ = edge.environ() | {"PYTHONPATH": str(ROOT)} | dict(more or {})
    config = str(edge.folder / "boardwalk.toml")
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tools.cli", "--config", config, "flash", *words, cwd=ROOT, env=environ,
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        preexec_fn=hear_ctrl_c,
    )  # fmt: skip


def hear_ctrl_c() -> None:
    """What a child runs before its program: tests that a script runs in the background ignore SIGINT, and
    their children with them."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


async def ended(process: asyncio.subprocess.Process) -> Done:
    """What it printed. Raises TimeoutError."""
    try:
        out, err = await asyncio.wait_for(process.communicate(), PATIENCE_S)
    except TimeoutError:
        process.kill()
        raise
    assert process.returncode is not None
    return Done(process.returncode, out.decode(), err.decode())


async def flash(
    edge: EdgeProcess, board: VirtualBoard, *words: str, more: Mapping[str, str] | None = None
) -> Done:
    """Flash a board."""
    return await ended(await begun(edge, await port_of(board), *words, more=more))


async def port_of(board: VirtualBoard) -> str:
    """The path of its serial port."""
    return str((await board.stats())["port"])


def image(board: VirtualBoard) -> bytes:
    """All of its flash."""
    path: Path = board.fleet.folder / f"{board.name}.img"
    return path.read_bytes()
