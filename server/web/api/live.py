"""The live stream as an endpoint: whole tiles (`state`) and events (`event`)."""

import asyncio
from typing import Annotated

import msgspec
from aiohttp import web
from aiohttp_sse import EventSourceResponse, sse_response

from server.errors import BadInput
from server.rights import READ
from server.web.access.identify import find
from server.web.api.endpoint import Call, Endpoint, Id, Query, break_off
from server.web.errors import SignInNeeded
from server.web.live.feed import FEED
from server.web.live.watchers import LIVE, STALLED_S, Watcher


class LiveQuery(Query):
    """kind: one or more, with commas between. after: as the header Last-Event-ID.

    newest: at most this many events per tick (100 ms), the newest ones, for pages that show no more.
    """

    kind: str | None = None
    after: Id | None = None
    newest: Annotated[int, msgspec.Meta(ge=0, le=1000)] = 0


async def stream(call: Call) -> web.StreamResponse:
    """Send news until the client leaves, its session ends or the server stops."""
    request, live = call.request, call.request.app[LIVE]
    query: LiveQuery = call.query
    start = _last_event_id(request)
    start = query.after if start is None else start
    kinds = frozenset(query.kind.split(",")) if query.kind else None
    watcher = Watcher(request.app[FEED].newest if start is None else start, kinds, query.newest)
    watcher.cut = lambda: break_off(request)
    watcher.looked_at = asyncio.get_running_loop().time()
    async with sse_response(request, send_timeout=STALLED_S) as response:
        await live.join(watcher)
        try:
            await _write(response, watcher, b"retry: 1000\n\n" + await live.replay(watcher))
            while not live.closed and await _still(request, watcher):
                watcher.ready.clear()
                if news := live.news(watcher):
                    await _write(response, watcher, news)
                await watcher.ready.wait()
        except ConnectionResetError:
            pass  # the client is gone, or was cut off
        finally:
            live.leave(watcher)
    return response


async def _write(response: EventSourceResponse, watcher: Watcher, data: bytes) -> None:
    watcher.writing_since = asyncio.get_running_loop().time()
    await response.write(data)
    watcher.writing_since = 0.0


async def _still(request: web.Request, watcher: Watcher) -> bool:
    if not watcher.suspect:
        return True
    watcher.suspect = False
    try:
        return await find(request) is not None
    except SignInNeeded:
        return False


def _last_event_id(request: web.Request) -> int | None:
    text = request.headers.get("Last-Event-ID", "")
    if not text:
        return None
    if not text.isdecimal() or len(text) > 18:
        raise BadInput("Last-Event-ID", "Last-Event-ID is the id of an event, a whole number.")
    return int(text)


ENDPOINTS = [
    Endpoint(
        "GET", "/api/v1/live", stream, READ, "Tiles and events as they come", LiveQuery,
        media="text/event-stream",
    )
]  # fmt: skip
