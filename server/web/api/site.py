"""The site: what a board must know to send here."""

import msgspec

from server.clock import milliseconds
from server.rights import READ
from server.settings.broker_address import BrokerAddress, broker_address
from server.web.api.endpoint import Call, Endpoint


class Site(msgspec.Struct):
    """site: its name, as in topics. now: the time here, ms since 1970 UTC. mqtt: where boards connect; an
    empty host means any address of the machine that answers."""

    site: str
    now: int
    mqtt: BrokerAddress


async def tell(call: Call) -> Site:
    """Name, time and broker of this site."""
    settings = call.parts.settings
    return Site(settings.edge.site, milliseconds(), broker_address(settings.mqtt))


ENDPOINTS = [Endpoint("GET", "/api/v1/site", tell, READ, "What a board must know of this site", answer=Site)]
