"""New credentials for a device that has some already."""

from server.web.access.caller import ADMIN
from server.web.api.audit import note
from server.web.api.devices import PATH, Credentials
from server.web.api.endpoint import Call, Endpoint


async def renew(call: Call) -> Credentials:
    """Give a device a new secret; the old one is worth nothing from now on."""
    name = call.named("name")
    told = await call.parts.devices.renew(name)
    await note(call, "device credentials renewed", name)
    return Credentials(**told)


ENDPOINTS = [
    Endpoint(
        "POST", PATH + "/{name}/credentials", renew, ADMIN, "Give a device a new secret", answer=Credentials
    ),
]
