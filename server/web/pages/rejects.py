"""The page Rejects and losses: what was refused, by source and reason."""

from aiohttp import web

from server.clock import milliseconds
from server.rights import READ
from server.store import rejects
from server.web.access.caller import require
from server.web.pages import parameters
from server.web.parts import PARTS
from server.web.render import page

SHOWN = 100
SHOWN_TEXT = 300


async def show(request: web.Request) -> web.StreamResponse:
    """GET /rejects: what is kept of all sources, or of `source`."""
    require(request, READ)
    source = parameters.text(request, "source")
    rows = await request.app[PARTS].database.read(rejects.summary, source, SHOWN)
    facts = {"rows": rows, "source": source, "most": SHOWN, "cut": SHOWN_TEXT, "now": milliseconds()}
    return page(request, "rejects.html", facts)
