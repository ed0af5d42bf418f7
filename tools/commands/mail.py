"""`boardwalk mail`: the mail outbox, and what somebody decides of it."""

import json
from pathlib import Path

import click

from tools.edge_client import ask
from tools.output import JSON, show

STATES = ("pending", "sending", "sent", "failed", "unknown", "held")


@click.group()
def mail() -> None:
    """Mails: list, send by hand, drop."""


@mail.command("list")
@click.option("--state", type=click.Choice(STATES), help="Only mails that are in it.")
@click.option(
    "--limit", type=click.IntRange(1, 1000), default=100, show_default=True, help="At most this many."
)
@JSON
@click.pass_obj
def mail_list(config: Path | None, state: str | None, limit: int, as_json: bool) -> None:
    """List mails, the newest first."""
    query = f"?limit={limit}" + (f"&state={state}" if state else "")
    told = ask(config, lambda edge: edge.call("GET", f"/api/v1/mails{query}"))
    show(told["rows"], ["id", "state", "rule", "recipient", "changed_at", "reason"], as_json)


@mail.command("send")
@click.argument("ids", type=click.IntRange(1), nargs=-1)
@click.option(
    "--all", "state", type=click.Choice(["held", "failed", "unknown"]), help="All that are in this state."
)
@JSON
@click.pass_obj
def mail_send(config: Path | None, ids: tuple[int, ...], state: str | None, as_json: bool) -> None:
    """Let mails go out: those with these IDs, or all of a state.

    A mail that is unknown, or held after a store was set back, may have gone out already.
    """
    _decide(config, "send", ids, state, as_json)


@mail.command("drop")
@click.argument("ids", type=click.IntRange(1), nargs=-1)
@click.option(
    "--all", "state", type=click.Choice(["held", "pending", "unknown"]), help="All that are in this state."
)
@JSON
@click.pass_obj
def mail_drop(config: Path | None, ids: tuple[int, ...], state: str | None, as_json: bool) -> None:
    """Drop mails: those with these IDs, or all of a state.

    They fail then; `boardwalk mail send` undoes it.
    """
    _decide(config, "drop", ids, state, as_json)


def _decide(config: Path | None, what: str, ids: tuple[int, ...], state: str | None, as_json: bool) -> None:
    if bool(ids) == bool(state):
        raise click.UsageError("give the IDs of mails, as boardwalk mail list tells them, or --all STATE")
    body = {"ids": list(ids)} if ids else {"state": state}
    told = ask(config, lambda edge: edge.call("POST", f"/api/v1/mails/{what}", body))
    count, done = told["changed"], {"send": "sent now", "drop": "dropped"}[what]
    if as_json:
        click.echo(json.dumps(told))
    else:
        click.echo(f"{count} {'mail is' if count == 1 else 'mails are'} {done}.", err=True)
