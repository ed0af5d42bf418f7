"""`boardwalk events`: the log of an edge, read page by page, so that its output may go through a pager."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import click

from server.errors import BoardwalkError
from server.serving import find, log_to_stderr
from server.settings import Settings
from server.store.events import Stored
from server.web.api import csv
from tools import interrupt
from tools.edge_client import EdgeClient, edge_client
from tools.output import Json

PAGE = 1000
MOMENT = "as 2026-11-22, 2026-11-22T14:00 or ms since 1970."


@click.command()
@click.option("--device", help="Only of this device.")
@click.option("--kind", help="Only of this kind.")
@click.option("--customer", help="Only of this customer.")
@click.option("--since", help=f"Only from this time on: {MOMENT}")
@click.option("--until", help=f"Only before this time: {MOMENT}")
@click.option("--text", help="Only with this text in the customer or in a field.")
@click.option("--newest", is_flag=True, help="Print the newest first.")
@click.option("--limit", type=click.IntRange(1), help="At most this many events.")
@click.option("--csv", "form", flag_value="csv", help="Print a table for spreadsheets.")
@click.option("--jsonl", "--json", "form", flag_value="jsonl", help="Print one JSON object per line.")
@click.pass_obj
def events(config: Path | None, /, form: str | None, limit: int | None, **wanted: Any) -> None:
    """Print events of the log, one per line."""
    log_to_stderr("WARNING")
    settings = find(config)
    for name in ("since", "until"):
        wanted[name] = _moment(name, wanted[name], settings.zone)
    wanted["newest"] = "true" if wanted["newest"] else None
    query = {name: value for name, value in wanted.items() if value is not None}
    interrupt.run(_tell(settings, query, limit, form))


async def _tell(settings: Settings, query: Json, limit: int | None, form: str | None) -> None:
    async with edge_client(settings) as edge:
        await _print(edge, query, limit, form, settings.zone)


async def _print(edge: EdgeClient, query: Json, left: int | None, form: str | None, zone: ZoneInfo) -> None:
    if form == "csv":
        click.echo(csv.head(Stored), nl=False)
    none_yet = True
    while left is None or left > 0:
        query["limit"] = PAGE if left is None else min(PAGE, left)
        told = await edge.call("GET", f"/api/v1/events?{urlencode(query)}")
        rows = told["rows"]
        if form == "csv":
            click.echo(csv.lines(rows, zone), nl=False)
        else:
            for row in rows:
                click.echo(json.dumps(row) if form else line(row))
        none_yet = none_yet and not rows
        if told["next"] is None:
            break
        left = None if left is None else left - len(rows)
        query["after"] = told["next"]
    if none_yet and not form:
        click.echo("None yet.", err=True)


def line(row: Json) -> str:
    """An event as people read it."""
    fields = " ".join(f"{name}={value}" for name, value in sorted(row["fields"].items()))
    identity = f"{row['device']} {row['epoch']}/{row['seq']}"
    return f"{row['at']} {identity} {row['kind']} {row['customer'] or '-'} {fields}"


def _moment(name: str, text: str | None, zone: ZoneInfo) -> int | None:
    """A given time in ms since 1970 UTC; times without a zone are the site's."""
    if text is None:
        return None
    if text.isascii() and text.isdecimal() and len("20261122") < len(text) < 18:
        return int(text)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise BoardwalkError(f"--{name} is a time {MOMENT.rstrip('.')}, not {text!r}.") from error
    return round((moment if moment.tzinfo else moment.replace(tzinfo=zone)).timestamp() * 1000)
