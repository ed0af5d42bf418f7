"""`boardwalk vboard`: virtual boards beside an edge, owned by a process of their own."""

import json
import math
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from pathlib import Path

import click
import msgspec

from server import secret_file
from server.errors import BoardwalkError, NotFound
from server.serving import find, log_to_stderr
from server.settings import Settings
from server.settings.broker_address import broker_address
from server.to_the_end import to_the_end
from tools import interrupt
from tools.commands.running_boards import NAME, ask, folder_of, sentences
from tools.commands.vboard_hardware import COMMANDS
from tools.edge_client import EdgeClient, edge_client
from tools.output import JSON, Json, bar, show
from tools.vboard.client import Fleet
from tools.vboard.profile import PROFILES, heap_bytes, named
from tools.vboard.supervisor import alone, launch

COLUMNS = ["name", "state", "port", "boots", "ending"]
MOST = 1000  # two pseudo-terminals each, of the 4,096 that Linux has
MOST_S = 86_400
ORDER = {
    "type": "serial", "uart": 1, "kind": "order.placed",
    "fields": ["customer", "quantity:int", "cents:int"], "critical": True,
}  # fmt: skip
BUTTON = {"type": "button", "pin": 4, "kind": "button.pressed", "fields": {"item": "bell"}, "critical": True}


@click.group()
def vboard() -> None:
    """Virtual boards: up, down, list, and controls of one board."""


@vboard.command("up")
@click.option("--n", "count", default=3, show_default=True, help="Number of boards that shall run.")
@click.option(
    "--profile",
    default="esp32",
    show_default=True,
    help=f"Kind of board: {', '.join(PROFILES)}.",
    shell_complete=lambda *_: [*PROFILES],
)
@click.option("--heap", default="160K", show_default=True, help="Memory per board.")
@click.option(
    "--every", default=1.0, show_default=True, help="Seconds between a board's orders; 0 for no orders."
)
@click.option("--blank", is_flag=True, help="Start boards without firmware, at their prompt.")
@JSON
@click.pass_obj
def vboard_up(
    config: Path | None, count: int, profile: str, heap: str, every: float, blank: bool, as_json: bool
) -> None:
    """Start boards that post orders, and print their serial ports."""
    if not 1 <= count <= MOST:
        raise BoardwalkError(f"--n is 1 to {MOST}, not {count}.")
    if not 0 <= every <= MOST_S:  # which NaN is not
        raise BoardwalkError(f"--every is 0 to {MOST_S} seconds, 0 for no orders, not {every:g}.")
    with sentences():
        named(profile)
        heap_bytes(heap)
        more = {"profile": profile, "heap": heap, "every_ms": math.ceil(every * 1000)}
        up = _up_blank if blank else _up
        rows = interrupt.run(up(find(config), [f"board-{number}" for number in range(1, count + 1)], more))
    if not all(row["prompt"] for row in rows):
        click.echo("No MicroPython here: the boards run on CPython, and their ports take no input.", err=True)
    show(rows, COLUMNS[:3], as_json)


for each in COMMANDS:
    vboard.add_command(each)


async def _up(settings: Settings, names: list[str], more: Json) -> list[Json]:
    log_to_stderr("WARNING")
    wanted, renewed = {}, set()
    with alone(folder_of(settings)) as folder, bar() as tell:
        async with edge_client(settings, create=True) as edge:
            for number, name in enumerate(names):
                tell(f"register {name}", number / len(names))
                kept = CredentialsFile(folder / f"{name}.json")
                if not await _takes(edge, name, kept):
                    if kept.exist():
                        renewed.add(name)
                    await to_the_end(_register(edge, name, kept))
                wanted[name] = _settings(settings, kept.read())
        return await _start(folder, wanted, more, tell, renewed)


async def _up_blank(settings: Settings, names: list[str], more: Json) -> list[Json]:
    with alone(folder_of(settings)) as folder, bar() as tell:
        return await _start(folder, dict.fromkeys(names), more | {"every_ms": 0}, tell)


async def _start(
    folder: Path,
    wanted: Mapping[str, dict[str, object] | None],
    more: Json,
    tell: Callable[[str, float], None],
    renewed: AbstractSet[str] = frozenset(),
) -> list[Json]:
    """Start boards that are not up, and boards that run with credentials which the edge does not know."""
    launch(folder)
    async with Fleet.attach(folder) as fleet:
        running = {row["name"] for row in await fleet.list()}
        for number, (name, told) in enumerate(wanted.items()):
            tell(f"start {name}", number / len(wanted))
            if name in running & renewed:
                await fleet.board(name).remove()
            if name not in running - renewed:
                await fleet.ask("up", name=name, settings=told, **more)
        return [row for row in await fleet.list() if row["name"] in wanted]


class BoardCredentials(msgspec.Struct):
    """The credentials of a board, as the edge told them.

    device: its name. username: for MQTT. secret: its password.
    """

    device: str
    username: str
    secret: str


class CredentialsFile:
    """The credentials of one board, kept beside its flash for the next `up`."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def exist(self) -> bool:
        return self._path.exists()

    def read(self) -> BoardCredentials:
        """The kept credentials. Raises BoardwalkError when something else was written there."""
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=BoardCredentials)
        except msgspec.DecodeError as error:
            raise BoardwalkError(
                f"{self._path} has no credentials of a board; remove it, and boardwalk device revoke "
                f"{self._path.stem}."
            ) from error

    def keep(self, told: dict[str, str]) -> None:
        secret_file.write(self._path, json.dumps(told))


async def _takes(edge: EdgeClient, name: str, kept: CredentialsFile) -> bool:
    """Whether the edge accepts the kept credentials."""
    if not kept.exist():
        return False
    try:
        seen = await edge.call("GET", f"/api/v1/devices/{name}")
    except NotFound:  # as with a new store
        return False
    return seen["revoked_at"] is None


async def _register(edge: EdgeClient, name: str, kept: CredentialsFile) -> None:
    kept.keep(await edge.call("POST", "/api/v1/devices", {"name": name}))


def _settings(settings: Settings, kept: BoardCredentials) -> dict[str, object]:
    way = broker_address(settings.mqtt)
    if way.tls:
        raise BoardwalkError(
            "The broker of [mqtt] url speaks TLS; start the boards with --blank and flash them."
        )
    return {
        "site": settings.edge.site, "device": kept.device, "secret": kept.secret,
        "host": way.host or "127.0.0.1", "port": way.port, "inputs": [ORDER, BUTTON],
    }  # fmt: skip


@vboard.command("list")
@JSON
@click.pass_obj
def vboard_list(config: Path | None, as_json: bool) -> None:
    """List the boards, with state and serial port."""
    show(ask(config, lambda fleet: fleet.list()), COLUMNS, as_json)


@vboard.command("port")
@NAME
@click.pass_obj
def vboard_port(config: Path | None, name: str) -> None:
    """Print the serial port of a board, for other commands."""
    click.echo(ask(config, lambda fleet: fleet.board(name).stats())["port"])


@vboard.command("down")
@click.pass_obj
def vboard_down(config: Path | None) -> None:
    """End all boards; what is on their flash stays."""
    ask(config, lambda fleet: fleet.stop())
