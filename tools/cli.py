"""The command `boardwalk`."""

import asyncio
import json
import math
import sys
from pathlib import Path
from typing import Any

import click

from server import __version__
from server.__main__ import announce, find, log_to_stderr, serve
from server.errors import BoardwalkError
from server.settings import Settings
from tools.devices import device
from tools.events import events, line
from tools.flash.command import flash
from tools.monitor import monitor
from tools.office import ask, named
from tools.output import JSON, show
from tools.rules import rules
from tools.sentence import one_sentence
from tools.vboards import vboard

FIRST = ("run", "demo", "vboard", "flash", "monitor", "device", "events")
CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


class Commands(click.Group):
    """Errors that a person can mend are one sentence and exit code 1."""

    def make_context(self, *args: Any, **more: Any) -> click.Context:
        """Read the options in front of a command."""
        with one_sentence():
            return super().make_context(*args, **more)

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command."""
        with one_sentence():
            return super().invoke(ctx)

    def list_commands(self, _: click.Context) -> list[str]:
        """Those that are needed first, first."""
        return [*FIRST, *sorted(set(self.commands) - set(FIRST))]


@click.group(cls=Commands, context_settings=CONTEXT)
@click.version_option(__version__, prog_name="boardwalk")
@click.option("--config", type=click.Path(path_type=Path), help="Settings file; else ./boardwalk.toml.")
@click.pass_context
def cli(ctx: click.Context, config: Path | None) -> None:
    """The edge backend for MicroPython boards.

    Tab completion: eval "$(_BOARDWALK_COMPLETE=bash_source boardwalk)" (or zsh_source, fish_source).
    """
    ctx.obj = config


cli.add_command(rules)
cli.add_command(events)
cli.add_command(flash)
cli.add_command(vboard)
cli.add_command(device)
cli.add_command(monitor)


@cli.command()
@click.option(
    "--log-level", default="INFO", type=click.Choice(["DEBUG", "INFO", "WARNING"]), show_default=True
)
@click.pass_obj
def run(config: Path | None, log_level: str) -> None:
    """Run the edge server until Ctrl-C."""
    log_to_stderr(log_level)
    asyncio.run(serve(find(config), announce))


@cli.command()
@click.option("--boards", default=6, type=click.IntRange(1, 200), show_default=True, help="Virtual boards.")
@click.option("--orders", default="all", show_default=True, help="How many orders to replay, or all.")
@click.option(
    "--rate", type=click.FloatRange(0.1), help="Orders a second; 25 if you watch, else all it takes."
)
@click.option("--exit", "leave", is_flag=True, help="Drain, check everything, print a summary and end.")
@JSON
def demo(boards: int, orders: str, rate: float | None, leave: bool, as_json: bool) -> None:
    """Open a shop here: virtual boards, edge, local cloud, real orders."""
    from tools.demo import Plan, run_demo  # needs the extra `demo`

    if orders != "all" and not (orders.isascii() and orders.isdecimal() and len(orders) < 10):
        raise BoardwalkError(f"--orders is a number or all, not {orders!r}.")
    if rate is not None and not math.isfinite(rate):
        raise BoardwalkError(f"--rate is a number of orders a second from 0.1 on, not {rate}.")
    plan = Plan(
        boards=boards,
        orders=None if orders == "all" else int(orders),
        rate=rate if rate is not None or leave else 25.0,
        leave=leave,
        as_json=as_json,
    )
    sys.exit(asyncio.run(run_demo(plan)))


@cli.group()
def token() -> None:
    """Tokens for programs that use HTTP: add, list, revoke."""


@token.command("add")
@click.argument("name")
@click.option(
    "--scope", "scopes", multiple=True, required=True, type=click.Choice(["ingest", "read", "admin"])
)
@JSON
@click.pass_obj
def token_add(config: Path | None, name: str, scopes: tuple[str, ...], as_json: bool) -> None:
    """Make a token; it is shown this once."""
    body = {"name": name, "scopes": list(scopes)}
    told = ask(config, lambda edge: edge.call("POST", "/api/v1/tokens", body))
    click.echo(json.dumps(told) if as_json else told["token"])


@token.command("list")
@JSON
@click.pass_obj
def token_list(config: Path | None, as_json: bool) -> None:
    """List all tokens, without their secrets."""
    told = ask(config, lambda edge: edge.call("GET", "/api/v1/tokens"))
    show(told["rows"], ["name", "scopes", "added_at", "used_at", "revoked_at"], as_json)


@token.command("revoke")
@click.argument("name")
@click.pass_obj
def token_revoke(config: Path | None, name: str) -> None:
    """Make a token worthless."""
    ask(config, lambda edge: edge.call("DELETE", named("/api/v1/tokens", name)))
    click.echo(f"Token {name} is revoked.", err=True)


@cli.group()
def user() -> None:
    """People who sign in to the dashboard: add, list, remove."""


@user.command("add")
@click.argument("email")
@click.option(
    "--role", default="viewer", type=click.Choice(["viewer", "operator", "admin"]), show_default=True
)
@JSON
@click.pass_obj
def user_add(config: Path | None, email: str, role: str, as_json: bool) -> None:
    """Invite somebody; prints a link that works once."""
    body = {"email": email, "role": role}
    told = ask(config, lambda edge: edge.call("POST", "/api/v1/users", body))
    click.echo(json.dumps(told) if as_json else told["link"])


@user.command("list")
@JSON
@click.pass_obj
def user_list(config: Path | None, as_json: bool) -> None:
    """List all people."""
    told = ask(config, lambda edge: edge.call("GET", "/api/v1/users"))
    show(told["rows"], ["email", "role", "added_at"], as_json)


@user.command("remove")
@click.argument("email")
@click.pass_obj
def user_remove(config: Path | None, email: str) -> None:
    """End somebody's sessions and right to sign in."""
    ask(config, lambda edge: edge.call("DELETE", named("/api/v1/users", email)))
    click.echo(f"{email} cannot sign in any more.", err=True)


@cli.group()
def cloud() -> None:
    """The company's table in DynamoDB: init, events."""


@cloud.command("init")
@click.pass_obj
def cloud_init(config: Path | None) -> None:
    """Make the table, provisioned inside the free tier."""
    from sync.dynamo import Dynamo

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
    """Read the events back from the table, one a line."""
    from sync.reader import read_events

    for event in read_events(_with_cloud(config)):
        row = {name: getattr(event, name) for name in event.__struct_fields__ if name != "id"}
        if all(row[name] == value for name, value in wanted.items() if value is not None):
            click.echo(json.dumps(row) if as_json else line(row))


def _with_cloud(config: Path | None) -> Settings:
    settings = find(config)
    if settings.cloud.mode != "aws":
        raise BoardwalkError("The cloud is off; set [cloud] mode to aws, and table and region with it.")
    return settings


def main() -> None:
    """The entry point of the distribution."""
    cli(prog_name="boardwalk")


if __name__ == "__main__":
    main()
