"""The page Today: the present day, drawn whole by the server and kept current by the live stream."""

from aiohttp import web

from server.calendar import MINUTE_MS
from server.clock import milliseconds
from server.rights import READ
from server.settings import address
from server.web.access.caller import require
from server.web.live.feed import FEED
from server.web.live.tiles import TILES
from server.web.parts import PARTS
from server.web.render import page

LATE_MS = 5 * MINUTE_MS


async def show(request: web.Request) -> web.Response:
    """GET /."""
    require(request, READ)
    parts, feed = request.app[PARTS], request.app[FEED]
    _, port = address(parts.settings.mqtt.listen)
    facts = {
        "now": milliseconds(), "tiles": await request.app[TILES].all(), "orders": list(feed.orders),
        "newest": feed.newest, "late_ms": LATE_MS, "mqtt_port": port,
        "window": request.query.get("window", "all"),
    }  # fmt: skip
    return page(request, "today.html", facts)
