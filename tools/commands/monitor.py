"""`boardwalk monitor`: the output of a board, at its serial port or over MQTT."""

import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import click

from server.errors import BoardwalkError
from server.serving import find, log_to_stderr
from tools import interrupt
from tools.commands.device import names
from tools.commands.log_follower import Follower
from tools.edge_client import edge_client
from tools.output import PORT, completed
from tools.ports import existing, why

BAUD = 115200
READ_S = 0.2
REOPEN_S = 0.5


@click.command()
@PORT
@click.option(
    "--device",
    "name",
    shell_complete=completed(names),
    help="Follow this device over MQTT, through the running edge.",
)
@click.option("--json", "as_json", is_flag=True, help="With --device: print one JSON object per line.")
@click.pass_obj
def monitor(config: Path | None, port: str | None, name: str | None, as_json: bool) -> None:
    """Show what a board says, at a serial PORT or over MQTT.

    It only listens: the program on the board goes on. Ctrl-C ends it.
    """
    if (port is None) == (name is None):
        raise BoardwalkError("Give a serial port, as /dev/ttyACM0, or --device NAME, and not both.")
    if as_json and name is None:
        raise BoardwalkError("--json goes with --device; a serial port shows what it shows.")
    with suppress(KeyboardInterrupt):  # the way to end it
        if name is not None:
            interrupt.run(_follow(config, name, as_json))
        else:
            existing(str(port))
            watch(str(port))


async def _follow(config: Path | None, name: str, as_json: bool) -> None:
    log_to_stderr("WARNING")
    async with edge_client(find(config)) as edge:
        if not edge.is_live:
            raise BoardwalkError("The edge does not run, so no board is heard; start it with boardwalk run.")
        await Follower(edge, name, as_json).run()


def watch(port: str) -> None:
    """Print what comes in at a serial port, for ever; a port that goes away is opened again when it is back.

    Raises BoardwalkError when it cannot be opened at first.
    """
    line = _opened(port)
    click.echo(f"-- {port}, {BAUD} baud; Ctrl-C ends --", err=True)
    while True:
        try:
            data = line.read(max(1, line.in_waiting))
        except OSError:  # of which SerialException is one
            line.close()
            click.echo(f"-- {port} is gone; waiting for it --", err=True)
            line = _back(port)
            click.echo(f"-- {port} is back --", err=True)
            continue
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()


def _back(port: str) -> Any:
    while True:
        time.sleep(REOPEN_S)
        with suppress(BoardwalkError):
            return _opened(port)


def _opened(port: str) -> Any:
    """The open port; nothing is written to it, so the program on the board goes on."""
    try:
        import serial  # needs the extra `demo`, like mpremote, which brings it
    except ImportError as error:
        raise BoardwalkError("A serial port needs pyserial: pip install 'boardwalk-edge[demo]'.") from error
    try:
        return serial.Serial(port, BAUD, timeout=READ_S, exclusive=True)
    except OSError as error:  # of which SerialException is one
        raise BoardwalkError(why(port, error)) from error
