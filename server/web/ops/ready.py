"""Whether the edge is alive, and whether it can do its work."""

import msgspec
from aiohttp import web

from server.rights import READ
from server.watch.findings import Finding, stops_intake
from server.web.access.caller import CALLER
from server.web.parts import PARTS


class Ready(msgspec.Struct, omit_defaults=True):
    """ready: whether events are taken and kept. findings: ids of what is wrong, the worst first.

    details: the findings themselves, for callers who may read.
    """

    ready: bool
    findings: list[str]
    details: list[Finding] = []


async def alive(request: web.Request) -> web.Response:
    """GET /healthz: 200 while the process answers."""
    return web.json_response({"alive": True})


async def ready(request: web.Request) -> web.Response:
    """GET /readyz: 200, or 503 while events cannot be taken.

    A cloud or mails that wait are findings too, but events are taken all the same.
    """
    found = request.app[PARTS].findings.all()
    caller = request.get(CALLER)
    may_read = caller is not None and READ in caller.scopes
    told = Ready(not stops_intake(found), [one.id for one in found], found if may_read else [])
    status = 200 if told.ready else 503
    return web.Response(body=msgspec.json.encode(told), status=status, content_type="application/json")
