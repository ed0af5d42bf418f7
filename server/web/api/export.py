"""The log as a file of any size, read page by page, no faster than the client takes it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Annotated

import msgspec
from aiohttp import web
from loguru import logger

from server.rights import READ
from server.store import events as log
from server.store.events import EventQuery, Events, Stored
from server.web.api import csv
from server.web.api.endpoint import Call, Endpoint, break_off
from server.web.api.events import Picked
from server.web.errors import TooMany

PAGE = 500  # events in memory at once
PIECE = 65_536  # bytes that a client has STALLED_S to take
STALLED_S = 60.0
MOST = 8  # files at once; each holds a page in memory as long as its client takes
RETRY_S = 10
Encode = Callable[[list[Stored]], bytes]


class ExportQuery(Picked):
    """limit: at most this many events; all when left out."""

    limit: Annotated[int, msgspec.Meta(ge=1, le=(1 << 63) - 1)] | None = None


class Exports:
    """The files that are being sent, so that an end of the server need not wait for their clients."""

    def __init__(self) -> None:
        self.sending: list[web.Request] = []

    @contextmanager
    def send(self, request: web.Request) -> Iterator[None]:
        """Count a file while it is sent. Raises TooMany."""
        if len(self.sending) >= MOST:
            raise TooMany(RETRY_S)
        self.sending.append(request)
        try:
            yield
        finally:
            self.sending.remove(request)

    async def close(self, _: web.Application) -> None:
        """Break all of them off."""
        for request in list(self.sending):
            break_off(request)


EXPORTS: web.AppKey[Exports] = web.AppKey("exports", Exports)


async def table(call: Call) -> web.StreamResponse:
    """All events that match, as a table for spreadsheets: a line of names, then one line per event."""
    return await _send(call, "csv", "text/csv", partial(csv.lines, zone=call.parts.settings.zone))


async def lines(call: Call) -> web.StreamResponse:
    """All events that match, one JSON object per line."""
    return await _send(call, "jsonl", "application/jsonl", msgspec.json.Encoder().encode_lines)


async def _send(call: Call, suffix: str, media: str, encode: Encode) -> web.StreamResponse:
    request, query = call.request, call.query.events(PAGE)
    with request.app[EXPORTS].send(request):
        last = await call.parts.database.read(log.newest_id)
        response = web.StreamResponse(headers={"Content-Disposition": _disposition(call, suffix)})
        response.content_type, response.charset = media, "utf-8"
        await response.prepare(request)
        try:
            await _put(response, csv.head(Stored) if suffix == "csv" else b"")
            async for rows in _pages(Events(call.parts.database), query, last, call.query.limit):
                await _put(response, encode(rows))
        except (ConnectionError, TimeoutError):  # the client is gone, takes nothing, or was broken off
            break_off(request)
        except Exception as error:
            logger.opt(exception=error).error("request {} broke off", request.path)
            break_off(request)
    return response


async def _pages(
    events: Events, query: EventQuery, last: int, limit: int | None
) -> AsyncIterator[list[Stored]]:
    """The events that match up to event `last`: the log may grow as fast as it is read."""
    left = limit if limit is not None else last
    while left > 0:
        rows, following = await events.page(replace(query, limit=min(PAGE, left)))
        rows = [row for row in rows if row.id <= last]
        yield rows
        if following is None or (following >= last and not query.newest):
            return
        left -= len(rows)
        query = replace(query, after=following)


async def _put(response: web.StreamResponse, data: bytes) -> None:
    """Write as fast as the client reads. Raises TimeoutError when it stops reading."""
    for begin in range(0, len(data), PIECE):
        async with asyncio.timeout(STALLED_S):
            await response.write(data[begin : begin + PIECE])


def _disposition(call: Call, suffix: str) -> str:
    settings = call.parts.settings
    day = datetime.now(settings.zone)
    return f'attachment; filename="{settings.edge.site}-events-{day:%Y-%m-%d}.{suffix}"'


ENDPOINTS = [
    Endpoint(
        "GET", "/api/v1/events.csv", table, READ, "The log as a table, of any size", ExportQuery,
        media="text/csv",
    ),
    Endpoint(
        "GET", "/api/v1/events.jsonl", lines, READ, "The log as lines of JSON, of any size", ExportQuery,
        media="application/jsonl",
    ),
]  # fmt: skip
