"""The speed of every page and list over a large store, at rest and while 1,000 events/s come in."""

import http.client
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from firmware.wire.event import EARLIEST_AT
from tools.bench import latency, messages, store
from tools.bench.publisher import steadily

DEVICES, FRAMES, CUSTOMERS = 1000, 34, 100_000  # 1,020,000 events
CALLS, RATE, STEP_S = 40, 1000, 0.1
PAGES = (
    "/", "/rankings", "/rankings?window=all", "/customers", "/customers?text=0420", "/customers/042000",
    "/mailbox",
)  # fmt: skip
EVENTS = (
    "", "newest=true", "device=till-7", "customer=042000", "kind=order.placed&newest=true",
    "customer=042000&device=till-7", f"since={EARLIEST_AT + 500}&until={EARLIEST_AT + 600}", "text=tea",
)  # fmt: skip
LISTS = (
    "/api/v1/rankings/orders?k=1000", "/api/v1/rankings/spend?window=today&k=1000",
    "/api/v1/rankings/orders/042000", "/api/v1/totals?by=day", "/api/v1/totals?by=hour", "/api/v1/devices",
    "/api/v1/customers?limit=1000", "/api/v1/customers?text=0420", "/api/v1/customers/042000",
    "/api/v1/mails", "/api/v1/sync", "/metrics", "/readyz", *(f"/api/v1/events?{one}" for one in EVENTS),
)  # fmt: skip


class Reader:
    """A caller on this machine, over one connection; made by `reader`."""

    def __init__(self, connection: http.client.HTTPConnection) -> None:
        self._connection = connection

    def slowest(self, paths: tuple[str, ...]) -> float:
        """The largest p95 of these paths, in ms; those above 20 ms are told on stderr."""
        found = {path: self._p95(path) for path in paths}
        for path, took in found.items():
            if took > 20:
                print(f"  {took:.0f} ms  {path}", file=sys.stderr)
        return max(found.values())

    def _p95(self, path: str) -> float:
        return latency.at(0.95, sorted(self._took_ms(path) for _ in range(CALLS)))

    def _took_ms(self, path: str) -> float:
        began = time.perf_counter()
        self._connection.request("GET", path)
        answer = self._connection.getresponse()
        answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{path} answers {answer.status}")
        return 1000 * (time.perf_counter() - began)


class _Local(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=60)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(str(self._path))


@contextmanager
def reader() -> Iterator[tuple[Reader, int]]:
    """An edge over 1,020,000 events, all indexed, and the port of its broker."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        store.fill(folder, DEVICES, FRAMES, CUSTOMERS)
        with messages.over(folder) as bench:
            bench.indexed()
            connection = _Local(folder / "data" / "boardwalk.sock")
            yield Reader(connection), bench.port
            connection.close()


def orders(broker: int) -> AbstractContextManager[None]:
    """Post 1,000 orders per second until the block ends."""
    few = messages.json("shop", int(RATE * STEP_S))
    return steadily(broker, STEP_S, lambda number: few)
