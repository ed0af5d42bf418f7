"""`boardwalk user`: people who sign in."""

import json
from pathlib import Path

import click

from tools.edge_client import ask, named
from tools.output import JSON, show


@click.group()
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
    """End somebody's sessions and their right to sign in."""
    ask(config, lambda edge: edge.call("DELETE", named("/api/v1/users", email)))
    click.echo(f"{email} cannot sign in any more.", err=True)
