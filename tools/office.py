"""The way of commands into an edge: through its socket when it runs, else over its store."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from server.__main__ import find, log_to_stderr
from server.app import running
from server.door import door
from server.errors import BoardwalkError
from server.settings import Settings


class Office:
    """Calls of the HTTP interface as the administrator that the socket makes of us.

    is_live: whether the edge runs, with broker and boards; else there is only its store.
    """

    def __init__(self, session: aiohttp.ClientSession, is_live: bool) -> None:
        self._session = session
        self.is_live = is_live

    async def call(self, method: str, path: str, body: object = None) -> Any:
        """The decoded answer, None when there is none. Raises BoardwalkError with the edge's words."""
        async with self._session.request(method, f"http://edge{path}", json=body) as answer:
            if answer.status == 204:
                return None
            told = await answer.json(content_type=None)
            if answer.status >= 400:
                raise BoardwalkError(told.get("detail") or told.get("title") or "The edge refuses.")
            return told


@asynccontextmanager
async def office(settings: Settings) -> AsyncIterator[Office]:
    """An Office of the settings' edge, whether it runs or not. Raises StartError."""
    folder = Path(settings.edge.data)
    if await runs(folder):
        async with _session(folder) as session:
            yield Office(session, True)
        return
    async with running(settings, offline=True), _session(folder) as session:
        yield Office(session, False)


def ask(config: Path | None, work: Callable[[Office], Coroutine[Any, Any, Any]]) -> Any:
    """What `work` gives over the edge of these settings. Raises BoardwalkError."""
    log_to_stderr("WARNING")

    async def asking() -> Any:
        async with office(find(config)) as edge:
            return await work(edge)

    return asyncio.run(asking())


async def runs(folder: Path) -> bool:
    """Whether an edge runs on this data, and answers."""
    try:
        async with _session(folder) as session, session.get("http://edge/healthz") as answer:
            return answer.status == 200
    except (aiohttp.ClientError, OSError):
        return False


@asynccontextmanager
async def _session(folder: Path) -> AsyncIterator[aiohttp.ClientSession]:
    with door(folder) as address:
        async with aiohttp.ClientSession(connector=aiohttp.UnixConnector(address)) as session:
            yield session
