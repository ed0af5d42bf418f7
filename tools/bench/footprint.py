"""The time that an edge takes to start, and the memory that it holds, empty and with a full store."""

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tools.bench import site, store, upload

DEVICES, FRAMES, CUSTOMERS = 1000, 34, 100_000  # 1,020,000 events
BOARDS, SOME = 50, 2  # 3,000 events


class Footprint:
    """An edge is started anew for each figure; made by `footprint`."""

    def __init__(self, empty: Path, full: Path) -> None:
        self._empty, self._full = empty, full

    def start_empty(self) -> float:
        """Seconds until an edge without a store answers."""
        with tempfile.TemporaryDirectory() as fresh:
            return self._start(Path(fresh))[0]

    def start_full(self) -> float:
        """Seconds until an edge with 1,020,000 events answers."""
        return self._start(self._full)[0]

    def memory_empty(self) -> float:
        """MB of an edge without events."""
        return self._start(self._empty)[1]

    def memory_full(self) -> float:
        """MB of an edge with 1,000 devices and 100,000 customers in two rankings."""
        return self._start(self._full)[1]

    def memory_cloud(self) -> float:
        """MB of an edge that has just uploaded 3,000 events."""
        with tempfile.TemporaryDirectory() as name, upload.cloud(Path(name)) as address:
            folder = Path(name)
            store.fill(folder, BOARDS, SOME)
            cloud = upload.table(address, "boardwalk")
            with site.broker(folder) as port, site.edge(folder, upload.into(cloud) | site.on(port)) as edge:
                upload.sent(folder)
                time.sleep(1)
                return site.memory(edge.pid)

    def imports(self) -> float:
        """Seconds that Python takes to read the program."""
        began = time.monotonic()
        subprocess.run([sys.executable, "-c", "import server.app"], check=True)
        return time.monotonic() - began

    def bare(self) -> float:
        """MB of a Python process that has read the program and runs nothing."""
        code = "import server.app; print(open('/proc/self/status').read())"
        told = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
        return site.resident(told.stdout)

    def _start(self, folder: Path) -> tuple[float, float]:
        """Seconds until it answers, MB a second later."""
        (folder / "data").mkdir(exist_ok=True)
        with site.broker(folder) as port, site.edge(folder, site.on(port)) as edge:
            time.sleep(1)
            return edge.took_s, site.memory(edge.pid)


@contextmanager
def footprint() -> Iterator[Footprint]:
    """Both stores, filled once."""
    with tempfile.TemporaryDirectory() as name:
        empty, full = Path(name) / "empty", Path(name) / "full"
        empty.mkdir()
        store.fill(full, DEVICES, FRAMES, CUSTOMERS)
        yield Footprint(empty, full)
