"""`boardwalk device`: the devices, how they work, and what boards are told to do."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from firmware.log import LEVELS
from firmware.wire.topics import is_name
from server.clock import milliseconds
from server.errors import BoardwalkError, NotFound
from server.serving import find
from server.words import ago, number, trouble
from tools import interrupt
from tools.commands.first_event import FirstEvent
from tools.edge_client import EdgeClient, ask, named, running_edge
from tools.output import JSON, Json, completed, moment, show

PATH = "/api/v1/devices"


def names(config: Path | None) -> list[str]:
    """The names of all devices. Raises BoardwalkError when no edge runs."""

    async def asking() -> Any:
        async with running_edge(find(config)) as edge:
            return await edge.call("GET", PATH)

    return [row["name"] for row in interrupt.run(asking())["rows"]]


NAME = click.argument("name", shell_complete=completed(names))


@click.group()
def device() -> None:
    """Devices: add, list, show, revoke, and commands to boards."""


@device.command("add")
@click.argument("name")
@JSON
@click.pass_obj
def device_add(config: Path | None, name: str, as_json: bool) -> None:
    """Register a device; its secret is shown only now."""

    async def work(edge: EdgeClient) -> tuple[FirstEvent, bool]:
        site = await edge.call(
            "GET", "/api/v1/site"
        )  # first: nothing may come between a secret and its owner
        return FirstEvent.of(await edge.call("POST", PATH, {"name": name}), site), edge.is_live

    first, is_live = ask(config, work)
    row = first.row()
    if as_json:
        click.echo(json.dumps(row))
        return
    for word in ("device", "username", "secret", "host", "port", "topic"):
        click.echo(f"{word:<9} {row[word]}")
    click.echo(f"try       {first.line()}")
    click.echo("The secret is not shown again; a board has it in its /settings.json.", err=True)
    if find(config).mqtt.url:
        click.echo(f"The broker of [mqtt] url has users of its own; let it know {name} too.", err=True)
    if not is_live:
        click.echo("The edge does not run; start it with boardwalk run, then try the line.", err=True)


@device.command("list")
@JSON
@click.pass_obj
def device_list(config: Path | None, as_json: bool) -> None:
    """List all devices."""
    told = ask(config, lambda edge: edge.call("GET", PATH))
    show(told["rows"], ["name", "online", "last_seen_at", "revoked_at"], as_json)


@device.command("show")
@NAME
@JSON
@click.pass_obj
def device_show(config: Path | None, name: str, as_json: bool) -> None:
    """Show everything that is known about a device."""
    seen = ask(config, lambda edge: one(edge, name))
    if as_json:
        click.echo(json.dumps(seen))
        return
    click.echo(seen["name"])
    for word, text in described(seen, milliseconds()):
        click.echo(f"  {word:<9}{text}")


@device.command("revoke")
@NAME
@click.pass_obj
def device_revoke(config: Path | None, name: str) -> None:
    """Disconnect a device and refuse it from now on."""
    ask(config, lambda edge: edge.call("DELETE", named(PATH, name)))
    click.echo(f"{name} is cut off.", err=True)


@device.command("identify")
@NAME
@click.option("--seconds", default=5, show_default=True, help="How many seconds it blinks, at most 60.")
@click.pass_obj
def device_identify(config: Path | None, name: str, seconds: int) -> None:
    """Make a board blink, so that somebody can find it."""
    _command(config, name, "identify", {"seconds": seconds})
    click.echo(f"{name} blinks for {seconds} s.", err=True)


@device.command("restart")
@NAME
@click.option(
    "--safe", is_flag=True, help="Restart in safe mode: without program and inputs, until the next restart."
)
@click.pass_obj
def device_restart(config: Path | None, name: str, safe: bool) -> None:
    """Restart a board, once its events are safe on its flash."""
    _command(config, name, "restart", {"safe": True} if safe else {})
    click.echo(f"{name} restarts{' in safe mode' if safe else ''}.", err=True)


@device.command("log-level")
@NAME
@click.argument("level", shell_complete=lambda *_: [*LEVELS])
@click.pass_obj
def device_log_level(config: Path | None, name: str, level: str) -> None:
    """Make a board log LEVEL and above: debug, info or warning.

    It holds until the board starts again.
    """
    if level not in LEVELS:
        raise BoardwalkError(f"A log level is {', '.join(LEVELS[:-1])} or {LEVELS[-1]}, not {level!r}.")
    _command(config, name, "log-level", {"level": level})
    click.echo(f"{name} logs from {level} on, until it starts again.", err=True)


@device.command("settings")
@NAME
@JSON
@click.pass_obj
def device_settings(config: Path | None, name: str, as_json: bool) -> None:
    """Read a board's settings, without its secrets."""
    told = _command(config, name, "settings", {})
    if as_json:
        click.echo(json.dumps(told))
        return
    for key in sorted(told):
        click.echo(f"{key:<13} {json.dumps(told[key], ensure_ascii=False)}")


async def one(edge: EdgeClient, name: str) -> Json:
    """A device as the edge knows it. Raises NotFound."""
    if not is_name(name):
        raise NotFound(f"There is no device {name!r}: names are 1 to 32 of a-z, 0-9 and -.")
    seen: Json = await edge.call("GET", f"{PATH}/{name}")
    return seen


async def command(edge: EdgeClient, name: str, what: str, arguments: Json) -> Json:
    """The answer of a board. Raises BoardwalkError when the command was not carried out."""
    body = {"command": what, "arguments": arguments}
    answer = await edge.call("POST", f"{PATH}/{name}/commands", body)
    if answer["state"] == "unanswered":
        raise BoardwalkError(answer["text"])
    if answer["state"] == "refused":
        raise BoardwalkError(f"{name} refuses {what} ({answer['error']}): {answer['text']}.")
    result: Json = answer["result"]
    return result


def _command(config: Path | None, name: str, what: str, arguments: Json) -> Any:
    async def work(edge: EdgeClient) -> Any:
        await one(edge, name)
        if not edge.is_live:
            raise BoardwalkError("The edge does not run, so no board hears it; start it with boardwalk run.")
        return await command(edge, name, what, arguments)

    return ask(config, work)


def described(seen: Json, now: int) -> Iterator[tuple[str, str]]:
    """A device in words, line by line; facts that it never told are left out."""
    yield "presence", _presence(seen, now)
    yield from facts(seen["state"])
    if seen["conflict_at"] is not None:
        text = "another event came under a committed number: cloned or restored?"
        yield "conflict", f"{moment(seen['conflict_at'])}: {text}"
    yield "added", moment(seen["added_at"])


def facts(state: Json) -> Iterator[tuple[str, str]]:
    """The facts that a board told of itself, in words, line by line."""
    told = {name: int(value) for name, value in state.items() if isinstance(value, int | float)}
    if "firmware" in state:
        yield "firmware", str(state["firmware"])
    if "boot" in told and "uptime_ms" in told:
        cause = state.get("reset", "unknown")
        yield "started", f"{ago(0, told['uptime_ms'])} ago, boot {told['boot']}, reset: {cause}"
    if state.get("mode") == "safe":
        yield "mode", "safe: its starts failed; no program, no inputs, until it is restarted"
    if trouble(state):
        yield "trouble", trouble(state)
    if "heap_free" in told:
        low = f", {number(told['heap_low'])} at least so far" if "heap_low" in told else ""
        yield "memory", f"{number(told['heap_free'])} bytes free{low}"
    if "outbox_waiting" in told:
        yield "outbox", f"{_events(told['outbox_waiting'])} waiting, {told.get('outbox_full', 0)} % full"
    if "refused" in told:
        yield "refused", f"{_events(told['refused'])} for want of room, since the start"
    if "rssi" in told:
        yield "signal", f"{told['rssi']} dBm"
    if "battery" in told:
        yield "battery", f"{told['battery']} %"


def _presence(seen: Json, now: int) -> str:
    if seen["revoked_at"] is not None:
        return f"revoked {moment(seen['revoked_at'])}"
    if seen["last_seen_at"] is None:
        return "never heard"
    return f"{'online' if seen['online'] else 'offline'}, heard {ago(seen['last_seen_at'], now)} ago"


def _events(count: int) -> str:
    return "1 event" if count == 1 else f"{number(count)} events"
