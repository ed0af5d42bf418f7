"""The site: what a board must know to post here."""

import msgspec

from server.clock import milliseconds
from server.settings.doorway import Doorway, doorway
from server.web.api.endpoint import Call, Endpoint
from server.web.caller import READ


class Site(msgspec.Struct):
    """site: the name, as in topics. now: the time here, ms since 1970 UTC. mqtt: where boards connect; an
    empty host is any address of the machine that answers."""

    site: str
    now: int
    mqtt: Doorway


async def tell(call: Call) -> Site:
    """Name, time and broker of this site."""
    settings = call.parts.settings
    return Site(settings.edge.site, milliseconds(), doorway(settings.mqtt))


ENDPOINTS = [Endpoint("GET", "/api/v1/site", tell, READ, "What a board must know of this site", answer=Site)]
