"""Questions of commands to the process that owns the virtual boards of a data folder."""

from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

import click

from server.errors import BoardwalkError
from server.serving import find
from server.settings import Settings
from tools import interrupt
from tools.output import completed
from tools.vboard.client import Fleet
from tools.vboard.supervisor import VboardError

T = TypeVar("T")


def folder_of(settings: Settings) -> Path:
    """The folder of the boards' sockets, flash images, logs and credentials."""
    return Path(settings.edge.data) / "vboards"


class sentences:
    """Errors of the host become sentences for a person."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if isinstance(error, VboardError | ValueError) and not isinstance(error, BoardwalkError):
            text = str(error)
            raise BoardwalkError(f"{text[:1].upper()}{text[1:]}.") from error


def ask(config: Path | None, work: Callable[[Fleet], Coroutine[object, object, T]]) -> T:
    """The result of `work` for the boards that are up. Raises BoardwalkError when none is."""

    async def asking() -> T:
        async with _running(folder_of(find(config))) as fleet:
            return await work(fleet)

    with sentences():
        return interrupt.run(asking())


@asynccontextmanager
async def _running(folder: Path) -> AsyncIterator[Fleet]:
    try:
        async with Fleet.attach(folder) as fleet:
            yield fleet
    except PermissionError as error:
        raise BoardwalkError(f"The virtual boards in {folder} are those of another user.") from error
    except (FileNotFoundError, ConnectionRefusedError):
        raise _none_run(folder) from None


def _none_run(folder: Path) -> BoardwalkError:
    return BoardwalkError(
        f"No virtual boards run in {folder.resolve()}; go to the folder where they do, or start some with "
        "boardwalk vboard up."
    )


def _names(config: Path | None) -> list[str]:
    return [board["name"] for board in ask(config, lambda fleet: fleet.list())]


NAME = click.argument("name", shell_complete=completed(_names))
