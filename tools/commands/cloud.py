"""`boardwalk cloud`: the company's table in DynamoDB."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from server.errors import BoardwalkError, CloudError
from server.serving import find
from server.settings import Settings
from tools.commands.events import line
from tools.output import JSON
from tools.sentence import printable

if TYPE_CHECKING:
    from sync.table.dynamo import Dynamo


@click.group()
def cloud() -> None:
    """The company's table in DynamoDB: init, events."""


@cloud.command("init")
@click.pass_obj
def cloud_init(config: Path | None) -> None:
    """Make the table, or check the one that is there."""
    from sync.table.dynamo import Dynamo
    from sync.table.shape import differences

    cloud = _with_cloud(config).cloud
    table = Dynamo(cloud)
    is_made = table.create()
    shape = table.shape()
    wrong = list(differences(shape, cloud))
    if shape.is_ours and not shape.expiry:
        wrong += _mended(table)
    for sentence in wrong:
        click.echo(printable(sentence), err=True)
    state = "is made" if is_made else "exists already"
    if wrong:
        raise BoardwalkError(f"Table {cloud.table} {state}, but not as it should be: see the lines above.")
    click.echo(f"Table {cloud.table} {state}{'' if is_made else ', as it should be'}.", err=True)


def _mended(table: "Dynamo") -> list[str]:
    """Turn a time-to-live on that is off; what is wrong when AWS refuses."""
    try:
        table.expire()
    except CloudError as error:
        if error.code != "ValidationException":
            raise
        return [
            "Its time-to-live is off, and AWS refuses to turn it on now, because it was changed within the "
            "last hour. Run this command again in an hour."
        ]
    click.echo("Its time-to-live was off, so old scores would have stayed for ever; it is on now.", err=True)
    return []


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
