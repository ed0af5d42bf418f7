"""`boardwalk vboard`: virtual boards beside an edge, owned by a process of their own."""

import asyncio
import json
import math
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import click

from server.__main__ import find, log_to_stderr
from server.errors import BoardwalkError, NotFound
from server.settings import Settings
from server.settings.doorway import doorway
from server.store.database import to_the_end
from tools.office import Office, office
from tools.output import JSON, show
from tools.vboard.client import Fleet
from tools.vboard.profile import PROFILES, heap_bytes, named
from tools.vboard.supervisor import VboardError, alone, launch

COLUMNS = ["name", "state", "port", "boots", "ending"]
MOST = 1000  # two pseudo-terminals each, of the 4,096 that Linux has
MOST_S = 86_400
MOST_BYTES = (1 << 31) - 1
ORDER = {
    "type": "serial", "uart": 1, "kind": "order.placed",
    "fields": ["customer", "quantity:int", "cents:int"], "critical": True,
}  # fmt: skip
BUTTON = {"type": "button", "pin": 4, "kind": "button.pressed", "fields": {"item": "bell"}, "critical": True}
Work = Callable[[Fleet], Coroutine[Any, Any, Any]]


@click.group()
def vboard() -> None:
    """Virtual boards: up, down, list, and what one does with a board."""


@vboard.command("up")
@click.option("--n", "count", default=3, show_default=True, help="How many boards there shall be.")
@click.option("--profile", default="esp32", show_default=True, help=f"Kind of board: {', '.join(PROFILES)}.")
@click.option("--heap", default="160K", show_default=True, help="Memory of a board.")
@click.option("--every", default=1.0, show_default=True, help="Seconds between orders at a board; 0: none.")
@click.option("--blank", is_flag=True, help="Start boards that are not up without firmware, at their prompt.")
@JSON
@click.pass_obj
def vboard_up(
    config: Path | None, count: int, profile: str, heap: str, every: float, blank: bool, as_json: bool
) -> None:
    """Start boards that post orders to the edge, and print their serial ports."""
    if not 1 <= count <= MOST:
        raise BoardwalkError(f"--n is 1 to {MOST}, not {count}.")
    if not 0 <= every <= MOST_S:  # which NaN is not
        raise BoardwalkError(f"--every is 0 to {MOST_S} seconds, 0 for no orders, not {every:g}.")
    with _sentences():
        named(profile)
        heap_bytes(heap)
        more = {"profile": profile, "heap": heap, "every_ms": math.ceil(every * 1000)}
        up = _up_blank if blank else _up
        rows = asyncio.run(up(find(config), [f"board-{number}" for number in range(1, count + 1)], more))
    if not all(row["prompt"] for row in rows):
        click.echo("No MicroPython here: the boards run on CPython, and their ports take no input.", err=True)
    show(rows, COLUMNS[:3], as_json)


async def _up(settings: Settings, names: list[str], more: dict[str, Any]) -> list[dict[str, Any]]:
    log_to_stderr("WARNING")
    with alone(_folder(settings)) as folder:
        async with office(settings) as edge:
            told = {
                name: await to_the_end(_credentials(edge, Credentials(folder / f"{name}.json"), name))
                for name in names
            }
        return await _start(folder, {name: _settings(settings, told[name]) for name in names}, more)


async def _up_blank(settings: Settings, names: list[str], more: dict[str, Any]) -> list[dict[str, Any]]:
    with alone(_folder(settings)) as folder:
        return await _start(folder, dict.fromkeys(names), more | {"every_ms": 0})


async def _start(
    folder: Path, wanted: Mapping[str, dict[str, object] | None], more: dict[str, Any]
) -> list[dict[str, Any]]:
    launch(folder)
    async with Fleet.attach(folder) as fleet:
        running = {row["name"] for row in await fleet.list()}
        for name, told in wanted.items():
            if name not in running:
                await fleet.ask("up", name=name, settings=told, **more)
        return [row for row in await fleet.list() if row["name"] in wanted]


class Credentials:
    """Those of one board, kept beside its flash for the next `up`."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> dict[str, str] | None:
        """None when there are none yet."""
        if not self._path.exists():
            return None
        told: dict[str, str] = json.loads(self._path.read_text())
        return told

    def keep(self, told: dict[str, str]) -> None:
        new = self._path.with_suffix(".new")
        new.unlink(missing_ok=True)
        new.touch(mode=0o600)  # nobody else may read a secret
        new.write_text(json.dumps(told))
        new.rename(self._path)


async def _credentials(edge: Office, kept: Credentials, name: str) -> dict[str, str]:
    """Those that are kept, or new ones where the edge takes these no more."""
    told = kept.read()
    if told is None or not await _takes(edge, name):
        told = await edge.call("POST", "/api/v1/devices", {"name": name})
        kept.keep(told)
    return told


async def _takes(edge: Office, name: str) -> bool:
    try:
        seen = await edge.call("GET", f"/api/v1/devices/{name}")
    except NotFound:  # as with a store that was begun anew
        return False
    return seen["revoked_at"] is None


def _settings(settings: Settings, told: dict[str, str]) -> dict[str, object]:
    way = doorway(settings.mqtt)
    if way.tls:
        raise BoardwalkError(
            "The broker of [mqtt] url speaks TLS; start the boards with --blank and flash them."
        )
    return {
        "site": settings.edge.site, "device": told["device"], "secret": told["secret"],
        "host": way.host or "127.0.0.1", "port": way.port, "inputs": [ORDER, BUTTON],
    }  # fmt: skip


@vboard.command("list")
@JSON
@click.pass_obj
def vboard_list(config: Path | None, as_json: bool) -> None:
    """List the boards, with state and serial port."""
    show(_ask(config, lambda fleet: fleet.list()), COLUMNS, as_json)


@vboard.command("port")
@click.argument("name")
@click.pass_obj
def vboard_port(config: Path | None, name: str) -> None:
    """Print the serial port of a board, for other commands."""
    click.echo(_ask(config, lambda fleet: fleet.board(name).stats())["port"])


@vboard.command("down")
@click.pass_obj
def vboard_down(config: Path | None) -> None:
    """End all boards; what is on their flash stays."""
    _ask(config, lambda fleet: fleet.stop())


@vboard.command("power-cut")
@click.argument("name")
@click.option("--after-bytes", default=0, help="Cut in the middle of the flash write that reaches so many.")
@click.pass_obj
def vboard_power_cut(config: Path | None, name: str, after_bytes: int) -> None:
    """Cut the power of a board; `boot` gives it back."""
    if not 0 <= after_bytes <= MOST_BYTES:
        raise BoardwalkError(f"--after-bytes is 0 to {MOST_BYTES} bytes, not {after_bytes}.")
    _ask(config, lambda fleet: fleet.board(name).power_cut(after_bytes))


@vboard.command("boot")
@click.argument("name")
@click.pass_obj
def vboard_boot(config: Path | None, name: str) -> None:
    """Switch a board on."""
    _ask(config, lambda fleet: fleet.board(name).boot())


@vboard.command("reset")
@click.argument("name")
@click.pass_obj
def vboard_reset(config: Path | None, name: str) -> None:
    """Press the reset button of a board."""
    _ask(config, lambda fleet: fleet.board(name).reset())


@vboard.command("link")
@click.argument("name")
@click.argument("state")
@click.pass_obj
def vboard_link(config: Path | None, name: str, state: str) -> None:
    """Take a board's Wi-Fi down, or up again."""
    if state not in ("up", "down"):
        raise BoardwalkError(f"A link goes up or down, not {state!r}.")
    _ask(config, lambda fleet: fleet.board(name).link(state == "up"))


@vboard.command("pin")
@click.argument("name")
@click.argument("number", type=int)
@click.argument("level", type=int, required=False)
@click.pass_obj
def vboard_pin(config: Path | None, name: str, number: int, level: int | None) -> None:
    """Read a pin of a board, or set it: pin 4 is a button."""
    if level not in (None, 0, 1):
        raise BoardwalkError(f"A pin is 0 or 1, not {level}.")
    click.echo(_ask(config, lambda fleet: fleet.board(name).pin(number, level)))


def _folder(settings: Settings) -> Path:
    return Path(settings.edge.data) / "vboards"


class _sentences:
    """Errors of the host become sentences for a person."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if isinstance(error, VboardError | ValueError) and not isinstance(error, BoardwalkError):
            text = str(error)
            raise BoardwalkError(f"{text[:1].upper()}{text[1:]}.") from error


def _ask(config: Path | None, work: Work) -> Any:
    async def asking() -> Any:
        async with _running(_folder(find(config))) as fleet:
            return await work(fleet)

    with _sentences():
        return asyncio.run(asking())


@asynccontextmanager
async def _running(folder: Path) -> AsyncIterator[Fleet]:
    try:
        async with Fleet.attach(folder) as fleet:
            yield fleet
    except (FileNotFoundError, ConnectionRefusedError):
        raise BoardwalkError("No virtual boards run here; boardwalk vboard up starts some.") from None
