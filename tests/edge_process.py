"""A real edge as a process of its own: started, asked, killed and started again."""

import asyncio
import json
import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from server.admin_socket import SOCKET
from server.child import dies_with
from server.settings import Settings, load
from server.store.database import Database
from tests.faults.power.disk import Disk
from tests.patience import PATIENCE_S, patience
from tools.children import free_port

ROOT = Path(__file__).parents[1]


@dataclass
class EdgeProcess:
    """`python -m server` over `folder`. more: settings as environment variables, and `toml` as a file.

    sabotage: a name of tests.faults.saboteur and its number, for an edge that is broken on purpose.
    disk: watches its data folder.
    """

    folder: Path
    more: dict[str, str] = field(default_factory=dict)
    toml: str = ""
    mqtt_port: int = field(default_factory=free_port)
    http_port: int = field(default_factory=free_port)
    sabotage: tuple[str, int] | None = None
    disk: Disk | None = None
    process: asyncio.subprocess.Process | None = None

    @property
    def data(self) -> Path:
        """The data folder."""
        return self.folder / "data"

    @property
    def url(self) -> str:
        """Where it serves."""
        return f"http://127.0.0.1:{self.http_port}"

    @property
    def log(self) -> str:
        """Everything it has said."""
        return (self.folder / "edge.log").read_text(errors="replace")

    def environ(self) -> dict[str, str]:
        """Its environment."""
        return {
            **os.environ,
            "BOARDWALK_EDGE_DATA": str(self.data),
            "BOARDWALK_HTTP_LISTEN": f"127.0.0.1:{self.http_port}",
            "BOARDWALK_MQTT_LISTEN": f"127.0.0.1:{self.mqtt_port}",
            **(self.disk.environ() if self.disk else {}),
            **self.more,
        }

    def settings(self) -> Settings:
        """What it was told, as commands beside it read it."""
        return load(self.folder / "boardwalk.toml", self.environ())

    async def furnish(self) -> None:
        """Make its empty store, as a first start does."""
        async with Database(self.data):
            pass

    async def start(self, wait: bool = True) -> None:
        """Start it; with `wait`, until it answers on its socket and port."""
        config = self.folder / "boardwalk.toml"
        config.write_text(self.toml)
        if self.disk:
            self.disk.begin()
        with (self.folder / "edge.log").open("ab") as output:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", *self._module(), "--config", str(config), cwd=ROOT,
                stdin=asyncio.subprocess.DEVNULL, stdout=output, stderr=output,
                env=self.environ(), preexec_fn=dies_with(os.getpid()),
            )  # fmt: skip
        if wait:
            await self.answers()

    def _module(self) -> list[str]:
        if self.sabotage is None:
            return ["server"]
        return ["tests.faults.saboteur", self.sabotage[0], str(self.sabotage[1]), "--"]

    async def answers(self) -> None:
        """Wait until it is alive. Raises AssertionError when it ended instead."""
        assert self.process is not None
        async with patience():
            while True:
                assert self.process.returncode is None, self.log
                try:
                    async with aiohttp.ClientSession() as session, session.get(f"{self.url}/healthz") as told:
                        if told.status == 200:
                            return
                except aiohttp.ClientError:
                    await asyncio.sleep(0.05)

    async def kill(self) -> None:
        """kill -9."""
        assert self.process is not None
        self.process.kill()
        await self.process.wait()

    async def stop(self) -> int:
        """SIGTERM; its exit code."""
        assert self.process is not None
        if self.process.returncode is None:
            self.process.terminate()
            await asyncio.wait_for(self.process.wait(), PATIENCE_S)
        assert self.process.returncode is not None
        return self.process.returncode

    def broker_pids(self) -> list[int]:
        """Processes of mosquitto that run on this edge's configuration."""
        wanted = str(self.data / "broker" / "mosquitto.conf")
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdecimal():
                try:
                    words = (entry / "cmdline").read_bytes().split(b"\0")
                except OSError:
                    continue
                if words[0].endswith(b"mosquitto") and wanted.encode() in words:
                    found.append(int(entry.name))
        return found

    def kill_broker(self) -> None:
        """kill -9 of the embedded broker."""
        for pid in self.broker_pids():
            os.kill(pid, signal.SIGKILL)

    async def ask(self, method: str, path: str, body: object = None) -> Any:
        """An administrator's call on the socket."""
        connector = aiohttp.UnixConnector(str(self.data / SOCKET))
        async with (
            aiohttp.ClientSession(connector=connector) as session,
            session.request(method, f"http://edge{path}", json=body) as told,
        ):
            text = await told.text()
            assert told.status < 400, (method, path, told.status, text)
            return json.loads(text) if text else None

    def link(self) -> str:
        """The one-time link that its first start printed."""
        found = re.search(r"/welcome/\S+", self.log)
        assert found, self.log
        return self.url + found[0]


@asynccontextmanager
async def edge_process(folder: Path, **options: Any) -> AsyncIterator[EdgeProcess]:
    """A started edge, ended with the block."""
    edge = EdgeProcess(folder, **options)
    try:
        await edge.start()
        yield edge
    finally:
        if edge.process is not None and edge.process.returncode is None:
            await edge.stop()
