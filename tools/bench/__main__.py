"""`make bench`: every figure, as a table and in var/bench.json."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tools.bench import footprint, heap, intake, latency, messages
from tools.bench.ratio import ROUNDS, Ratio, measure, of

REPORT = Path("var/bench.json")


def figures() -> Iterator[Ratio]:
    """All figures, each as soon as it is known."""
    batches = ("BW-1 events committed, folded, ruled, acked", "executemany")
    yield measure(batches, intake.intake, intake.bare)
    yield measure(("ranking increments, 100,000 keys", "dict increments"), heap.increments, heap.plain)
    yield from _messages()
    yield from _latency()
    yield from _footprint()


def _messages() -> Iterator[Ratio]:
    with messages.bench() as bench:
        names = ("single json messages with ids, committed", "paho that counts")
        yield measure(names, bench.with_ids, bench.counted)
        names = ("single json messages without ids, committed", "paho that counts")
        yield measure(names, bench.without_ids, bench.counted)


def _latency() -> Iterator[Ratio]:
    runs = [latency.run() for _ in range(ROUNDS)]
    for name, part in (("p50", 0.5), ("p99", 0.99)):
        pairs = [(latency.at(part, waits), latency.at(0.99, flushes)) for waits, flushes in runs]
        yield of((f"publish to ack at 1,000 events/s, {name}", "fdatasync p99"), pairs, "ms")


def _footprint() -> Iterator[Ratio]:
    with footprint.footprint() as edge:
        yield measure(("start, empty", "its imports"), edge.start_empty, edge.imports, "s")
        yield measure(("start, 1,020,000 events", "empty"), edge.start_full, edge.start_empty, "s")
        yield measure(("memory, empty", "its imports"), edge.memory_empty, edge.bare, "MB")
        names = ("memory, 1,000 devices, 100,000 customers", "empty")
        yield measure(names, edge.memory_full, edge.memory_empty, "MB")


def main() -> None:
    """Measure, print and keep."""
    progress, found = Console(stderr=True), list[Ratio]()
    for one in figures():
        progress.print(f"{one.name}: {one.ratio:.2f} of {one.against}")
        found.append(one)
    table = Table("what", "ours", "yardstick", "its", "unit", "ratio (min-max)", box=None)
    for one in found:
        spread = f"{one.ratio:.2f} ({one.low:.2f}-{one.high:.2f})"
        table.add_row(one.name, _shown(one.ours), one.against, _shown(one.yardstick), one.unit, spread)
    Console().print(table)
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text(json.dumps([asdict(one) for one in found], indent=2) + "\n", encoding="utf-8")


def _shown(figure: float) -> str:
    return f"{figure:,.0f}" if figure >= 100 else f"{figure:.2f}"


if __name__ == "__main__":
    main()
