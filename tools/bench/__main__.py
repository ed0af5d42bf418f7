"""`make bench`: every figure, as a table and in var/bench.json."""

import json
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tools.bench import heap, intake
from tools.bench.ratio import Ratio, measure

REPORT = Path("var/bench.json")


def run() -> list[Ratio]:
    """All figures."""
    console = Console(stderr=True)
    found = []
    for name, against, ours, yardstick in (
        ("BW-1 events committed, folded, ruled, acked", "executemany", intake.intake, intake.bare),
        ("ranking increments, 100,000 keys", "dict increments", heap.increments, heap.plain),
    ):
        console.print(f"measuring {name} ...")
        found.append(measure(name, against, ours, yardstick))
    return found


def main() -> None:
    """Measure, print and keep."""
    found = run()
    table = Table("what", "ours/s", "yardstick", "its/s", "ratio (min-max)", box=None)
    for one in found:
        spread = f"{one.ratio:.2f} ({one.low:.2f}-{one.high:.2f})"
        table.add_row(one.name, f"{one.ours:,.0f}", one.against, f"{one.yardstick:,.0f}", spread)
    Console().print(table)
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text(json.dumps([asdict(one) for one in found], indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
