"""`boardwalk user`: people who sign in."""

import json
from pathlib import Path
from typing import Any

import click

from server.rights import ROLES
from server.serving import find
from tools import interrupt
from tools.edge_client import ask, named, running_edge
from tools.output import JSON, completed, show

PATH = "/api/v1/users"


def emails(config: Path | None) -> list[str]:
    """The addresses of all people. Raises BoardwalkError when no edge runs."""

    async def asking() -> Any:
        async with running_edge(find(config)) as edge:
            return await edge.call("GET", PATH)

    return [row["email"] for row in interrupt.run(asking())["rows"]]


EMAIL = click.argument("email", shell_complete=completed(emails))


@click.group()
def user() -> None:
    """People who sign in: add, link, role, list, remove."""


@user.command("add")
@click.argument("email")
@click.option("--role", default="viewer", type=click.Choice(ROLES), show_default=True)
@JSON
@click.pass_obj
def user_add(config: Path | None, email: str, role: str, as_json: bool) -> None:
    """Invite somebody; prints a link that works once."""
    body = {"email": email, "role": role}
    told = ask(config, lambda edge: edge.call("POST", PATH, body))
    click.echo(json.dumps(told) if as_json else told["link"])


@user.command("link")
@EMAIL
@JSON
@click.pass_obj
def user_link(config: Path | None, email: str, as_json: bool) -> None:
    """Make somebody a new link, which works once.

    It is for a person who lost the first link, or forgot the password. The older link is void.
    """
    told = ask(config, lambda edge: edge.call("POST", f"{named(PATH, email)}/link"))
    click.echo(json.dumps(told) if as_json else told["link"])


@user.command("role")
@EMAIL
@click.argument("role", type=click.Choice(ROLES))
@JSON
@click.pass_obj
def user_role(config: Path | None, email: str, role: str, as_json: bool) -> None:
    """Give somebody another role, at once."""
    told = ask(config, lambda edge: edge.call("PATCH", named(PATH, email), {"role": role}))
    if as_json:
        click.echo(json.dumps(told))
    else:
        click.echo(f"{told['email']} is {told['role']}.", err=True)


@user.command("list")
@JSON
@click.pass_obj
def user_list(config: Path | None, as_json: bool) -> None:
    """List all people."""
    told = ask(config, lambda edge: edge.call("GET", PATH))
    show(told["rows"], ["email", "role", "added_at"], as_json)


@user.command("remove")
@EMAIL
@click.pass_obj
def user_remove(config: Path | None, email: str) -> None:
    """End somebody's sessions and their right to sign in."""
    ask(config, lambda edge: edge.call("DELETE", named(PATH, email)))
    click.echo(f"{email} cannot sign in any more.", err=True)
