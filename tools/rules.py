"""`boardwalk rules`: the rules of the configuration, and what they would make of an event."""

import json
import sys
from pathlib import Path

import click

from firmware.wire.errors import WireError
from firmware.wire.topics import is_name
from server.__main__ import find
from server.clock import milliseconds
from server.errors import BadInput
from server.ingest import decode
from server.settings import Settings
from sync.letter import Letters, check_letters
from tools.output import JSON, show
from tools.trial import Trial, Verdict

COLUMNS = ["name", "on", "where", "every", "to", "template", "policy", "digest"]


@click.group()
def rules() -> None:
    """Rules of the configuration: check, try."""


@rules.command("check")
@JSON
@click.pass_obj
def rules_check(config: Path | None, as_json: bool) -> None:
    """Validate the rules, and list them."""
    rows = []
    for rule in _settings(config).rule:
        row = {name: getattr(rule, name) for name in COLUMNS}
        where = [str(condition) for condition in rule.conditions]
        shown = {"where": " and ".join(where) or None, "digest": rule.digest or None}
        rows.append(row | ({"where": where} if as_json else shown))
    show(rows, COLUMNS, as_json)


@rules.command("try")
@click.argument(
    "event", metavar="EVENT.json", type=click.Path(readable=False, allow_dash=True, path_type=Path)
)
@click.option("--device", default="till-1", show_default=True, help="The device that sends it.")
@JSON
@click.pass_obj
def rules_try(config: Path | None, event: Path, device: str, as_json: bool) -> None:
    """Show the mails that an event would make; - reads it from stdin.

    Nothing is stored, and nothing is sent.
    """
    if not is_name(device):
        raise BadInput("device", f"{device!r} cannot name a device: 1 to 32 of a-z, 0-9 and -.")
    settings = _settings(config)
    verdicts = Trial(settings, device).judge(_event(event))
    if as_json:
        click.echo(json.dumps([verdict.row() for verdict in verdicts]))
        return
    if not verdicts:
        click.echo("There are no rules yet.", err=True)
    click.echo("\n".join(line for verdict in verdicts for line in _lines(verdict)), nl=bool(verdicts))


def _settings(config: Path | None) -> Settings:
    settings = find(config)
    check_letters(settings.rule, Letters(settings.mail.sender, settings.edge.site).names())
    return settings


def _event(path: Path) -> decode.Taken:
    name = "stdin" if str(path) == "-" else str(path)
    try:
        limit = decode.MAX_JSON + 1
        if name == "stdin":
            payload = sys.stdin.buffer.read(limit)
        else:
            with path.open("rb") as file:
                payload = file.read(limit)
        found = decode.objects(payload)
        if len(found) != 1:
            raise WireError(f"one event is tried at a time, not {len(found)}")
        return decode.foreign(found[0], milliseconds())[0]
    except OSError as error:
        raise BadInput("event", f"{name} cannot be read ({error.strerror}).") from error
    except WireError as error:
        raise BadInput("event", f"{name} is no event that the edge takes: {error}.") from error


def _lines(verdict: Verdict) -> list[str]:
    if verdict.reason:
        return [f"{verdict.rule.name}: no mail, {verdict.reason}"]
    lines = [f"{verdict.rule.name}: a mail", *(f"  {note}" for note in verdict.notes)]
    for mail in verdict.mails:
        lines.append(f"  to {mail.recipient or 'nobody: no address is known'}")
        letter = [f"Subject: {mail.subject}", "", *(mail.text or "").splitlines()]
        lines += [f"    {line}".rstrip() for line in ([mail.error] if mail.error else letter)]
    return lines
