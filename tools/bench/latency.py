"""The time from a board's publish to its receipt, at 1,000 events per second, beside a flush to disk."""

import os
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from tools.bench import site, store
from tools.bench.boards import SETTLE_S, Boards
from tools.bench.ratio import Seen

RATE, SECONDS, BOARDS = 1000, 5, 50


def run() -> tuple[Callable[[float], float], float]:
    """Milliseconds from publish to receipt, at a quantile, and p99 of those that a flush took meanwhile."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        store.fill(folder, BOARDS)
        with site.broker(folder) as port, site.edge(folder, site.on(port)):
            time.sleep(2)  # the edge subscribes after it answers
            flushes: list[float] = []
            done = threading.Event()
            probe = threading.Thread(target=_flush, args=(folder / "probe", flushes, done))
            probe.start()
            boards = Boards(port, BOARDS)
            try:
                events = boards.run(RATE, SECONDS)
            finally:
                boards.close()
                done.set()
                probe.join()
    waits = sorted(1000 * (boards.acked[one] - boards.sent[one]) for one in events)
    return lambda part: receipts(at(part, waits), boards), at(0.99, sorted(flushes))


def receipts(figure: float, boards: Boards) -> float:
    """A figure of receipts, marked when some did not come."""
    if not boards.late:
        return figure
    return Seen(figure, f"{boards.late} events had no receipt after {SETTLE_S:.0f} s")


def at(part: float, ordered: list[float]) -> float:
    """A quantile of sorted figures."""
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


def _flush(path: Path, found: list[float], done: threading.Event) -> None:
    with path.open("wb", buffering=0) as file:
        while not done.wait(0.02):
            file.write(bytes(4096))
            began = time.perf_counter()
            os.fdatasync(file.fileno())
            found.append(1000 * (time.perf_counter() - began))
