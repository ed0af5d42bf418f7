"""The cost of 500 live clients at 10 updates per second, beside a bare stream of as many bytes."""

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from firmware.wire.topics import topic
from tools.bench import live, site
from tools.bench.publisher import steadily
from tools.bench.ratio import Seen
from tools.children import free_port

CLIENTS, UPDATES, SECONDS = 500, 10, 3
DUE = 0.9  # share of the updates; a figure is marked when the clients had fewer
Counts = Callable[[], tuple[int, int]]


class Crowd:
    """One edge, whose broker gets 10 orders per second; made by `crowd`. All figures are in percent of one
    core."""

    def __init__(self, edge: site.Running, token: str, folder: Path) -> None:
        self._edge = edge
        self._token = token
        self._folder = folder
        self._bytes = 0  # to one client per update

    def watched(self) -> float:
        """The load of the edge with 500 clients."""
        return self._beside(self._edge.port, self._edge.pid)

    def alone(self) -> float:
        """The load of the edge when nobody watches."""
        used, began = site.cpu_s(self._edge.pid), time.perf_counter()
        time.sleep(SECONDS)
        return 100 * (site.cpu_s(self._edge.pid) - used) / (time.perf_counter() - began)

    def bare(self) -> float:
        """The load of aiohttp-sse alone, with as many clients, updates and bytes as the edge had."""
        port = free_port()
        argv = [sys.executable, "-m", "tools.bench.ticker", str(port), str(self._bytes)]
        with site.child(argv, self._folder) as ticker:
            site.listening(port)
            return self._beside(port, ticker.pid)

    def _beside(self, port: int, pid: int) -> float:
        argv = [sys.executable, "-m", "tools.bench.watchers", str(port), self._token, str(CLIENTS)]
        with site.child(argv, self._folder) as watchers:
            counts = _reader(watchers)
            before, used, began = counts(), site.cpu_s(pid), time.perf_counter()
            for _ in range(SECONDS):
                after = counts()
            percent = 100 * (site.cpu_s(pid) - used) / (time.perf_counter() - began)
        events, size = after[0] - before[0], after[1] - before[1]
        self._bytes = size // max(1, events)
        due = CLIENTS * UPDATES * SECONDS
        return (
            percent
            if events >= DUE * due
            else Seen(percent, f"the live clients had {events:,} of {due:,} events")
        )


@contextmanager
def crowd() -> Iterator[Crowd]:
    """Everything started, and orders coming in."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        edge, broker, token = stack.enter_context(live.edge(folder))
        time.sleep(2)  # the edge subscribes after it answers
        stack.enter_context(steadily(broker, 1 / UPDATES, _order))
        yield Crowd(edge, token, folder)


def _order(number: int) -> list[tuple[str, bytes]]:
    body = b'{"kind":"order.placed","customer":"%06d","cents":%d}' % (number % 500, number)
    return [(topic("shop", f"till-{number % live.BOARDS}", "json"), body)]


def _reader(watchers: subprocess.Popen[str]) -> Counts:
    assert watchers.stdout is not None
    lines = watchers.stdout
    if lines.readline() != "ready\n":
        raise ConnectionError("the live clients did not get in")

    def counts() -> tuple[int, int]:
        line = lines.readline()
        if not line:
            raise TimeoutError("a live client was cut off before the end")
        events, size = line.split()
        return int(events), int(size)

    return counts
