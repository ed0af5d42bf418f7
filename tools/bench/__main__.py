"""`make bench`: every figure, as a table and in var/bench.json."""

import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from tools.bench.ratio import Ratio
from tools.bench.rows import GROUPS

REPORT = Path("var/bench.json")
EPILOG = "\b\nGroups:\n" + "\n".join(f"  {name:<10} {group.__doc__}" for name, group in GROUPS.items())


@click.command(epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--only", "chosen", multiple=True, type=click.Choice(list(GROUPS)), metavar="GROUP",
              help="Measure only this group; may be given again. var/bench.json is not changed.")  # fmt: skip
def main(chosen: tuple[str, ...]) -> None:
    """Measure speed and memory as ratios inside one run, five rounds each, and show a table.

    Without --only, it measures every group in about ten minutes, and keeps the figures in var/bench.json.
    """
    progress, found, failed = Console(stderr=True), list[Ratio](), list[str]()
    for name in chosen or GROUPS:
        progress.print(f"{name} ...", style="dim")
        try:
            for one in GROUPS[name]():
                progress.print(f"{one.name}: {one.ratio:.2f} of {one.against}")
                found.append(one)
        except Exception:  # the figures of the other groups are still of use
            progress.print_exception()
            failed.append(name)
    Console().print(_table(found))
    if not chosen:
        REPORT.parent.mkdir(exist_ok=True)
        REPORT.write_text(json.dumps([asdict(one) for one in found], indent=2) + "\n", encoding="utf-8")
    if failed:
        raise click.ClickException(f"not measured: {', '.join(failed)}")


def _table(found: Iterable[Ratio]) -> Table:
    table = Table("what", "ours", "yardstick", "its", "unit", "ratio (min-max)", box=None)
    for one in found:
        spread = f"{one.ratio:.2f} ({one.low:.2f}-{one.high:.2f})"
        table.add_row(one.name, _shown(one.ours), one.against, _shown(one.yardstick), one.unit, spread)
    return table


def _shown(figure: float) -> str:
    return f"{figure:,.0f}" if figure >= 100 else f"{figure:.2f}"


if __name__ == "__main__":
    main()
