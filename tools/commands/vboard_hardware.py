"""`boardwalk vboard`, the commands for one board: its power, its buttons and its surroundings."""

from datetime import datetime
from pathlib import Path

import click

from server.errors import BoardwalkError
from tools.commands.running_boards import NAME, ask

MOST_BYTES = (1 << 31) - 1
UNSET = "unset"


@click.command("power-cut")
@NAME
@click.option("--after-bytes", default=0, help="Cut in the flash write that reaches this many bytes.")
@click.pass_obj
def power_cut(config: Path | None, name: str, after_bytes: int) -> None:
    """Cut the power of a board; `boot` gives it back."""
    if not 0 <= after_bytes <= MOST_BYTES:
        raise BoardwalkError(f"--after-bytes is 0 to {MOST_BYTES} bytes, not {after_bytes}.")
    ask(config, lambda fleet: fleet.board(name).power_cut(after_bytes))


@click.command("boot")
@NAME
@click.pass_obj
def boot(config: Path | None, name: str) -> None:
    """Switch a board on."""
    ask(config, lambda fleet: fleet.board(name).boot())


@click.command("reset")
@NAME
@click.pass_obj
def reset(config: Path | None, name: str) -> None:
    """Press the reset button of a board."""
    ask(config, lambda fleet: fleet.board(name).reset())


@click.command("link")
@NAME
@click.argument("state", shell_complete=lambda *_: ["up", "down"])
@click.pass_obj
def link(config: Path | None, name: str, state: str) -> None:
    """Take a board's Wi-Fi down, or up again."""
    if state not in ("up", "down"):
        raise BoardwalkError(f"A link goes up or down, not {state!r}.")
    ask(config, lambda fleet: fleet.board(name).link(state == "up"))


@click.command("wifi")
@NAME
@click.argument("password")
@click.pass_obj
def wifi(config: Path | None, name: str, password: str) -> None:
    """Set the password of a board's access point.

    With an empty one it takes any password, as at first.
    """
    ask(config, lambda fleet: fleet.board(name).wifi_password(password))


@click.command("pin")
@NAME
@click.argument("number", type=int)
@click.argument("level", type=int, required=False)
@click.pass_obj
def pin(config: Path | None, name: str, number: int, level: int | None) -> None:
    """Read a pin of a board, or set it: pin 4 is a button."""
    if level not in (None, 0, 1):
        raise BoardwalkError(f"A pin is 0 or 1, not {level}.")
    click.echo(ask(config, lambda fleet: fleet.board(name).pin(number, level)))


@click.command("adc")
@NAME
@click.argument("number", type=int)
@click.argument("value", type=int)
@click.pass_obj
def adc(config: Path | None, name: str, number: int, value: int) -> None:
    """Set what an analog input of a board reads, 0 to 65535."""
    ask(config, lambda fleet: fleet.board(name).adc(number, value))


@click.command("clock")
@NAME
@click.argument("time")
@click.pass_obj
def clock(config: Path | None, name: str, time: str) -> None:
    """Set a board's clock.

    TIME is as 2026-11-23T08:30, in the zone of this computer, or unset: as after power-on.
    """
    try:
        at_ms = None if time == UNSET else int(datetime.fromisoformat(time).timestamp() * 1000)
    except (ValueError, OverflowError, OSError):
        raise BoardwalkError(f"A time is as 2026-11-23T08:30, or {UNSET}, not {time!r}.") from None
    ask(config, lambda fleet: fleet.board(name).clock(at_ms))


COMMANDS = (power_cut, boot, reset, link, wifi, pin, adc, clock)
