"""Whether the edge is alive, and whether it can do its work."""

import msgspec
from aiohttp import web

from server.web.parts import PARTS

STOPS_INTAKE = frozenset(("store", "broker", "mqtt"))  # the cloud and mails may be away for a month


class Degraded(msgspec.Struct):
    """A part that does not work well. part: store, broker, mqtt, cloud or mail. reason: a sentence."""

    part: str
    reason: str


class Ready(msgspec.Struct):
    """ready: whether events are taken and kept. degraded: the parts that do not work well."""

    ready: bool
    degraded: list[Degraded]


async def alive(request: web.Request) -> web.Response:
    """GET /healthz: 200 while the process answers."""
    return web.json_response({"alive": True})


async def ready(request: web.Request) -> web.Response:
    """GET /readyz: 200, or 503 while events cannot be taken."""
    reasons = request.app[PARTS].health.reasons()
    told = Ready(
        not any(part in STOPS_INTAKE for part, _ in reasons),
        [Degraded(part, reason) for part, reason in reasons],
    )
    body = msgspec.json.encode(told)
    return web.Response(body=body, status=200 if told.ready else 503, content_type="application/json")
