"""`make bench`: every figure, as a table and in var/bench.json."""

import json
import math
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from tools.bench.ratio import Ratio, nothing
from tools.bench.rows import GROUPS

REPORT = Path("var/bench.json")
EPILOG = "\b\nGroups:\n" + "\n".join(f"  {name:<10} {group.__doc__}" for name, group in GROUPS.items())


@click.command(epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--only", "chosen", multiple=True, type=click.Choice(list(GROUPS)), metavar="GROUP",
              help="Measure only this group; may be given again. var/bench.json is not changed.")  # fmt: skip
def main(chosen: tuple[str, ...]) -> None:
    """Measure speed and memory as ratios inside one run, five rounds each, and show a table.

    Without --only, it measures every group in about ten minutes, and keeps the figures in var/bench.json.
    A machine that is too slow for a figure is not a failure: the row is marked with * and says what was seen.
    """
    progress, found, failed = Console(stderr=True), list[Ratio](), list[str]()
    for name in chosen or GROUPS:
        progress.print(f"{name} ...", style="dim")
        try:
            for one in GROUPS[name]():
                progress.print(f"{one.name}: {one.ratio:.2f} of {one.against}")
                found.append(one)
        except TimeoutError as error:
            progress.print(f"{name}: {error}")
            found.append(nothing(name, str(error)))
        except Exception:  # the figures of the others are worth having
            progress.print_exception()
            failed.append(name)
    console = Console()
    console.print(_table(found))
    for one in found:
        if one.note:
            console.print(f"* {one.name}: {one.note}", soft_wrap=True, markup=False, highlight=False)
    if not chosen:
        REPORT.parent.mkdir(exist_ok=True)
        rows = [{name: _plain(value) for name, value in asdict(one).items()} for one in found]
        REPORT.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")
    if failed:
        raise click.ClickException(f"not measured: {', '.join(failed)}")


def _table(found: Iterable[Ratio]) -> Table:
    table = Table("what", "ours", "yardstick", "its", "unit", "ratio (min-max)", box=None)
    for one in found:
        spread = "" if math.isnan(one.ratio) else f"{one.ratio:.2f} ({one.low:.2f}-{one.high:.2f})"
        name = f"* {one.name}" if one.note else one.name
        table.add_row(name, _shown(one.ours), one.against, _shown(one.yardstick), one.unit, spread)
    return table


def _plain(value: str | float) -> str | float | None:
    return None if isinstance(value, float) and math.isnan(value) else value


def _shown(figure: float) -> str:
    if math.isnan(figure):
        return ""
    return f"{figure:,.0f}" if figure >= 100 else f"{figure:.2f}"


if __name__ == "__main__":
    main()
