"""The output of commands: a table for people, JSON for programs."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text

from server.errors import BoardwalkError

JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
PORT = click.argument(
    "port", required=False, shell_complete=lambda *typed: [CompletionItem(typed[2], "file")]
)
Json = dict[str, Any]  # an object whose shape its reader knows: of the interface, of settings, of a board
PIPE_WIDTH = 1000  # where no terminal is, rows stay lines


def show(rows: list[Json], columns: list[str], as_json: bool) -> None:
    """Print rows: with all fields as JSON, or with these columns as a table."""
    if as_json:
        click.echo(json.dumps(rows))
        return
    if not rows:
        click.echo("None yet.", err=True)
        return
    table = Table(box=None, pad_edge=False)
    for column in columns:
        table.add_column(column.removesuffix("_at").replace("_", " "))
    for row in rows:
        table.add_row(*(Text(_cell(column, row.get(column))) for column in columns))
    Console(width=None if sys.stdout.isatty() else PIPE_WIDTH).print(table)


def completed(
    names: Callable[[Path | None], list[str]],
) -> Callable[[click.Context, click.Parameter, str], list[str]]:
    """Tab completion of names that must be asked for, with the settings file; silent when that fails."""

    def complete(context: click.Context, _: click.Parameter, typed: str) -> list[str]:
        try:
            return [name for name in names(context.obj) if name.startswith(typed)]
        except BoardwalkError:
            return []

    return complete


@contextmanager
def bar() -> Iterator[Callable[[str, float], None]]:
    """A progress bar on a terminal, nothing in a pipe; it takes the present step and the share done (0-1)."""
    console = Console(stderr=True)
    columns = TextColumn("{task.description:<30}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %")
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("", total=1.0)
        yield lambda step, done: progress.update(task, description=step, completed=done)


def moment(at: int) -> str:
    """A time (ms since 1970 UTC) by this computer's clock."""
    return f"{datetime.fromtimestamp(at / 1000):%Y-%m-%d %H:%M:%S}"


def _cell(column: str, value: object) -> str:
    if value is None:
        return "-"
    if column.endswith("_at") and isinstance(value, int):
        return moment(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return " ".join(value) if isinstance(value, list) else str(value)
