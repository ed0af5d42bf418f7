"""Our edge as it is installed, on the same broker as the others."""

import sqlite3
import sys
from pathlib import Path

import msgspec

from tools.bench import messages, site, store
from tools.bench.peers.process import Process
from tools.children import free_port


class Ours:
    """An edge over a store with the boards of the burst."""

    def __init__(self, folder: Path, broker: int) -> None:
        self._folder = folder
        store.fill(folder, messages.BOARDS)
        (folder / "edge.toml").touch()
        self._environ = {
            **site.on(broker),
            "BOARDWALK_EDGE_DATA": str(folder / "data"),
            "BOARDWALK_EDGE_SITE": "shop",
            "BOARDWALK_HTTP_LISTEN": f"127.0.0.1:{free_port()}",
            "PYTHONPATH": str(Path.cwd()),
        }
        self.start()

    def start(self) -> None:
        """Start it."""
        argv = [sys.executable, "-m", "server", "--config", str(self._folder / "edge.toml")]
        self.process = Process(argv, self._folder, self._environ)

    def settle(self) -> None:
        """Do nothing."""

    def rows(self) -> int:
        """Events in the log."""
        return site.committed(self._folder)

    def numbers(self) -> list[int]:
        """Their cents."""
        with sqlite3.connect(self._folder / "data" / "boardwalk.db") as connection:
            rows = connection.execute("SELECT fields FROM event").fetchall()
        connection.close()
        return [msgspec.msgpack.decode(fields)["cents"] for (fields,) in rows]

    def close(self) -> None:
        """End it."""
        self.process.stop()
