"""`boardwalk token`: programs that use HTTP."""

import json
from pathlib import Path

import click

from tools.edge_client import ask, named
from tools.output import JSON, show


@click.group()
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
    """Make a token; it is shown only now."""
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
    """Revoke a token, which ends it for good."""
    ask(config, lambda edge: edge.call("DELETE", named("/api/v1/tokens", name)))
    click.echo(f"Token {name} is revoked.", err=True)
