"""Virtual boards for tests, the demo and developers.

    async with Fleet.start(folder) as fleet:
        board = await fleet.up("till-1", settings={...})
        reader, writer = await board.uart()
        await board.power_cut(after_bytes=1234)
        await board.off()
        await board.boot()

Everything here is one operation of the host process (see `host`), which owns the boards.
"""

import asyncio
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from tools.output import Json
from tools.vboard.paths import socket_address
from tools.vboard.supervisor import READY, ROOT, SOCKET, VboardError, command

__all__ = ["Fleet", "VboardError", "VirtualBoard"]

LIMIT = 1 << 20  # bytes of an answer
POLL_S = 0.01


class Fleet:
    """A connection to the host process that owns the boards of one folder."""

    def __init__(self, folder: Path, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.folder = folder
        self._reader = reader
        self._writer = writer
        self._lock = asyncio.Lock()
        self._number = 0

    @staticmethod
    @asynccontextmanager
    async def start(folder: Path, cpython: bool = False) -> "AsyncIterator[Fleet]":
        """A host process of its own, which ends, with all boards, at the end of the block.
        Images in `folder` stay, so that a later fleet goes on with them."""
        folder = folder.resolve()  # noqa: ASYNC240 - before any board works
        more = ["--cpython"] if cpython else []
        process = await asyncio.create_subprocess_exec(
            *command(folder, "--parent", str(os.getpid()), *more), stdout=asyncio.subprocess.PIPE, cwd=ROOT,
            start_new_session=True,  # Ctrl-C in a terminal is for the program that ends it
        )  # fmt: skip
        assert process.stdout
        try:
            if await process.stdout.readline() != READY:
                raise VboardError("the host process did not start; its message is on stderr")
            async with Fleet.attach(folder) as fleet:
                yield fleet
        finally:
            if process.returncode is None:
                process.terminate()
                await process.wait()

    @staticmethod
    @asynccontextmanager
    async def attach(folder: Path) -> "AsyncIterator[Fleet]":
        """A connection to the host process that serves `folder` already."""
        with socket_address(folder / SOCKET) as address:
            reader, writer = await asyncio.open_unix_connection(address, limit=LIMIT)
        try:
            yield Fleet(folder, reader, writer)
        finally:
            writer.close()

    async def ask(self, op: str, **arguments: object) -> Json:
        """One operation of the host; its result. Raises VboardError."""
        async with self._lock:
            self._number += 1
            request = {"id": self._number, "op": op, **arguments}
            self._writer.write(json.dumps(request).encode() + b"\n")
            answer = await self._answer(self._number)
        if not answer["ok"]:
            raise VboardError(answer["error"])
        return answer

    async def _answer(self, number: int) -> Json:
        while True:
            line = await self._reader.readline()
            if not line:
                raise VboardError("the host process has ended")
            answer: Json = json.loads(line)
            if answer["id"] == number:  # others are those of requests whose caller was cancelled
                return answer

    async def up(
        self,
        name: str,
        settings: Json | None,
        profile: str = "esp32",
        heap: str = "160K",
        files: dict[str, bytes] | None = None,
    ) -> "VirtualBoard":
        """Power a board on. `settings` are those of /settings.json, host and port the broker's, None
        for a board without firmware (what is on its flash stays, and `files` come on it);
        profile: "esp32" or "pico"; heap: as "160K"; files: more of them, by absolute path. An
        image of this name in the folder is used again, with fresh firmware and settings."""
        more = {path: data.hex() for path, data in (files or {}).items()}
        await self.ask("up", name=name, settings=settings, profile=profile, heap=heap, files=more)
        return VirtualBoard(self, name)

    async def list(self) -> list[Json]:
        """The stats of all boards."""
        boards: list[Json] = (await self.ask("list"))["boards"]
        return boards

    async def stop(self) -> None:
        """End the host process, and all boards with it."""
        with suppress(VboardError):  # it has ended before it could answer
            await self.ask("stop")
        await self._reader.read()

    def board(self, name: str) -> "VirtualBoard":
        """A board that is up already."""
        return VirtualBoard(self, name)


class VirtualBoard:
    """One virtual board."""

    def __init__(self, fleet: Fleet, name: str) -> None:
        self.fleet = fleet
        self.name = name

    async def uart(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """The other end of the serial port; a new one takes it over from an older one. It stays open over
        resets and power cuts, but bytes that are on the line then are lost."""
        with socket_address(self.fleet.folder / f"{self.name}.uart") as address:
            return await asyncio.open_unix_connection(address)

    async def power_cut(self, after_bytes: int = 0) -> None:
        """Cut the power now, or in the middle of the flash write that reaches this many bytes
        (see `off`). The board stays off until `boot`."""
        await self.fleet.ask("power_cut", name=self.name, after_bytes=after_bytes)

    async def off(self, timeout_s: float = 30) -> None:
        """Wait until the board has no power. Raises TimeoutError."""
        async with asyncio.timeout(timeout_s):
            while (await self.stats())["state"] != "off":
                await asyncio.sleep(POLL_S)

    async def boot(self) -> None:
        """Switch the power on."""
        await self.fleet.ask("boot", name=self.name)

    async def remove(self) -> None:
        """Take the board away; its image stays, so that `Fleet.up` can set it up again."""
        await self.fleet.ask("remove", name=self.name)

    async def reset(self) -> None:
        """Press the reset button."""
        await self.fleet.ask("reset", name=self.name)

    async def link(self, up: bool, silent: bool = False) -> None:
        """Wi-Fi down breaks all connections; down and silent, bytes just stop."""
        await self.fleet.ask("link", name=self.name, up=up, silent=silent)

    async def pin(self, number: int, level: int | None = None) -> int:
        """Set a pin, or with no level only read it; its level."""
        answer = await self.fleet.ask("pin", name=self.name, pin=number, level=level)
        return int(answer["level"])

    async def adc(self, number: int, value: int) -> None:
        """Set what an analog input reads from now on, 0 to 65535."""
        await self.fleet.ask("adc", name=self.name, number=number, value=value)

    async def wifi_password(self, text: str) -> None:
        """Set the password that the access point asks for from now on; with "" it takes any."""
        await self.fleet.ask("password", name=self.name, text=text)

    async def clock(self, at_ms: int | None) -> None:
        """Set the real-time clock, ms since 1970 UTC; None for unset, as after power-on."""
        await self.fleet.ask("clock", name=self.name, at_ms=at_ms)

    async def stats(self) -> Json:
        """name, state ("on", "off", "ended"), port (path of its serial port), pid, boots, ending,
        erases, written (bytes)."""
        for each in await self.fleet.list():
            if each["name"] == self.name:
                return each
        raise VboardError(
            f"there is no board {self.name!r}; boardwalk vboard list shows those that there are"
        )

    def log(self) -> str:
        """The output of the board."""
        path = self.fleet.folder / f"{self.name}.log"
        return path.read_text(errors="replace")
