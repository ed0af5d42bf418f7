"""`boardwalk cloud`: the company's table in DynamoDB."""

import json
from pathlib import Path

import click

from server.errors import BoardwalkError
from server.serving import find
from server.settings import Settings
from tools.commands.events import line
from tools.output import JSON


@click.group()
def cloud() -> None:
    """The company's table in DynamoDB: init, events."""


@cloud.command("init")
@click.pass_obj
def cloud_init(config: Path | None) -> None:
    """Make the table, with a capacity inside the free tier."""
    from sync.table.dynamo import Dynamo

    settings = _with_cloud(config)
    made = Dynamo(settings.cloud).create()
    click.echo(f"Table {settings.cloud.table} {'is made' if made else 'exists already'}.", err=True)


@cloud.command("events")
@click.option("--device", help="Only of this device.")
@click.option("--kind", help="Only of this kind.")
@click.option("--customer", help="Only of this customer.")
@JSON
@click.pass_obj
def cloud_events(config: Path | None, /, as_json: bool, **wanted: str | None) -> None:
    """Read the events back from the table, one per line."""
    from sync.table.reader import read_events

    for event in read_events(_with_cloud(config)):
        row = {name: getattr(event, name) for name in event.__struct_fields__ if name != "id"}
        if all(row[name] == value for name, value in wanted.items() if value is not None):
            click.echo(json.dumps(row) if as_json else line(row))


def _with_cloud(config: Path | None) -> Settings:
    settings = find(config)
    if settings.cloud.mode != "aws":
        raise BoardwalkError("The cloud is off; set [cloud] mode to aws, and table and region with it.")
    return settings
