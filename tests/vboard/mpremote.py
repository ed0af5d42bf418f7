"""The stock mpremote, as a process at a board's serial port; and what the board's image holds."""

import asyncio
import sys
from pathlib import Path

from littlefs import LittleFS

from tests.patience import PATIENCE_S
from tools.vboard.client import VirtualBoard
from tools.vboard.profile import BLOCK, PROFILES


class MpremoteFailed(AssertionError):
    """It ended with an error, or not at all."""


async def mpremote(board: VirtualBoard, *arguments: str, cwd: Path | None = None) -> str:
    """What the command prints. Raises MpremoteFailed with all that it said."""
    port = (await board.stats())["port"]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "mpremote", "connect", port, *arguments,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, cwd=cwd,
    )  # fmt: skip
    try:
        output, errors = await asyncio.wait_for(process.communicate(), PATIENCE_S)
    except TimeoutError:
        process.kill()
        output, errors = await process.communicate()
        raise MpremoteFailed(f"no end of {arguments}: {output + errors!r}") from None
    if process.returncode:
        raise MpremoteFailed(f"{arguments}: {(output + errors).decode()}")
    return output.decode().replace("\r\n", "\n")


class Image:
    """A board's flash as littlefs on this computer reads it, beside the board."""

    def __init__(self, board: VirtualBoard, profile: str = "esp32") -> None:
        kind = PROFILES[profile]
        self.files = LittleFS(
            block_size=BLOCK, block_count=kind.flash_bytes // BLOCK, prog_size=kind.prog_bytes,
            read_size=32, cache_size=4 * max(32, kind.prog_bytes), lookahead_size=32, mount=False,
        )  # fmt: skip
        self.files.context.buffer[:] = (board.fleet.folder / f"{board.name}.img").read_bytes()
        self.files.mount()

    def read(self, path: str) -> bytes:
        """A file's content. Raises FileNotFoundError."""
        with self.files.open(path, "rb") as file:
            return bytes(file.read())

    def names(self, folder: str = "/") -> set[str]:
        """What is in a folder."""
        return set(self.files.listdir(folder))
