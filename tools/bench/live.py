"""The time from a board's publish to a live client, beside the time to the board's receipt."""

import asyncio
import http.client
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from server.settings import EdgeSection, Settings
from tools.bench import latency, site, store
from tools.bench.boards import Boards, Identity
from tools.bench.ratio import Seen
from tools.bench.watchers import QUERY
from tools.edge_client import edge_client

RATE, SECONDS, BOARDS = 37, 4.0, 5  # a rate without a common divisor with the stream's 10 ticks per second
SETTLE_S = 5.0


class Browser(threading.Thread):
    """A live client in this process. seen: when (perf_counter, s) each event arrived."""

    def __init__(self, port: int, token: str) -> None:
        super().__init__(daemon=True)
        self.seen: dict[Identity, float] = {}
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        connection.request("GET", f"/api/v1/live?{QUERY}", headers={"Authorization": f"Bearer {token}"})
        self._stream = connection.getresponse()
        if self._stream.status != 200:
            raise ConnectionRefusedError("the edge refuses a live client")

    def run(self) -> None:
        """Read until the edge ends."""
        is_event = False
        for line in self._stream:
            now = time.perf_counter()
            if line.startswith(b"event: "):
                is_event = line.strip() == b"event: event"
            elif is_event and line.startswith(b"data: "):
                told = msgspec.json.decode(line[6:])
                self.seen[(told["device"], told["seq"])] = now


def delays(rounds: int) -> list[tuple[float, float]]:
    """p95 of ms from a board's publish to the client, and to the board's receipt, of each round."""
    with tempfile.TemporaryDirectory() as name, edge(Path(name)) as (running, broker, token):
        browser, boards = Browser(running.port, token), Boards(broker, BOARDS)
        browser.start()
        time.sleep(2)  # its first tiles; the edge subscribes after it answers
        try:
            return [one_round(browser, boards) for _ in range(rounds)]
        finally:
            boards.close()


@contextmanager
def edge(folder: Path) -> Iterator[tuple[site.Running, int, str]]:
    """An edge, the port of its broker, and a token that may watch."""
    store.fill(folder, BOARDS)
    with site.broker(folder) as broker, site.edge(folder, site.on(broker)) as running:
        yield running, broker, asyncio.run(_token(folder))


async def _token(folder: Path) -> str:
    async with edge_client(Settings(edge=EdgeSection(data=str(folder / "data")))) as made:
        told = await made.call("POST", "/api/v1/tokens", {"name": "bench", "scopes": ["read"]})
    return str(told["token"])


def one_round(browser: Browser, boards: Boards) -> tuple[float, float]:
    events = boards.run(RATE, SECONDS)
    until = time.perf_counter() + SETTLE_S
    while not browser.seen.keys() >= set(events):
        if time.perf_counter() > until:
            break
        time.sleep(0.01)
    late = [one for one in events if browser.seen.setdefault(one, until) == until]
    times = (browser.seen, boards.acked)
    shown, acked = [sorted(1000 * (then[one] - boards.sent[one]) for one in events) for then in times]
    told, heard = latency.at(0.95, shown), latency.at(0.95, acked)
    if late:
        told = Seen(
            told,
            f"{len(late)} of {len(events)} events had not reached the live client after {SETTLE_S:.0f} s",
        )
    return told, latency.receipts(heard, boards)
