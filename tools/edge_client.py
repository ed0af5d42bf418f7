"""The client of an edge for commands: through its socket when it runs, else over its store."""

import os
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

import aiohttp

from server.admin_socket import socket_address
from server.app import running
from server.errors import BoardwalkError, Conflict, NotFound
from server.serving import find, log_to_stderr
from server.settings import Settings
from server.store.database import STORE
from tools import interrupt

T = TypeVar("T")
ANSWER_S = 20
HERE = "http://edge"  # through the socket
KINDS = {404: NotFound, 409: Conflict}
GONE = "The edge ended before it answered; start it with boardwalk run and try again."


class EdgeClient:
    """Calls of the HTTP interface, with the rights of the socket (administrator) or of a token.

    is_live: whether the edge runs, with broker and boards; otherwise there is only its store.
    """

    def __init__(self, session: aiohttp.ClientSession, is_live: bool, url: str = HERE) -> None:
        self._session = session
        self.is_live = is_live
        self._url = url

    async def call(self, method: str, path: str, body: object = None) -> Any:
        """The decoded answer, None for an empty one. Raises BoardwalkError with the edge's words, also as
        NotFound and Conflict."""
        async with self._session.request(method, self._url + path, json=body) as answer:
            if answer.status == 204:
                return None
            try:
                told = await answer.json(content_type=None)
            except ValueError as error:
                raise BoardwalkError(
                    f"{self._url} answers, but not as an edge does (status {answer.status}); check the "
                    "address."
                ) from error
            if answer.status in (401, 403) and self._url != HERE:
                raise BoardwalkError(
                    f"{self._url} does not take this token; boardwalk token add NAME --scope admin makes "
                    "one there."
                )
            if answer.status >= 400:
                kind = KINDS.get(answer.status, BoardwalkError)
                told = told if isinstance(told, dict) else {}
                raise kind(told.get("detail") or told.get("title") or f"The edge refuses, {answer.status}.")
            return told


@asynccontextmanager
async def edge_client(settings: Settings, create: bool = False) -> AsyncIterator[EdgeClient]:
    """A client of the settings' edge, whether it runs or not.

    create: whether to make a store where there is none; a command in a wrong folder must not. Raises
    StartError, and BoardwalkError when there is no store, or when the edge ends meanwhile.
    """
    folder = Path(settings.edge.data)
    if await runs(folder):
        async with _session(folder) as session:
            try:
                yield EdgeClient(session, True)
            except (aiohttp.ClientError, TimeoutError) as error:
                raise BoardwalkError(GONE) from error
        return
    if not create and not (folder / STORE).exists():
        raise BoardwalkError(
            f"There is no store in {_place(folder)}; go to the folder of the edge, name its settings with "
            "--config, or start a new one with boardwalk run."
        )
    async with running(settings, offline=True), _session(folder) as session:
        yield EdgeClient(session, False)


def ask(config: Path | None, work: Callable[[EdgeClient], Coroutine[object, object, T]]) -> T:
    """The result of `work` over the edge of these settings. Raises BoardwalkError."""
    log_to_stderr("WARNING")

    async def asking() -> T:
        async with edge_client(find(config)) as edge:
            return await work(edge)

    return interrupt.run(asking())


def named(path: str, name: str) -> str:
    """The address of something by its name, for any name that was typed. Raises NotFound."""
    if name in ("", ".", ".."):  # which no address can carry
        raise NotFound(f"There is nothing with the name {name!r}.")
    return f"{path}/{quote(name, safe='')}"


@asynccontextmanager
async def running_edge(settings: Settings) -> AsyncIterator[EdgeClient]:
    """An EdgeClient of the settings' edge, which must run. Raises BoardwalkError when it does not."""
    folder = Path(settings.edge.data)
    if not await runs(folder):
        raise BoardwalkError(
            f"No edge runs on the data in {_place(folder)}; start it with boardwalk run, or name one with "
            "--edge."
        )
    async with edge_client(settings) as edge:
        yield edge


@asynccontextmanager
async def remote_edge(url: str, token: str) -> AsyncIterator[EdgeClient]:
    """A client of an edge elsewhere. Raises BoardwalkError when no edge answers there."""
    headers = {"Authorization": f"Bearer {token}"}
    limit = aiohttp.ClientTimeout(total=ANSWER_S)
    async with aiohttp.ClientSession(headers=headers, timeout=limit) as session:
        try:
            yield EdgeClient(session, True, url.rstrip("/"))
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise BoardwalkError(f"No edge answers at {url} ({_why(error)}); check the address.") from error


def _why(error: Exception) -> str:
    reason = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else None
    if reason is not None and reason.errno is not None and reason.errno > 0:
        return os.strerror(reason.errno)
    return (reason.strerror if reason is not None else None) or str(error) or "no answer"


async def runs(folder: Path) -> bool:
    """Whether an edge runs on this data. Raises BoardwalkError when it runs but does not answer."""
    limit = aiohttp.ClientTimeout(total=ANSWER_S)
    try:
        async with _session(folder) as session, session.get(HERE + "/healthz", timeout=limit) as answer:
            return answer.status == 200
    except TimeoutError as error:
        raise BoardwalkError(
            f"The edge on the data in {folder} does not answer within {ANSWER_S} s; stop it and start it "
            "anew."
        ) from error
    except (aiohttp.ClientError, OSError):
        return False


def _place(folder: Path) -> Path:
    """A folder as it is found from anywhere."""
    return folder.resolve()


@asynccontextmanager
async def _session(folder: Path) -> AsyncIterator[aiohttp.ClientSession]:
    with socket_address(folder) as address:
        async with aiohttp.ClientSession(connector=aiohttp.UnixConnector(address)) as session:
            yield session
