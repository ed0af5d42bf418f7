"""`boardwalk rules`: the rules of the configuration, and the mails that they would make of an event."""

import json
import sys
from pathlib import Path

import click

from firmware.wire.errors import WireError
from firmware.wire.topics import is_name
from server.clock import milliseconds
from server.errors import BadInput
from server.folds.log_time import Now
from server.ingest import decode, foreign
from server.serving import find
from server.settings import Settings
from sync.mail.letter import Letters, check_letters
from tools import interrupt
from tools.commands.ranking_preview import standings
from tools.commands.rule_preview import RulePreview, Verdict
from tools.output import JSON, show

COLUMNS = [
    "name", "on", "entered", "silent", "where", "every", "to", "template", "policy", "digest", "quiet",
]  # fmt: skip
EMPTY = ("on", "entered", "silent", "digest", "quiet")  # keys that are "" when they are not given


@click.group()
def rules() -> None:
    """Rules of the settings: check, try."""


@rules.command("check")
@JSON
@click.pass_obj
def rules_check(config: Path | None, as_json: bool) -> None:
    """Validate the rules, and list them."""
    rows = []
    for rule in _settings(config).rule:
        row = {name: getattr(rule, name) for name in COLUMNS} | {"template": rule.letter}
        where = [str(condition) for condition in rule.conditions]
        shown = {name: row[name] or None for name in EMPTY} | {"where": " and ".join(where) or None}
        shown["every"] = rule.every if rule.on else None
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
    now = milliseconds()
    preview = RulePreview(settings, device, _event(event, now), now)
    verdicts = preview.judge(interrupt.run(standings(settings, preview.event)))
    if as_json:
        click.echo(json.dumps([verdict.row() for verdict in verdicts]))
        return
    if not verdicts:
        click.echo("There are no rules yet.", err=True)
    click.echo("\n".join(line for verdict in verdicts for line in _lines(verdict)), nl=bool(verdicts))


def _settings(config: Path | None) -> Settings:
    settings = find(config)
    check_letters(settings, Letters(settings.mail.sender, settings.edge.site, settings.zone))
    return settings


def _event(path: Path, now: int) -> decode.Taken:
    name = "stdin" if str(path) == "-" else str(path)
    try:
        limit = decode.MAX_JSON + 1
        if name == "stdin":
            payload = sys.stdin.buffer.read(limit)
        else:
            with path.open("rb") as file:
                payload = file.read(limit)
        found = foreign.objects(payload)
        if len(found) != 1:
            raise WireError(f"one event is tried at a time, not {len(found)}")
        return foreign.take(found[0], Now(now)).taken
    except OSError as error:
        raise BadInput("event", f"{name} cannot be read ({error.strerror}).") from error
    except WireError as error:
        raise BadInput("event", f"{name} is no event that the edge takes: {error}.") from error


def _lines(verdict: Verdict) -> list[str]:
    notes = [f"  {note}" for note in verdict.notes]
    if verdict.reason:
        word = "no mail" if verdict.known else "not known"
        return [f"{verdict.rule.name}: {word}, {verdict.reason}", *notes]
    lines = [f"{verdict.rule.name}: a mail", *notes]
    for mail in verdict.mails:
        lines.append(f"  to {mail.recipient or f'nobody: {mail.wrong}'}")
        letter = [f"Subject: {mail.subject}", "", *(mail.text or "").splitlines()]
        lines += [f"    {line}".rstrip() for line in ([mail.error] if mail.error else letter)]
    return lines
