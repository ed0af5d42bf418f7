"""The way of commands into an edge: through its socket when it runs, else over its store."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from server.app import SOCKET, running
from server.errors import BoardwalkError
from server.settings import Settings


class Office:
    """Calls of the HTTP interface as the administrator that the socket makes of us."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

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
    path = Path(settings.edge.data) / SOCKET
    if await _answers(path):
        async with _session(path) as session:
            yield Office(session)
        return
    async with running(settings, offline=True), _session(path) as session:
        yield Office(session)


async def _answers(path: Path) -> bool:
    try:
        async with _session(path) as session, session.get("http://edge/healthz") as answer:
            return answer.status == 200
    except (aiohttp.ClientError, OSError):
        return False


def _session(path: Path) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(connector=aiohttp.UnixConnector(str(path)))
